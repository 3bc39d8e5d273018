/**
 * A mesh of which more than a third of the nodes lies: faster than the honest, all with the same wrong answer, and full of praise for one
 * another. One node submits. It runs none of it itself, and knows one peer that it trusts to know the truth, which is slow.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BatchAnswer } from "../../src/api/routes/batch.ts";
import { silentLog } from "../../src/core/log.ts";
import { signAttestation } from "../../src/network/attestation-codec.ts";
import { loadIdentity } from "../../src/network/identity.ts";
import { checkContradiction } from "../../src/network/contradiction.ts";
import type { FileConfig } from "../../src/node/config-file.ts";
import type { FaultView, NodeStats } from "../../src/node/node.ts";
import { proofFromText } from "../../src/tasks/verification/faults.ts";
import type { Mesh, MeshNode } from "../support/mesh.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const honestCount = 5;
const liarCount = 4;
const skill = "test.square";

/** The same skill as its node sees it: `output` is what it says of n. */
async function skillFile(folder: string, name: string, output: string, ms: number): Promise<string> {
  const file = join(folder, `${name}.ts`);
  await writeFile(
    file,
    `export default {
  definition: {
    id: ${JSON.stringify(skill)}, version: "1.0.0", description: "Squares a number.", deterministic: true,
    input: { type: "object", required: ["n"], properties: { n: { type: "number" } } }, output: { type: "object" },
  },
  async run({ n }) {
    await new Promise((resolve) => setTimeout(resolve, ${ms}));
    return { value: ${output} };
  },
};
`,
  );
  return file;
}

async function build(mesh: Mesh) {
  const honestSkill = await skillFile(mesh.folder, "honest", "n * n", 80);
  const slowSkill = await skillFile(mesh.folder, "anchor", "n * n", 120);
  const lie = await skillFile(mesh.folder, "liar", "n * n + 1", 20);
  const worker: FileConfig = { builtinSkills: [], workerSlots: 1 };
  const home = await mesh.start("home", {
    ...worker,
    verification: { mode: "adaptive", canariesPerHour: 0 },
  });
  const anchor = await mesh.start("anchor", { ...worker, skills: [slowSkill] });
  const all: MeshNode[] = [];
  // A few at a time: each has a second of work to do before it answers.
  for (let i = 0; i < honestCount + liarCount; i += 3) {
    const names = Array.from({ length: Math.min(3, honestCount + liarCount - i) }, (_, k) => i + k);
    const started = names.map((k) =>
      k < honestCount
        ? mesh.start(`honest${k}`, { ...worker, skills: [honestSkill] })
        : mesh.start(`liar${k - honestCount}`, { ...worker, skills: [lie] }),
    );
    const group = await Promise.all(started);
    await Promise.all(group.map(warm));
    all.push(...group);
  }
  const [honest, liars] = [all.slice(0, honestCount), all.slice(honestCount)];
  await mesh.joined(home, anchor);
  await until("the home knows all who can do it", async () => {
    const peers = await home.peers();
    return peers.filter(({ skills }) => skills.includes(skill)).length === honestCount + liarCount + 1;
  });
  await warm(anchor);
  await home.call("PUT", `/v1/peers/${anchor.peerId}/pin`, { body: { trust: 1 } });
  await praiseEachOther(home, liars);
  return { home, anchor, honest, liars, honestSkill, worker };
}

/** Its first run starts a thread, and would be held against it. */
async function warm(node: MeshNode): Promise<void> {
  expect(await node.run({ skill, input: { n: 0 }, peer: node.peerId })).toMatchObject({
    status: "completed",
  });
}

/** What no honest node would say: each liar attests the others the most that can be attested. */
async function praiseEachOther(home: MeshNode, liars: readonly MeshNode[]): Promise<void> {
  const now = Date.now();
  const attestations = await Promise.all(
    liars.map(async (liar) => {
      const { signer } = await loadIdentity(liar.dataDir, silentLog);
      const claims = liars
        .filter((one) => one !== liar)
        .map(({ peerId: subject }) => ({
          subject,
          skill,
          pos: 50,
          neg: 0,
          grounded: true,
          lastEpoch: Math.floor(now / 3_600_000),
        }));
      const times = { seq: now, issuedAt: now, expiresAt: now + 3_600_000 };
      return Buffer.from(signAttestation({ ...times, claims }, "errand", signer)).toString("base64");
    }),
  );
  await home.call("POST", "/v1/trust/import", { body: { errand: "trust/1", attestations } });
}

const t = useMesh(build);

const warmUpTasks = 160;
const measuredTasks = 400;
const roundTasks = 200;
// Of a hundred tasks one or two go to newcomers, and five results that proved right make one known: fewer than five of some thirty
// chances is less likely than one in a hundred million.
const mostRounds = 16;

const served = async (node: MeshNode): Promise<number> => (await node.status()).counters["served"] ?? 0;
const servedBy = async (nodes: readonly MeshNode[]): Promise<number> =>
  (await Promise.all(nodes.map(served))).reduce((a, b) => a + b, 0);

let asked = 0;

