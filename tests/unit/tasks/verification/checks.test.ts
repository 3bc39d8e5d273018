/** An answer between its arrival and its end: checked by rules, by others, by the truth; over frames, and over a crash. */
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../../src/core/body.ts";
import { checkContradiction, type FaultProof } from "../../../../src/network/contradiction.ts";
import type { Decision } from "../../../../src/routing/candidate.ts";
import type { Submission, TaskView } from "../../../../src/tasks/task.ts";
import { proofFromText, proofText } from "../../../../src/tasks/verification/faults.ts";
import type { CheckOptions } from "../../../support/memory-home.ts";
import { crashableMesh, settled, type FakeWorker } from "../../../support/memory-mesh.ts";
import { simulatedDisk } from "../../../support/simulated-store.ts";

const always = 0.99;

function meshOf(workers: number, checks: CheckOptions = {}, seed = 7) {
  const disk = simulatedDisk(() => always);
  const mesh = crashableMesh({ workers, seed, store: disk.open(), checks });
  return { ...mesh, disk, mesh };
}

type Mesh = ReturnType<typeof meshOf>;

const adaptive = { settings: { mode: "adaptive" }, probability: () => 1 } as const;
const pins = new Map<string, number>();

async function submit({ mesh }: Mesh, extra: Partial<Submission> = {}): Promise<TaskView> {
  const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }), ...extra });
  await settled();
  return task;
}

/** Lets every worker answer what it is asked, until nothing is asked any more. */
async function answer({ mesh }: Mesh, by: (worker: FakeWorker) => unknown): Promise<void> {
  for (let rounds = 0; rounds < 40; rounds++) {
    for (const worker of mesh.workers)
      for (const job of worker.jobs) if (!job.ended) job.complete(by(worker));
    await settled();
  }
}

const right = { right: true };
const wrong = { right: false };
const nameOf = (mesh: Mesh, worker: FakeWorker): string => mesh.mesh.peerOf(worker);
const jobsOf = (worker: FakeWorker): number => worker.jobs.length;

describe("an answer that nobody wants checked", () => {
  it("counts as it is", async () => {
    const mesh = meshOf(3);
    const task = await submit(mesh);
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: right });
    expect(mesh.workers.flatMap((worker) => worker.jobs)).toHaveLength(1);
    expect((await mesh.mesh.home.explain(task.id)).verification).toEqual([]);
    expect(mesh.mesh.checking.ledger.stats()).toEqual([]);
  });
});

