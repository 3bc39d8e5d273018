/** Two attempts of one task at once: who wins, what becomes of the other, and that nothing is counted twice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import type { Submission, TaskView } from "../../../src/tasks/task.ts";
import { crashableMesh, settled, type FakeWorker, type RunningJob } from "../../support/memory-mesh.ts";
import { simulatedDisk, type SimulatedDisk } from "../../support/simulated-store.ts";

type Mesh = ReturnType<typeof crashableMesh>;

const disks = new WeakMap<Mesh, SimulatedDisk>();

function memoryMesh(workers: number): Mesh {
  const disk = simulatedDisk(() => 0.5);
  const mesh = crashableMesh({ workers, seed: 7, store: disk.open() });
  disks.set(mesh, disk);
  return mesh;
}

async function crash(mesh: Mesh): Promise<void> {
  const disk = disks.get(mesh) as SimulatedDisk;
  disk.crash();
  mesh.crashHome();
  await mesh.restartHome(disk.open());
  await settled();
}

async function submit(mesh: Mesh, extra: Partial<Submission> = {}): Promise<TaskView> {
  const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }), ...extra });
  await settled();
  return task;
}

const open = (worker: FakeWorker): RunningJob[] => worker.jobs.filter(({ ended }) => !ended);
const holders = (mesh: Mesh): FakeWorker[] => mesh.workers.filter((worker) => open(worker).length > 0);
const jobOf = (worker: FakeWorker): RunningJob => open(worker)[0] as RunningJob;
const attemptOf = (worker: FakeWorker): number => Number(jobOf(worker).job.id.split("-").at(-1));

/** Lets the node learn how long the skill takes: without that it does not know what is slow. */
async function learn(mesh: Mesh, runMs = 10): Promise<void> {
  const task = await submit(mesh, { cache: false });
  await mesh.pass(runMs);
  jobOf(holders(mesh)[0] as FakeWorker).complete(0);
  await mesh.home.wait(task.id);
}

/** A task with two attempts out: the slow first, and the second. */
async function hedged(mesh: Mesh, extra: Partial<Submission> = {}) {
  await learn(mesh);
  const task = await submit(mesh, { input: jsonBody({ n: 2 }), ...extra });
  const [first] = holders(mesh) as [FakeWorker];
  await mesh.pass(750);
  const second = holders(mesh).find((worker) => worker !== first) as FakeWorker;
  expect(second).toBeDefined();
  return { task, first, second };
}

const failure = (): ErrandError => new ErrandError("SkillFailed", "no", { retryable: true });