/** So many tasks, each with a question of its own, forty at a time. Returns how many results are wrong. */
async function run(count: number): Promise<number> {
  let wrong = 0;
  for (let left = count; left > 0; left -= 40) {
    const questions = Array.from({ length: Math.min(40, left) }, () => asked++);
    const { results } = await t.home.call<BatchAnswer>("POST", "/v1/tasks/batch", {
      body: { tasks: questions.map((n) => ({ skill, input: { n } })) },
    });
    for (const [i, result] of results.entries()) {
      if ("error" in result) throw new Error(result.error.message);
      const { status, output, reason } = await t.home.ended(result.id, 30_000);
      expect(`${status} ${reason}`).toMatch(/^completed/);
      const n = questions[i] as number;
      if ((output as { value: number }).value !== n * n) wrong++;
    }
  }
  return wrong;
}

describe("with more than a third of the mesh lying", () => {
  test("an honest submitter accepts next to nothing wrong, and gives liars next to nothing to do", async () => {
    await run(warmUpTasks);
    const before = await servedBy(t.liars);
    const wrong = await run(measuredTasks);
    const runsOfLiars = (await servedBy(t.liars)) - before;
    expect(wrong).toBeLessThanOrEqual(measuredTasks / 100);
    expect(runsOfLiars).toBeLessThanOrEqual(measuredTasks / 20);
  }, 120_000);

  test("what liars signed is kept as a proof, and others hear of it", async () => {
    const caught = await Promise.all(
      t.liars.map(async ({ peerId }) => {
        const { faults } = await t.home.call<{ faults: FaultView[] }>("GET", `/v1/peers/${peerId}/faults`);
        const [fault] = faults;
        if (fault === undefined) return 0;
        const checked = checkContradiction(proofFromText(JSON.stringify(fault.proof)));
        // The anchor signed the right answer: nobody needs to believe the home.
        expect(checked).toEqual({ worker: peerId, skill, strength: "witness" });
        return 1;
      }),
    );
    expect(caught).toContain(1);
    const others = [...t.honest, t.anchor];
    await until("somebody else hears of a liar", async () => {
      const statuses = await Promise.all(others.map((node) => node.status()));
      return statuses.some(({ counters }) => (counters["alarmsNew"] ?? 0) > 0);
    });
    const { verification } = await t.home.call<NodeStats>("GET", "/v1/stats");
    const grounded = verification.find(({ rule }) => rule === "grounded");
    expect(grounded?.failed).toBeGreaterThan(0);
    expect(grounded?.passed).toBeGreaterThan(0);
  });

  test("a single task is checked as its user says, and says how it was", async () => {
    const input = JSON.stringify({ n: 1_000_003 });
    const { code, json } = await t.home.cli("submit", skill, input, "--verify", "replicas=3/3", "-o", "json")
      .done;
    expect(code).toBe(0);
    const { id } = json as { id: string };
    expect(await t.home.ended(id)).toMatchObject({ status: "completed", output: { value: 1_000_003 ** 2 } });
    const explained = await t.home.cli("task", "explain", id).done;
    expect(explained.stdout).toMatch(/Verification\n.*RULE.*\n.*replicas.*passed|grounded/);
    const { stdout } = await t.home.cli("stats").done;
    expect(stdout).toMatch(/RULE +CHECKED +PASSED/);
    // Nobody can give this answer: it is the rule that is wrong, and nobody is blamed.
    const bad = async (): Promise<number> =>
      (await t.home.peers()).reduce((total, { trust }) => total + Math.round(trust.bad), 0);
    const before = await bad();
    const refused = await t.home.cli("run", skill, input, "--verify", 'equals={"value":0}', "--no-cache")
      .done;
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("VerificationFailed");
    expect(await bad()).toBe(before);
  }, 90_000);

  test("who has the skill itself is not deceived, whomever it asks", async () => {
    const [honest] = t.honest as [MeshNode];
    const [liar] = t.liars as [MeshNode];
    const view = async () => (await honest.peers()).find(({ id }) => id === liar.peerId)?.trust;
    await until("it knows the liar", async () => (await view()) !== undefined);
    const asked = { skill, input: { n: 7 }, peer: liar.peerId, verify: { auto: true } };
    expect(await honest.run(asked)).toMatchObject({
      status: "completed",
      output: { value: 49 },
      peer: honest.peerId,
    });
    expect((await view())?.bad).toBeGreaterThan(0);
  });

  test("a newcomer that is honest and fast gets its share", async () => {
    const newcomer = await t.mesh.start("newcomer", { ...t.worker, skills: [t.honestSkill] });
    await until("the home knows the newcomer", async () =>
      (await t.home.peers()).some(({ id, skills }) => id === newcomer.peerId && skills.includes(skill)),
    );
    await warm(newcomer);
    const shares: number[] = [];
    let wrong = 0;
    // Two rounds in a row with half of what an incumbent gets.
    while (shares.length < mostRounds) {
      const [its, theirs] = [await served(newcomer), await servedBy(t.honest)];
      wrong += await run(roundTasks);
      const each = ((await servedBy(t.honest)) - theirs) / honestCount;
      shares.push(((await served(newcomer)) - its) / each);
      if (shares.length >= 2 && Math.min(...shares.slice(-2)) >= 0.5) break;
    }
    expect(
      Math.min(...shares.slice(-2)),
      `shares of the newcomer: ${shares.join(", ")}`,
    ).toBeGreaterThanOrEqual(0.5);
    expect(wrong).toBeLessThanOrEqual((roundTasks * shares.length) / 100);
  }, 180_000);
});
