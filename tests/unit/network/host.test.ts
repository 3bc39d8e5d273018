import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createHost } from "../../../src/network/host.ts";
import { isGone } from "../../../src/network/libp2p-errors.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { checkSwarmKey } from "../../../src/network/swarm-key.ts";
import { soon, startHost, until } from "./fixtures.ts";

const address = (host: { addresses(): string[] }): string => host.addresses()[0] as string;
const swarmKey = (digit: string): Uint8Array =>
  checkSwarmKey(`/key/swarm/psk/1.0.0/\n/base16/\n${digit.repeat(64)}`, "test");

test("two nodes connect over TCP and over WebSocket, and notice each other come and go", async () => {
  const events: string[] = [];
  const a = await startHost({ listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"] });
  a.onPeer({
    connected: () => events.push("connected"),
    identified: () => events.push("identified"),
    disconnected: () => events.push("disconnected"),
  });
  await a.handle("/test/1", () => {});
  expect(a.addresses().every((text) => text.endsWith(`/p2p/${a.peer}`))).toBe(true);
  for (const target of a.addresses()) {
    events.length = 0;
    const b = await startHost();
    expect(await b.dial(target, soon())).toBe(a.peer);
    expect([b.isConnected(a.peer), b.dialled(a.peer), b.speaks(a.peer, "/test/1")]).toEqual([
      true,
      true,
      true,
    ]);
    await until(() => events.includes("identified"), "the other side knows too");
    expect([a.isConnected(b.peer), a.dialled(b.peer)]).toEqual([true, false]);
    await b.stop();
    await until(() => events.includes("disconnected"), "the end is noticed");
  }
});

test("streams carry bytes both ways; who does not speak a protocol says so", async () => {
  const a = await startHost();
  await a.handle("/echo/1", (stream, peer) => {
    stream.addEventListener("message", ({ data }) => void stream.send(data));
    expect(peer).toBe(b.peer);
  });
  const b = await startHost();
  await b.learnAddresses(a.peer, ["nonsense", address(a)]);
  const stream = await b.newStream(a.peer, "/echo/1", soon());
  const echoed = new Promise<number>((resolve) => {
    stream.addEventListener("message", ({ data }) => resolve(data.byteLength));
  });
  stream.send(Buffer.from("hello"));
  expect(await echoed).toBe(5);
  await expect(b.newStream(a.peer, "/other/1", soon())).rejects.toMatchObject({
    code: "PeerUnreachable",
    retryable: false,
  });
});

test("dialling nobody fails with a reason, and ends with its signal", async () => {
  const a = await startHost();
  const gone = await startHost();
  const target = address(gone);
  await gone.stop();
  await expect(a.dial(target, soon())).rejects.toMatchObject({
    code: "PeerUnreachable",
    message: expect.stringContaining("connection refused"),
  });
  await expect(a.dial(a.peer, soon())).rejects.toMatchObject({ code: "InvalidInput" });
  await expect(a.dial("nonsense", soon())).rejects.toMatchObject({ code: "InvalidInput" });
  await expect(a.newStream("nonsense", "/x/1", soon())).rejects.toMatchObject({ code: "InvalidInput" });
  a.block("nonsense");
  expect([a.isConnected("nonsense"), await a.addressesOf("nonsense")]).toEqual([false, []]);
  const reason = new Error("enough");
  await expect(a.dial(target, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("of a peer's addresses the one that says most is the reason, and whether it is gone", async () => {
  const a = await startHost({ listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"] });
  const b = await startHost();
  const dead = await startHost({ listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"] });
  const bare = (host: { addresses(): string[] }): string[] =>
    host.addresses().map((text) => text.replace(/\/p2p\/.*/, ""));
  const refusing = bare(dead);
  await dead.stop();
  const failure = async (addresses: string[]): Promise<unknown> => {
    const { peer } = await temporaryIdentity();
    await a.learnAddresses(peer, addresses);
    return a.dial(peer, soon()).then(
      () => "reached",
      (error: unknown) => error,
    );
  };
  const cases: [string[], string, boolean][] = [
    [refusing.slice(0, 1), "connection refused", true],
    // Node's WebSocket gives no reason by itself.
    [refusing.slice(1), "connection refused", true],
    [refusing, "connection refused", true],
    [bare(b), "another node listens there", true],
    // The loopback address of another machine leads to this node itself.
    [[...refusing, ...bare(a)], "connection refused", true],
  ];
  for (const [addresses, reason, gone] of cases) {
    const error = await failure(addresses);
    expect([addresses, String(error)]).toEqual([addresses, expect.stringContaining(reason)]);
    expect([addresses, isGone(error)]).toEqual([addresses, gone]);
  }
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const error = await failure([...refusing, `/ip4/127.0.0.1/tcp/${port}`]);
  expect([String(error), isGone(error)]).toEqual([expect.stringContaining("no handshake"), false]);
});

test("a blocked peer loses its connections and is refused both ways, until it is unblocked", async () => {
  const a = await startHost();
  const b = await startHost();
  await b.dial(address(a), soon());
  a.block(b.peer);
  await until(() => !b.isConnected(a.peer) && !a.isConnected(b.peer), "the connection is closed");
  await expect(b.dial(address(a), soon())).rejects.toMatchObject({ code: "PeerUnreachable" });
  await expect(a.dial(address(b), soon())).rejects.toMatchObject({ code: "Unauthorized" });
  // By address alone it shows only after the handshake whom one has reached.
  const bare = address(b).replace(/\/p2p\/.*/, "");
  await expect(a.dial(bare, soon())).rejects.toMatchObject({ code: "PeerUnreachable" });
  expect(a.isConnected(b.peer)).toBe(false);
  a.unblock(b.peer);
  expect(await b.dial(address(a), soon())).toBe(a.peer);
});

test("nodes meet only with the same swarm key", async () => {
  const a = await startHost({ swarmKey: swarmKey("a") });
  const same = await startHost({ swarmKey: swarmKey("a") });
  const other = await startHost({ swarmKey: swarmKey("b") });
  const none = await startHost();
  expect(await same.dial(address(a), soon())).toBe(a.peer);
  for (const host of [other, none]) {
    await expect(host.dial(address(a), soon())).rejects.toMatchObject({
      code: "PeerUnreachable",
      message: expect.stringContaining("no handshake, as with another swarm key"),
      hint: expect.stringContaining("swarm key"),
    });
  }
});

test("a port that is taken is a clear error, and stopping is always allowed", async () => {
  const a = await startHost();
  const listen = [address(a).replace(/\/p2p\/.*/, "")];
  await expect(startHost({ listen })).rejects.toMatchObject({
    code: "Conflict",
    message: expect.stringContaining("in use"),
    hint: expect.stringContaining("--listen"),
  });
  await a.stop();
  await a.stop();
  const never = await createHost({
    identity: await temporaryIdentity(),
    network: "errand",
    agentVersion: "0",
    listen: [],
    log: silentLog,
  });
  await never.stop();
  // The port is free again.
  const again = await startHost({ listen });
  expect(address(again)).toContain(listen[0]);
});

test("a restarted bootstrap peer is rejoined without help", async () => {
  const identity = await temporaryIdentity();
  const first = await startHost({ identity });
  const listen = [address(first).replace(/\/p2p\/.*/, "")];
  const node = await startHost({ bootstrap: [address(first)] });
  await until(() => node.isConnected(first.peer), "it has joined");
  await first.stop();
  await until(() => !node.isConnected(first.peer), "it has noticed");
  await startHost({ identity, listen });
  await until(() => node.isConnected(first.peer), "it has joined again", 15_000);
});

test("a peer may hold only so many connections", async () => {
  const a = await startHost();
  // The same identity over and over: as one peer that opens connection after connection.
  const identity = await temporaryIdentity();
  const dials = [];
  for (let i = 0; i < 8; i++) {
    const copy = await createHost({
      identity,
      network: "errand",
      agentVersion: "0",
      listen: [],
      log: silentLog,
    });
    onTestFinished(() => copy.stop());
    await copy.start();
    dials.push(
      await copy.dial(address(a), soon()).then(
        () => "in",
        () => "refused",
      ),
    );
  }
  expect(dials.filter((outcome) => outcome === "in").length).toBe(4);
  expect(dials.slice(4)).toEqual(["refused", "refused", "refused", "refused"]);
});
