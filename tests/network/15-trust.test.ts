/**
 * What nodes say of each other: a node sees a worker prove right, says so, and others hear it, those too that join when it is gone. It
 * takes it back, and one who says two things at once is found out.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { signAttestation } from "../../src/network/attestation-codec.ts";
import { loadIdentity } from "../../src/network/identity.ts";
import type { TrustExport, TrustGraph, TrustOverview, TrustPeerExplanation } from "../../src/node/node.ts";
import type { Mesh, MeshNode } from "../support/mesh.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

async function build(mesh: Mesh) {
  const worker = await mesh.start("worker");
  const home = await mesh.start("home");
  await mesh.joined(worker, home);
  return { worker, home };
}

const t = useMesh(build);

// Gossip that found no way is said again after 5, 30 and 75 s.
const gossipMs = 100_000;

const trust = (node: MeshNode): Promise<TrustOverview> => node.call("GET", "/v1/trust");
const why = (node: MeshNode, peer: string): Promise<TrustPeerExplanation> =>
  node.call("GET", `/v1/trust/${peer}`);
const saysOf = async (node: MeshNode, issuer: string): Promise<number | undefined> =>
  (await why(node, issuer)).attestation?.claims;

test("what a node saw proved it says, and its peers hear it", { timeout: 240_000 }, async () => {
  for (let n = 0; n < 6; n++) {
    const task = await t.home.run({ skill: "echo", input: n, peer: t.worker.peerId, verify: { equals: n } });
    expect(task.status).toBe("completed");
  }
  const { own } = await until(
    "home has said it",
    async () => {
      const said = await trust(t.home);
      return said.own === null ? undefined : said;
    },
    gossipMs,
  );
  expect(own?.about).toMatchObject([{ subject: t.worker.peerId, skill: "echo", neg: 0 }]);
  expect(own?.about[0]?.pos).toBeGreaterThan(0);
  expect(await until("the worker has heard it", () => saysOf(t.worker, t.home.peerId), gossipMs)).toBe(1);
});

test("who joins when it is gone hears it from those who were there", { timeout: 240_000 }, async () => {
  await t.home.process.kill();
  const newcomer = await t.mesh.start("newcomer");
  expect(await until("the newcomer has it", () => saysOf(newcomer, t.home.peerId), gossipMs)).toBe(1);
  // The home is no stranger to be heard: nobody whom the newcomer knows speaks for it, until the operator does.
  expect((await why(newcomer, t.worker.peerId)).hearsay.recommenders).toEqual([]);
  const pinned = await newcomer.cli("trust", "pin", t.home.peerId, "0.9").done;
  expect(pinned.code).toBe(0);
  await until(
    "the home is heard",
    async () => (await why(newcomer, t.worker.peerId)).hearsay.recommenders.length === 1,
    gossipMs,
  );
  const { hearsay, posterior, prior } = await why(newcomer, t.worker.peerId);
  expect(hearsay.good).toBeGreaterThan(0);
  expect(posterior.mean).toBeGreaterThan(prior);
  const graph = await newcomer.call<TrustGraph>("GET", "/v1/trust/graph");
  expect(graph.edges).toMatchObject([{ from: t.home.peerId, to: t.worker.peerId, skill: "echo" }]);
  const dot = await newcomer.cli("trust", "graph", "-o", "dot").done;
  expect(dot.stdout).toMatch(/^digraph trust \{[^]*->/);
});

test(
  "a restarted node goes on with its number, and takes back what it is told to",
  { timeout: 240_000 },
  async () => {
    const before = (
      await until(
        "the worker holds it",
        async () => (await why(t.worker, t.home.peerId)).attestation ?? undefined,
      )
    ).seq;
    await t.home.restart();
    expect((await trust(t.home)).own?.seq).toBeGreaterThanOrEqual(before);
    await t.mesh.joined(t.worker, t.home);
    const { json } = await t.home.cli("trust", "revoke", "--all", "-o", "json").done;
    const said = json as TrustOverview;
    expect([said.own?.claims, said.withheld]).toEqual([0, ["*"]]);
    expect(said.own?.seq).toBeGreaterThan(before);
    for (const node of [t.worker, t.mesh.nodes[2] as MeshNode]) {
      await until(
        `${node.name} has heard that it is taken back`,
        async () => (await saysOf(node, t.home.peerId)) === 0,
        gossipMs,
      );
    }
  },
);

test(
  "what is exported can be taken over by another node, where it is checked again",
  { timeout: 240_000 },
  async () => {
    const newcomer = t.mesh.nodes[2] as MeshNode;
    const file = join(t.mesh.folder, "trust.json");
    expect((await newcomer.cli("trust", "export", file).done).code).toBe(0);
    const exported = JSON.parse(await readFile(file, "utf8")) as TrustExport;
    expect(exported.pins).toEqual([{ peer: t.home.peerId, trust: 0.9 }]);
    const forged = Buffer.from(exported.attestations[0] as string, "base64");
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
    const attestations = [forged.toString("base64"), ...exported.attestations];
    const other = await t.mesh.start("other", { bootstrap: [] });
    const done = await other.call("POST", "/v1/trust/import", { body: { ...exported, attestations } });
    expect(done).toMatchObject({
      pins: 1,
      blocks: 0,
      evidence: 0,
      attestations: { hostile: 1, new: exported.attestations.length },
    });
    expect((await why(other, t.home.peerId)).pin?.value).toBe(0.9);
    // What a node saw itself goes along only when asked for.
    const seen = await t.home.call<TrustExport>("GET", "/v1/trust/export");
    for (const [evidence, good] of [
      [false, false],
      [true, true],
    ]) {
      await other.call("POST", "/v1/trust/import", { body: seen, query: { evidence } });
      expect((await why(other, t.worker.peerId)).own.good > 0).toBe(good);
    }
  },
);

test(
  "one who says two things under one number is found out, and all hear of it",
  { timeout: 240_000 },
  async () => {
    const liar = await t.mesh.start("liar");
    await t.mesh.joined(t.worker, liar);
    const { signer } = await loadIdentity(liar.dataDir, silentLog);
    const now = Date.now();
    const claim = { subject: t.worker.peerId, skill: "echo", neg: 0, grounded: true, lastEpoch: 1 };
    const said = [1, 2].map((pos) => {
      const whole = { seq: now, issuedAt: now, expiresAt: now + 3_600_000, claims: [{ ...claim, pos }] };
      return Buffer.from(signAttestation(whole, "errand", signer)).toString("base64");
    });
    await t.worker.call("POST", "/v1/trust/import", { body: { errand: "trust/1", attestations: said } });
    for (const node of [t.worker, t.home]) {
      await until(
        `${node.name} has heard of it`,
        async () => (await why(node, liar.peerId)).equivocated,
        gossipMs,
      );
      expect(await saysOf(node, liar.peerId)).toBeUndefined();
    }
  },
);

test("who is blocked is heard no more", { timeout: 120_000 }, async () => {
  const newcomer = t.mesh.nodes[2] as MeshNode;
  expect(await saysOf(newcomer, t.home.peerId)).toBe(0);
  expect((await newcomer.cli("trust", "block", t.home.peerId).done).code).toBe(0);
  expect(await saysOf(newcomer, t.home.peerId)).toBeUndefined();
  const { peers } = await trust(newcomer);
  expect(peers.find(({ peer }) => peer === t.home.peerId)).toMatchObject({
    blocked: true,
    attestation: null,
  });
});