describe("rules", () => {
  it("send a task elsewhere, and blame once another answer has passed", async () => {
    const mesh = meshOf(3);
    const task = await submit(mesh, { verify: { schema: { properties: { right: { const: true } } } } });
    const liar = mesh.mesh.busy();
    await answer(mesh, (worker) => (worker === liar ? wrong : right));
    const ended = await mesh.mesh.home.wait(task.id);
    expect(ended).toMatchObject({ status: "completed", output: right, attempts: 2 });
    expect(ended.peer).not.toBe(nameOf(mesh, liar));
    expect(mesh.mesh.router.trustOf(nameOf(mesh, liar), 0).bad).toBeGreaterThan(3);
    const { verification, attempts } = await mesh.mesh.home.explain(task.id);
    expect(verification).toMatchObject([
      { rule: "schema", verdict: "failed", peer: nameOf(mesh, liar), grounded: false },
      { rule: "schema", verdict: "passed" },
    ]);
    expect(attempts[0]).toMatchObject({ outcome: "failed", error: { code: "VerificationFailed" } });
    expect(mesh.mesh.checking.ledger.stats()).toEqual([
      { rule: "schema", checked: 2, passed: 1, failed: 1, undecided: 0, successRate: 0.5 },
    ]);
  });

  it("that nobody passes blame nobody: they may be wrong themselves", async () => {
    const mesh = meshOf(4);
    const task = await submit(mesh, { verify: { range: [{ pointer: "/score", min: 2, max: 1_000 }] } });
    for (let i = 0; i < 8; i++) {
      await answer(mesh, () => ({ score: 1 }));
      await mesh.mesh.pass(1_000);
    }
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      reason: "verification-failed",
      error: { code: "VerificationFailed" },
    });
    for (const worker of mesh.workers) expect(mesh.mesh.router.trustOf(nameOf(mesh, worker), 0).bad).toBe(0);
  });

  it("with the known answer are grounds: they move trust, and leave a proof", async () => {
    const told: FaultProof[] = [];
    const mesh = meshOf(2, { spread: (proof) => void told.push(proof) });
    const task = await submit(mesh, { verify: { equals: right } });
    const liar = mesh.mesh.busy();
    await answer(mesh, (worker) => (worker === liar ? wrong : right));
    const { peer } = await mesh.mesh.home.wait(task.id);
    expect(mesh.mesh.router.trustOf(peer, 0).good).toBeGreaterThanOrEqual(1);
    expect(told).toHaveLength(1);
    const proof = told[0] as FaultProof;
    // The honest worker signed the right answer: two workers' signatures, and no word of ours.
    expect(checkContradiction(proof)).toEqual({
      worker: nameOf(mesh, liar),
      skill: "echo",
      strength: "witness",
    });
    expect(checkContradiction(proofFromText(proofText(proof)))).toMatchObject({ strength: "witness" });
    expect(
      checkContradiction({ ...proof, wrong: { ...proof.wrong, inputHash: new Uint8Array(32) } }),
    ).toHaveProperty("problem");
    const faults = await mesh.mesh.checking.faults.of(nameOf(mesh, liar));
    expect(faults).toMatchObject([{ skill: "echo", reason: "its output is not the known answer" }]);
  });

  it("of the operator's own run in his function", async () => {
    const asked: unknown[] = [];
    const mesh = meshOf(2, {
      async custom(result) {
        asked.push(result);
        const { output } = result as { output: { right: boolean } };
        return { ok: output.right, reason: "it is not right" };
      },
    });
    const task = await submit(mesh, { verify: { custom: { args: { strict: 1 } } } });
    const liar = mesh.mesh.busy();
    await answer(mesh, (worker) => (worker === liar ? wrong : right));
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: right });
    expect(asked[0]).toEqual({
      skill: "echo",
      input: { n: 1 },
      output: wrong,
      args: { strict: 1 },
      peer: nameOf(mesh, liar),
    });
  });

  it("that cannot be applied end the task, and blame nobody", async () => {
    const mesh = meshOf(2);
    const task = await submit(mesh, { verify: { custom: {} } });
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      reason: "verification-failed",
      error: { message: expect.stringContaining("no function verifyResult") as string },
    });
  });

  it("of a verifier skill are judged by somebody else", async () => {
    const mesh = meshOf(3);
    const verify = { custom: { skill: "echo", input: { ok: { $ref: "output.right" } } } };
    const task = await submit(mesh, { verify });
    const worker = mesh.mesh.busy();
    worker.jobs[0]?.complete(right);
    await settled();
    await settled();
    expect(await mesh.mesh.home.get(task.id)).toMatchObject({ status: "verifying" });
    const judge = mesh.workers.find((one) => one.jobs.some((job) => !job.ended)) as FakeWorker;
    expect(judge).not.toBe(worker);
    const job = judge.jobs.at(-1);
    expect(JSON.parse(Buffer.from(job?.job.input.bytes ?? []).toString())).toEqual({ ok: true });
    job?.complete({ ok: true, rating: 0.2 });
    await settled();
    await settled();
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
    expect((await mesh.mesh.home.explain(task.id)).verification).toMatchObject([
      { rule: "skill", verdict: "passed" },
    ]);
    // The rating is no reason not to take the result, and one to prefer somebody else the next time.
    const next = await submit(mesh);
    await answer(mesh, () => right);
    const { attempts } = await mesh.mesh.home.explain(next.id);
    const decision = attempts[0]?.decision as Decision | undefined;
    const priced = decision?.considered.filter(({ score }) => (score?.qualityMs ?? 0) > 0);
    expect(priced?.map(({ peer }) => peer)).toEqual([nameOf(mesh, worker)]);
  });
});

