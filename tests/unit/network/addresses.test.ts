import { expect, test } from "vitest";
import { checkAnnounce, checkBootstrap, checkListen, parseTarget } from "../../../src/network/addresses.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { cardTopic, checkNetworkName, dhtProtocol } from "../../../src/network/names.ts";
import { checkSwarmKey, readSwarmKey } from "../../../src/network/swarm-key.ts";

test("TCP and WebSocket addresses can be listened on", () => {
  const good = ["/ip4/0.0.0.0/tcp/4781", "/ip6/::/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"];
  expect(checkListen(good)).toEqual(good);
});

test.each([
  "",
  "4781",
  "/ip4/127.0.0.1",
  "/ip4/127.0.0.1/udp/1",
  "/dns4/example.org/tcp/1",
  "/ip4/999.0.0.1/tcp/1",
])("%j cannot be listened on, and the error says what would do", (text) => {
  expect(() => checkListen([text])).toThrow(
    expect.objectContaining({ code: "InvalidConfig", hint: expect.stringContaining("/ip4/") }),
  );
});

test("a bootstrap address must name its peer", async () => {
  const { peer } = await temporaryIdentity();
  expect(checkBootstrap([`/ip4/10.0.0.1/tcp/1/p2p/${peer}`])[0]?.peer).toBe(peer);
  for (const text of [
    "/ip4/10.0.0.1/tcp/1",
    "/ip4/10.0.0.1/tcp/1/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
  ]) {
    expect(() => checkBootstrap([text])).toThrow(
      expect.objectContaining({ code: "InvalidConfig", hint: expect.stringContaining("errand id") }),
    );
  }
  expect(() => checkAnnounce(["x"])).toThrow(expect.objectContaining({ code: "InvalidConfig" }));
});

test("a target is a multiaddr or a PeerId", async () => {
  const { peer } = await temporaryIdentity();
  expect(parseTarget(peer)).toEqual({ peer, address: undefined });
  expect(parseTarget(`/ip4/10.0.0.1/tcp/1/p2p/${peer}`).peer).toBe(peer);
  for (const text of [
    "",
    "someone",
    "/nonsense/1",
    "x".repeat(10_000),
    `/ip4/1.2.3.4/tcp/${"1".repeat(600)}`,
  ]) {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: "InvalidInput" }));
  }
});

test("networks with different names share neither DHT nor topic", () => {
  expect(dhtProtocol("errand")).toBe("/errand/kad/1.0.0");
  expect(cardTopic("errand")).toBe("errand/1/cards");
  expect(dhtProtocol("lab")).not.toBe(dhtProtocol("errand"));
  expect(cardTopic("lab")).not.toBe(cardTopic("errand"));
  for (const name of ["", "a/b", "UPPER", "-x", "x".repeat(33)]) {
    expect(() => checkNetworkName(name)).toThrow(expect.objectContaining({ code: "InvalidConfig" }));
  }
});

test("a swarm key file is checked line by line", async () => {
  const digits = "AB".repeat(32);
  const text = `/key/swarm/psk/1.0.0/\r\n/base16/\r\n${digits}\r\n\n`;
  expect(Buffer.from(checkSwarmKey(text, "x")).toString()).toBe(
    `/key/swarm/psk/1.0.0/\n/base16/\n${digits.toLowerCase()}`,
  );
  for (const bad of [
    "",
    digits,
    `/key/swarm/psk/1.0.0/\n/base64/\n${digits}`,
    text.replace("AB", "XY"),
    `${text}more`,
  ]) {
    expect(() => checkSwarmKey(bad, "x")).toThrow(expect.objectContaining({ code: "InvalidConfig" }));
  }
  await expect(readSwarmKey("/does/not/exist")).rejects.toMatchObject({ code: "InvalidConfig" });
});