describe("a task that may run twice", () => {
  it("gets a second attempt when the first is slow; the second's result ends it, and the first is cancelled", async () => {
    const mesh = memoryMesh(3);
    const { task, first, second } = await hedged(mesh);
    expect([attemptOf(first), attemptOf(second)]).toEqual([1, 2]);
    const slow = jobOf(first);
    jobOf(second).complete("fast");
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "completed",
      output: "fast",
      peer: mesh.peerOf(second),
    });
    await settled();
    expect(slow.job.signal.aborted).toBe(true);
    expect(mesh.table.get(task.id)).toMatchObject({ retriesMade: 0, lossesMade: 0, attempt: 2 });
    expect(mesh.attempts.size).toBe(0);
    const told = await mesh.home.explain(task.id);
    expect(told.attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, "cancelled"],
      [2, "completed"],
    ]);
    expect(told.summary).toContain("beside");
    expect(mesh.router.gaugesOf(mesh.peerOf(first), mesh.clock.monotonic())).toMatchObject({ inFlight: 0 });
  });

  it("keeps the first's result when that comes after all, and drops the second's", async () => {
    const mesh = memoryMesh(2);
    const { task, first, second } = await hedged(mesh);
    const beside = jobOf(second);
    jobOf(first).complete("first");
    expect(await mesh.home.wait(task.id)).toMatchObject({ output: "first", peer: mesh.peerOf(first) });
    await settled();
    expect(beside.job.signal.aborted).toBe(true);
    expect(mesh.attempts.size).toBe(0);
  });

  it("takes the second's number for no other attempt, and counts one retry when both fail", async () => {
    const mesh = memoryMesh(2);
    const { task, first, second } = await hedged(mesh, { retry: { retries: 1, strategy: "immediate" } });
    jobOf(second).fail(failure());
    await settled();
    expect(mesh.table.get(task.id)).toMatchObject({ state: "running", retriesMade: 0, attempt: 1 });
    jobOf(first).fail(failure());
    await settled();
    expect(mesh.table.get(task.id)).toMatchObject({ retriesMade: 1 });
    const [third] = holders(mesh) as [FakeWorker];
    expect(attemptOf(third)).toBe(3);
    jobOf(third).complete("third");
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: "third" });
  });

  it("goes on with one when the other is lost, and counts no loss", async () => {
    for (const lost of ["first", "second"] as const) {
      const mesh = memoryMesh(2);
      const both = await hedged(mesh);
      const left = lost === "first" ? both.second : both.first;
      mesh.cut(both[lost], "gone");
      await mesh.pass(1_000);
      expect(mesh.table.get(both.task.id)).toMatchObject({ state: "running", peer: mesh.peerOf(left) });
      jobOf(left).complete("left");
      expect(await mesh.home.wait(both.task.id)).toMatchObject({ output: "left" });
      expect(mesh.table.get(both.task.id)).toMatchObject({ lossesMade: 0 });
    }
  });

  it("waits for the other when an answer does not hold", async () => {
    const mesh = memoryMesh(2);
    const { task, first, second } = await hedged(mesh);
    second.tamper = (message) =>
      message.kind === "response"
        ? { ...message, response: { ...message.response, outputHash: new Uint8Array(32) } }
        : message;
    jobOf(second).complete("lie");
    await settled();
    expect(mesh.table.get(task.id)).toMatchObject({ state: "running", lossesMade: 0 });
    jobOf(first).complete("truth");
    expect(await mesh.home.wait(task.id)).toMatchObject({ output: "truth" });
  });

  it("stays with the first when the second refuses", async () => {
    const mesh = memoryMesh(2);
    await learn(mesh);
    const task = await submit(mesh, { input: jsonBody(2) });
    const [first] = holders(mesh) as [FakeWorker];
    for (const worker of mesh.workers)
      worker.refuse = { verdict: "refused", code: "QueueFull", message: "", retryAfterMs: 0 };
    await mesh.pass(1_500);
    expect(holders(mesh)).toEqual([first]);
    jobOf(first).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  });

  it("is taken from both by a cancel, and moved away from both", async () => {
    const mesh = memoryMesh(3);
    const one = await hedged(mesh);
    const jobs = [jobOf(one.first), jobOf(one.second)];
    await mesh.home.cancel(one.task.id, "enough");
    await settled();
    expect(jobs.map(({ job }) => job.signal.aborted)).toEqual([true, true]);
    expect(mesh.attempts.size).toBe(0);

    const two = await hedged(mesh);
    await mesh.home.move(two.task.id);
    await mesh.pass(500);
    const [third] = holders(mesh) as [FakeWorker];
    expect([two.first, two.second]).not.toContain(third);
    jobOf(third).complete("third");
    expect(await mesh.home.wait(two.task.id)).toMatchObject({ output: "third" });
  });

  it.each([
    ["its submitter says no", { idempotent: false }],
    ["it names its peer", { peer: "first" }],
    ["a lost attempt is to end it", { onLost: "fail" as const }],
    ["it shares a place with others", { concurrencyKey: "k" }],
  ])("has one attempt when %s", async (_why, extra) => {
    const mesh = memoryMesh(2);
    await learn(mesh);
    const peer = "peer" in extra ? { peer: mesh.peerOf(mesh.workers[0] as FakeWorker) } : {};
    await submit(mesh, { input: jsonBody(2), ...extra, ...peer });
    await mesh.pass(3_000);
    expect(holders(mesh)).toHaveLength(1);
  });

  it("has no more second attempts than the budget", async () => {
    const mesh = memoryMesh(40);
    await learn(mesh);
    const tasks: TaskView[] = [];
    for (let n = 0; n < 40; n++) tasks.push(await submit(mesh, { input: jsonBody({ n }), cache: false }));
    await mesh.pass(1_000);
    const out = mesh.workers.reduce((sum, worker) => sum + open(worker).length, 0);
    expect(out - tasks.length).toBeGreaterThan(0);
    expect(out - tasks.length).toBeLessThanOrEqual(13);
  });
});

describe("a home that crashes with two attempts out", () => {
  it("takes up the one that its store names, and the other's answer is late", async () => {
    const mesh = memoryMesh(2);
    const { task, first, second } = await hedged(mesh);
    await crash(mesh);
    jobOf(second).complete("second");
    await settled();
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "running", peer: mesh.peerOf(first) });
    jobOf(first).complete("first");
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: "first" });
  });
});

it("ends once, with a result that a worker gave, whatever happens to the two in which order", async () => {
  const event = fc.constantFrom("complete", "fail", "cut", "gone", "heal", "pass", "crash");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(event, fc.boolean()), { minLength: 1, maxLength: 8 }),
      async (events) => {
        const mesh = memoryMesh(3);
        const { task, first, second } = await hedged(mesh, {
          retry: { retries: 20, strategy: "immediate" },
        });
        const given = new Set<string>();
        const complete = (worker: FakeWorker): void => {
          for (const job of open(worker)) {
            given.add(mesh.peerOf(worker));
            job.complete(mesh.peerOf(worker));
          }
        };
        for (const [what, toFirst] of events) {
          const worker = toFirst ? first : second;
          if (what === "complete") complete(worker);
          else if (what === "fail") for (const job of open(worker)) job.fail(failure());
          else if (what === "cut" || what === "gone") mesh.cut(worker, what);
          else if (what === "heal") mesh.heal(worker);
          else if (what === "pass") await mesh.pass(600);
          else await crash(mesh);
          if (toFirst) await settled();
        }
        for (const worker of mesh.workers) mesh.heal(worker);
        let ended: TaskView | undefined;
        void mesh.home.wait(task.id).then((view) => (ended = view));
        await settled();
        for (let n = 0; n < 30 && ended === undefined; n++) {
          for (const worker of mesh.workers) complete(worker);
          await mesh.pass(1_000);
        }
        expect(ended).toMatchObject({ status: "completed" });
        expect(given).toContain(ended?.output);
        expect(ended?.peer).toBe(ended?.output);
        expect(mesh.attempts.size).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