describe("replicas", () => {
  it("look like the task itself, go to others, and need a strict majority", async () => {
    const mesh = meshOf(5);
    const task = await submit(mesh, { verify: { replicas: { n: 3 } }, labels: { batch: "7" }, priority: 99 });
    const first = mesh.mesh.busy();
    await answer(mesh, (worker) => (worker === first ? wrong : right));
    const ended = await mesh.mesh.home.wait(task.id);
    expect(ended).toMatchObject({ status: "completed", output: right });
    expect(ended.peer).not.toBe(nameOf(mesh, first));
    const used = mesh.workers.filter((worker) => jobsOf(worker) > 0);
    expect(used).toHaveLength(3);
    const requests = used.map(
      (worker) => worker.log.find(({ message }) => message.kind === "request")?.message,
    );
    const seen = requests.map((message) => {
      if (message?.kind !== "request") throw new Error("no request");
      const { taskId: _id, ...same } = message.request;
      return same;
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    // That peers agree proves nothing: nobody is blamed, nobody gains.
    expect(mesh.mesh.router.trustOf(nameOf(mesh, first), 0)).toMatchObject({ bad: 0 });
    for (const worker of used) expect(mesh.mesh.router.trustOf(nameOf(mesh, worker), 0).good).toBeLessThan(1);
    expect((await mesh.mesh.home.explain(task.id)).verification).toMatchObject([
      {
        rule: "replicas",
        verdict: "failed",
        grounded: false,
        others: [{ agreed: false }, { agreed: false }],
      },
    ]);
  });

  it("ask no more than it takes", async () => {
    const mesh = meshOf(5);
    const task = await submit(mesh, { verify: { replicas: { n: 3 } } });
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
    expect(mesh.workers.flatMap((worker) => worker.jobs)).toHaveLength(2);
  });

  it("that no two agree upon end the task", async () => {
    const mesh = meshOf(4);
    const task = await submit(mesh, { verify: { replicas: { n: 2 } } });
    let n = 0;
    await answer(mesh, () => ({ n: n++ }));
    await mesh.mesh.pass(6_000);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      reason: "verification-failed",
      error: { message: expect.stringContaining("no majority among 4") as string },
    });
  });

  it("of friends are one voice", async () => {
    const ring = new Set<string>();
    const mesh = meshOf(5, { vouches: (a, b) => ring.has(a) && ring.has(b) });
    for (const worker of mesh.workers.slice(0, 3)) ring.add(nameOf(mesh, worker));
    for (let i = 0; i < 12; i++) {
      const task = await submit(mesh, { input: jsonBody({ i }), verify: { replicas: { n: 3 } } });
      await answer(mesh, (worker) => (ring.has(nameOf(mesh, worker)) ? wrong : right));
      expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: right });
    }
  });

  it("are compared as the task says", async () => {
    const mesh = meshOf(3);
    let n = 0;
    const task = await submit(mesh, {
      verify: { replicas: { n: 2 }, compare: { kind: "number", rel: 1e-6 } },
    });
    await answer(mesh, () => ({ value: 1 + n++ * 1e-9 }));
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: { value: 1 } });
  });

  it("that nobody can run leave the task undecided", async () => {
    const mesh = meshOf(1);
    const task = await submit(mesh, { verify: { replicas: { n: 2 } } });
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      reason: "verification-failed",
      error: { message: expect.stringContaining("nobody else could be asked") as string },
    });
  });

  it("end with their task", async () => {
    const mesh = meshOf(3);
    const task = await submit(mesh, { verify: { replicas: { n: 3 } }, taskTimeoutMs: 5_000 });
    mesh.mesh.busy().jobs[0]?.complete(right);
    for (let i = 0; i < 4; i++) await settled();
    expect(await mesh.mesh.home.get(task.id)).toMatchObject({ status: "verifying" });
    expect(mesh.mesh.table.childrenOf(task.id)).toHaveLength(1);
    await mesh.mesh.pass(6_000);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "timeout" });
    expect(mesh.mesh.table.live.size).toBe(0);
    expect(mesh.disk.db.prepare("SELECT count(*) AS n FROM held_answers").get()).toEqual({ n: 0 });
  });
});

