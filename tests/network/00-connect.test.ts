/** Nodes find each other, know each other again, and keep strangers out. */
import { randomBytes } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { PeerView } from "../../src/node/node.ts";
import type { MeshNode } from "../support/mesh.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const hub = await mesh.start("hub");
  const [left, right] = await Promise.all([mesh.start("left"), mesh.start("right")]);
  return { hub, left, right };
});

async function sees(node: MeshNode, peerId: string): Promise<PeerView | undefined> {
  return (await node.peers()).find(({ id }) => id === peerId);
}

function connected(node: MeshNode, peerId: string): Promise<PeerView> {
  return until(`${node.name} is connected to ${peerId}`, async () => {
    const view = await sees(node, peerId);
    return view?.connected === true && view;
  });
}

function addressBook(dataDir: string): string[] {
  using db = new DatabaseSync(join(dataDir, "errand.db"), { readOnly: true });
  return db
    .prepare("SELECT peer FROM peers")
    .all()
    .map(({ peer }) => peer as string);
}

async function swarmKey(name: string): Promise<string> {
  const file = join(t.mesh.folder, name);
  await writeFile(file, `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString("hex")}\n`);
  return file;
}

describe("joining", () => {
  test("both ends of a connection know each other", async () => {
    await connected(t.left, t.hub.peerId);
    await connected(t.hub, t.left.peerId);
  });

  test("three that came through one bootstrap peer know each other by card", async () => {
    await t.mesh.joined(t.hub, t.left, t.right);
    const seen = await sees(t.left, t.right.peerId);
    expect(seen).toMatchObject({ name: "right", role: "worker", blocked: false });
    expect(seen?.skills).toContain("text.stats");
    expect(seen?.addresses.join()).toContain(t.right.peerId);
  });

  test("the key of the identity can be read by its owner alone", async () => {
    const { mode } = await stat(join(t.hub.dataDir, "identity.key"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("a second node on the same data folder is refused", async () => {
    const second = await t.hub.cli("up", "-o", "json").done;
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "Conflict" } });
    expect(JSON.parse(second.stdout).error.hint).not.toBe("");
    expect((await t.hub.status()).peerId).toBe(t.hub.peerId);
  });
});

describe("keeping out", () => {
  test("a blocked peer is refused both ways, until it is unblocked", async () => {
    const { left, right } = t;
    await left.call("POST", "/v1/peers/connect", { body: { target: right.address } });
    await connected(left, right.peerId);
    const blocked = await left.cli("peer", "block", right.peerId, "-o", "json").done;
    expect(blocked.json).toMatchObject({ id: right.peerId, blocked: true });
    await until(
      "the connection is closed",
      async () => (await sees(left, right.peerId))?.connected === false,
    );

    const out = await left.cli("peer", "connect", right.address, "-o", "json").done;
    expect(out).toMatchObject({ code: 4, json: { error: { code: "Unauthorized" } } });
    const into = await right.cli("peer", "connect", left.address, "-o", "json").done;
    expect(into).toMatchObject({ code: 1, json: { error: { code: "PeerUnreachable" } } });
    expect(await sees(left, right.peerId)).toMatchObject({ connected: false, blocked: true });

    await left.cli("peer", "unblock", right.peerId).done;
    const again = await right.cli("peer", "connect", left.address, "-o", "json").done;
    expect(again).toMatchObject({ code: 0, json: { id: left.peerId, connected: true } });
  });

  test("a node of another network sees nobody, and is told why", async () => {
    const elsewhere = await t.mesh.start("elsewhere", { network: "other" });
    const reason = 'is of the network "errand", this node of "other"';
    await until("the operator is told", () =>
      elsewhere.process.stderr().includes("a bootstrap peer is not reached"),
    );
    expect(JSON.parse(elsewhere.process.stderr().split("\n")[0] ?? "")).toMatchObject({
      error: expect.stringContaining(reason),
      hint: expect.stringContaining("--network"),
    });
    const connect = await elsewhere.cli("peer", "connect", t.hub.address, "-o", "json").done;
    expect(connect.json.error).toMatchObject({
      code: "PeerUnreachable",
      message: expect.stringContaining(reason),
    });
    expect((await elsewhere.status()).peers.known).toBe(0);
    await elsewhere.process.kill();
  });

  test("the key of a private swarm keeps strangers out", async () => {
    const [ours, other] = await Promise.all([swarmKey("ours.key"), swarmKey("other.key")]);
    const inner = await t.mesh.start("inner", { swarmKeyFile: ours, bootstrap: [] });
    const bootstrap = [inner.address];
    const [member, keyless, foreign] = await Promise.all([
      t.mesh.start("member", { swarmKeyFile: ours, bootstrap }),
      t.mesh.start("keyless", { bootstrap }),
      t.mesh.start("foreign", { swarmKeyFile: other, bootstrap }),
    ]);
    await connected(member, inner.peerId);
    const task = { skill: "echo", input: "among us", peer: member.peerId };
    expect(await inner.run(task)).toMatchObject({ status: "completed", peer: member.peerId });
    for (const stranger of [keyless, foreign]) {
      const refused = stranger.call("POST", "/v1/peers/connect", { body: { target: inner.address } });
      await expect(refused).rejects.toMatchObject({
        code: "PeerUnreachable",
        message: expect.stringContaining("another swarm key"),
        hint: expect.stringContaining("same swarm key"),
      });
      expect((await stranger.status()).peers.connected).toBe(0);
      // An operator who asked for nothing is told too, and finds it with the doctor.
      await until("the operator is told", () =>
        /another swarm key.*a bootstrap peer is not reached/.test(stranger.process.stderr()),
      );
    }
    const doctor = await foreign.cli("doctor", "-o", "json").done;
    expect(doctor.code).toBe(1);
    expect(doctor.json.checks).toContainEqual({
      check: "bootstrap peers",
      ok: false,
      message: expect.stringContaining("another swarm key"),
      hint: expect.stringContaining("same swarm key"),
    });
    expect((await inner.peers()).map(({ id }) => id)).toEqual([member.peerId]);
    await Promise.all([inner, member, keyless, foreign].map((node) => node.process.kill()));
  });
});

describe("a restart", () => {
  test("after a crash keeps the identity, and finds the others by the address book when the bootstrap peer is gone", async () => {
    const gate = await t.mesh.start("gate", { bootstrap: [] });
    const bootstrap = [gate.address];
    const [stays, returns] = await Promise.all([
      t.mesh.start("stays", { bootstrap }),
      t.mesh.start("returns", { bootstrap }),
    ]);
    await t.mesh.joined(gate, stays, returns);
    const { peerId } = returns;
    await connected(returns, stays.peerId);
    await until("the address book is on disk", () => addressBook(returns.dataDir).includes(stays.peerId));
    await returns.process.kill();
    await gate.process.kill();

    await returns.restart();
    expect(returns.peerId).toBe(peerId);
    await connected(returns, stays.peerId);
    await connected(stays, peerId);
  });
});