describe("adaptive checks", () => {
  it("ask an anchor for the truth, which ends the matter", async () => {
    const mesh = meshOf(4, { ...adaptive, pins });
    const [anchor] = mesh.workers as [FakeWorker];
    pins.clear();
    pins.set(nameOf(mesh, anchor), 1);
    for (let i = 0; i < 10; i++) {
      const task = await submit(mesh, { input: jsonBody({ i }) });
      await answer(mesh, (worker) => (worker === anchor ? right : wrong));
      // Liars all, and all agree: not one of their answers counts.
      expect(await mesh.mesh.home.wait(task.id)).toMatchObject({
        status: "completed",
        output: right,
        peer: nameOf(mesh, anchor),
      });
    }
    const { good, bad } = mesh.mesh.router.trustOf(nameOf(mesh, anchor), 0);
    expect(bad).toBe(0);
    expect(good).toBeGreaterThanOrEqual(0);
    const blamed = mesh.workers.filter((one) => mesh.mesh.router.trustOf(nameOf(mesh, one), 0).bad > 0);
    expect(blamed.length).toBeGreaterThan(0);
    expect(mesh.mesh.checking.ledger.stats()).toMatchObject([{ rule: "grounded", passed: 0 }]);
  });

  it("reward what an anchor confirms", async () => {
    const mesh = meshOf(2, { ...adaptive, pins });
    const [anchor, honest] = mesh.workers as [FakeWorker, FakeWorker];
    pins.clear();
    pins.set(nameOf(mesh, anchor), 1);
    for (let i = 0; i < 20; i++) {
      await submit(mesh, { input: jsonBody({ i }) });
      await answer(mesh, () => right);
    }
    expect(mesh.mesh.router.trustOf(nameOf(mesh, honest), 0).good).toBeGreaterThanOrEqual(2);
    expect(mesh.mesh.router.trustOf(nameOf(mesh, honest), 0).bad).toBe(0);
  });

  it("take the answer as it is where there is nobody to ask", async () => {
    const mesh = meshOf(1, adaptive);
    const task = await submit(mesh);
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: right });
    expect((await mesh.mesh.home.explain(task.id)).verification).toMatchObject([
      { rule: "replicas", verdict: "undecided" },
    ]);
  });

  it("show nobody else what was meant for one peer, unless its user asks for it", async () => {
    const mesh = meshOf(3, adaptive);
    const [worker] = mesh.workers as [FakeWorker];
    const only = { peer: nameOf(mesh, worker) };
    await submit(mesh, only);
    await answer(mesh, () => right);
    expect(mesh.workers.map(jobsOf)).toEqual([1, 0, 0]);
    await submit(mesh, { ...only, verify: { auto: true } });
    await answer(mesh, () => right);
    expect(mesh.workers.flatMap((one) => one.jobs)).toHaveLength(3);
  });

  it("go to nobody who is less trusted than the task asks for", async () => {
    const mesh = meshOf(3, { ...adaptive, pins });
    pins.clear();
    const [first, second] = mesh.workers as [FakeWorker, FakeWorker];
    pins.set(nameOf(mesh, first), 0.8);
    pins.set(nameOf(mesh, second), 0.8);
    for (let i = 0; i < 6; i++) {
      await submit(mesh, { input: jsonBody({ i }), minTrust: 0.5 });
      await answer(mesh, () => right);
    }
    expect(mesh.workers.map(jobsOf)).toEqual([6, 6, 0]);
  });

  it("are left out where the task says so", async () => {
    const mesh = meshOf(3, adaptive);
    const task = await submit(mesh, { verify: { auto: false } });
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
    expect(mesh.workers.flatMap((worker) => worker.jobs)).toHaveLength(1);
  });

  it("notice a peer that signs two answers to one question", async () => {
    const told: FaultProof[] = [];
    const mesh = meshOf(2, { ...adaptive, spread: (proof) => void told.push(proof) });
    let n = 0;
    const liar = mesh.workers[0] as FakeWorker;
    for (let i = 0; i < 6 && told.length === 0; i++) {
      await submit(mesh, { cache: false, taskTimeoutMs: 3_000 });
      await answer(mesh, (worker) => (worker === liar ? { n: n++ } : right));
      await mesh.mesh.pass(4_000);
    }
    expect(checkContradiction(told[0] as FaultProof)).toEqual({
      worker: nameOf(mesh, liar),
      skill: "echo",
      strength: "contradiction",
    });
  });
});

describe("a crash of the home in the middle of a check", () => {
  it("loses nothing: the answer is there, and its replicas are not asked again", async () => {
    const mesh = meshOf(4);
    const task = await submit(mesh, { verify: { replicas: { n: 3, quorum: 3 } } });
    mesh.mesh.busy().jobs[0]?.complete(right);
    for (let i = 0; i < 4; i++) await settled();
    expect(await mesh.mesh.home.get(task.id)).toMatchObject({ status: "verifying" });
    const running = (): FakeWorker[] =>
      mesh.workers.filter((worker) => worker.jobs.some((job) => !job.ended));
    expect(running()).toHaveLength(2);
    const [one] = running() as [FakeWorker];
    one.jobs.find((job) => !job.ended)?.complete(right);
    for (let i = 0; i < 4; i++) await settled();
    mesh.mesh.crashHome();
    mesh.disk.crash();
    await mesh.mesh.restartHome(mesh.disk.open());
    await mesh.mesh.pass(2_000);
    const total = mesh.workers.flatMap((worker) => worker.jobs).length;
    await answer(mesh, () => right);
    await mesh.mesh.pass(2_000);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: right });
    expect(mesh.workers.flatMap((worker) => worker.jobs)).toHaveLength(total);
    expect(total).toBe(3);
    expect(mesh.disk.db.prepare("SELECT count(*) AS n FROM held_answers").get()).toEqual({ n: 0 });
  });
});

describe("a crash of the home at any turn of a check", () => {
  it.each(Array.from({ length: 24 }, (_, turn) => turn))(
    "%i: the task ends as it would have",
    async (turn) => {
      const mesh = meshOf(4, adaptive, turn + 1);
      const [liar] = mesh.workers as [FakeWorker];
      const say = (worker: FakeWorker): unknown => (worker === liar ? wrong : right);
      const { id } = await mesh.mesh.home.submit({
        skill: "echo",
        input: jsonBody({ n: 1 }),
        verify: { replicas: { n: 3 } },
      });
      for (let i = 0; i < turn; i++) {
        for (const worker of mesh.workers)
          for (const job of worker.jobs) if (!job.ended) job.complete(say(worker));
        for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
      }
      mesh.mesh.crashHome();
      mesh.disk.crash();
      await mesh.mesh.restartHome(mesh.disk.open());
      for (let i = 0; i < 6; i++) {
        await answer(mesh, say);
        await mesh.mesh.pass(3_000);
      }
      expect(await mesh.mesh.home.get(id)).toMatchObject({ status: "completed", output: right });
      expect(mesh.mesh.table.live.size).toBe(0);
      expect(mesh.disk.db.prepare("SELECT count(*) AS n FROM held_answers").get()).toEqual({ n: 0 });
    },
  );
});

describe("a task that is being checked", () => {
  it("can be cancelled, with what is asked about it", async () => {
    const mesh = meshOf(3);
    const task = await submit(mesh, { verify: { replicas: { n: 3, quorum: 3 } } });
    mesh.mesh.busy().jobs[0]?.complete(right);
    for (let i = 0; i < 4; i++) await settled();
    const cancelled = mesh.mesh.home.cancel(task.id, "enough");
    await mesh.mesh.pass(3_000);
    expect(await cancelled).toMatchObject({ status: "cancelled" });
    expect(mesh.mesh.table.live.size).toBe(0);
  });

  it("ends when its check does, though it is paused meanwhile", async () => {
    const mesh = meshOf(3);
    const task = await submit(mesh, { verify: { replicas: { n: 2 } } });
    mesh.mesh.busy().jobs[0]?.complete(right);
    for (let i = 0; i < 4; i++) await settled();
    await mesh.mesh.home.pause(task.id);
    await answer(mesh, () => right);
    expect(await mesh.mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });
});

describe("canaries", () => {
  const settings = { mode: "adaptive", canariesPerHour: 60 } as const;

  it("ask what is known of those who have not seen it, once each, and judge by it", async () => {
    const mesh = meshOf(4, { settings, probability: () => 1, pins });
    const [anchor, liar] = mesh.workers as [FakeWorker, FakeWorker];
    pins.clear();
    pins.set(nameOf(mesh, anchor), 1);
    const say = (worker: FakeWorker): unknown => (worker === liar ? wrong : right);
    for (let i = 0; i < 3; i++) {
      await submit(mesh, { input: jsonBody({ i }) });
      await answer(mesh, say);
    }
    const { canaries } = mesh.mesh.checking;
    expect(canaries.size).toBeGreaterThan(0);
    for (let i = 0; i < 20; i++) {
      const asked = canaries.ask();
      await answer(mesh, say);
      if (!(await asked)) break;
    }
    expect(mesh.mesh.router.trustOf(nameOf(mesh, liar), 0).bad).toBeGreaterThan(0);
    const stats = mesh.mesh.checking.ledger.stats().find(({ rule }) => rule === "canary");
    expect(stats).toMatchObject({ undecided: 0 });
    expect(stats?.passed).toBeGreaterThan(0);
    for (const worker of mesh.workers) {
      const inputs = worker.jobs.map((job) => Buffer.from(job.job.input.bytes ?? []).toString());
      expect(new Set(inputs).size).toBe(inputs.length);
    }
  });

  it("wait while the node has work", async () => {
    const mesh = meshOf(3, { settings, probability: () => 1, pins });
    pins.clear();
    pins.set(nameOf(mesh, mesh.workers[0] as FakeWorker), 1);
    await submit(mesh);
    await answer(mesh, () => right);
    await submit(mesh, { input: jsonBody({ other: 1 }) });
    expect(await mesh.mesh.checking.canaries.ask()).toBe(false);
  });
});
