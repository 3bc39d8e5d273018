/** Wishes that come at a bad moment: between two awaits of a step, in a place that frees itself, just before a commit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { silentLog } from "../../../src/core/log.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { openStore } from "../../../src/storage/sqlite-store.ts";
import { createIdempotency } from "../../../src/tasks/idempotency.ts";
import { createAttempts } from "../../../src/tasks/attempts.ts";
import { createKeyedLimits } from "../../../src/tasks/keyed-limits.ts";
import type { TaskRecord } from "../../../src/tasks/record.ts";
import type { Session, TaskRequest } from "../../../src/network/messages.ts";
import type { Submission, TaskView } from "../../../src/tasks/task.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { memoryMesh, settled, type FakeWorker, type RunningJob } from "../../support/memory-mesh.ts";

type Mesh = ReturnType<typeof memoryMesh>;

async function submit(mesh: Mesh, extra: Partial<Submission> = {}): Promise<TaskView> {
  const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }), ...extra });
  await settled();
  return task;
}

const jobs = (mesh: Mesh): RunningJob[] => mesh.workers.flatMap((worker) => worker.jobs);

it("what is no longer wanted when the session is open is not sent", async () => {
  const opened = Promise.withResolvers<Session>();
  const sent: unknown[] = [];
  const attempts = createAttempts({
    clock: manualClock(),
    current: () => undefined,
    open: () => opened.promise,
    isGone: () => false,
  });
  let wanted = true;
  const events = { accepted() {}, acked() {}, started() {}, progress() {}, load() {} };
  const request = { taskId: newTaskId(), attempt: 1 } as TaskRequest;
  const outcome = attempts.send("peer", request, events, () => wanted);
  wanted = false;
  opened.resolve({ bufferedBytes: 0, send: (message: unknown) => sent.push(message) } as unknown as Session);
  expect(await outcome).toEqual({ kind: "unsent" });
  expect(sent).toEqual([]);
  expect(attempts.inFlightAt("peer")).toBe(0);
});

it("a pause while providers are looked for holds", async () => {
  const mesh = memoryMesh(1);
  const task = await submit(mesh, { skill: "unknown.skill" });
  await mesh.home.pause(task.id);
  await mesh.pass(2_000);
  expect(await mesh.home.get(task.id)).toMatchObject({ status: "paused" });
});

it("a pause and a resume in one breath leave one attempt", async () => {
  const mesh = memoryMesh(2);
  const task = await submit(mesh);
  for (let n = 0; n < 5; n++) {
    await mesh.home.pause(task.id);
    await mesh.home.resume(task.id);
  }
  await settled();
  expect(jobs(mesh)).toHaveLength(1);
  (jobs(mesh)[0] as RunningJob).complete(1);
  expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  expect(mesh.attempts.size).toBe(0);
});

it("a worker that gives everything back is not asked for ever", async () => {
  const mesh = memoryMesh(1);
  const task = await submit(mesh);
  let result: TaskView | undefined;
  void mesh.home.wait(task.id).then((view) => (result = view));
  for (let n = 0; n < 40 && result === undefined; n++) {
    const stop = mesh.workers[0] as FakeWorker;
    for (const { job, fail } of stop.jobs)
      if (!job.signal.aborted) fail(Object.assign(new Error("not now"), { code: "Cancelled" }) as never);
    await mesh.pass(6_500);
  }
  expect(result).toMatchObject({ status: "failed" });
  expect(jobs(mesh).length).toBeLessThan(20);
});

it("a key's limit holds for a task that is moved, and for those behind it", async () => {
  const mesh = memoryMesh(2);
  const out = (): number => jobs(mesh).filter(({ job }) => !job.signal.aborted).length;
  const tasks: TaskView[] = [];
  for (let n = 0; n < 4; n++)
    tasks.push(await submit(mesh, { input: jsonBody(n), concurrencyKey: "k", concurrency: 2 }));
  await mesh.home.move((tasks[0] as TaskView).id);
  await settled();
  expect(out()).toBe(2);
  await mesh.home.cancel((tasks[2] as TaskView).id, "");
  for (const job of jobs(mesh)) if (!job.job.signal.aborted) job.complete(1);
  await settled();
  expect(out()).toBeGreaterThan(0);
  expect(await mesh.home.get((tasks[3] as TaskView).id)).toMatchObject({ status: "running" });
});

it("keyed limits never lose a place: whoever is called and does not come leaves it to the next", () => {
  const called: TaskRecord[] = [];
  const limits = createKeyedLimits({ s: { concurrency: 1 } }, (record) => called.push(record));
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, spec: { skill: "s" } }) as unknown as TaskRecord) as [
    TaskRecord,
    TaskRecord,
    TaskRecord,
  ];
  expect(limits.admit(a, 0)).toBe("go");
  expect(limits.admit(b, 0)).toBe("aside");
  expect(limits.admit(c, 0)).toBe("aside");
  limits.release(a);
  expect(called).toEqual([b]);
  limits.forget(b);
  expect(called).toEqual([b, c]);
  expect(limits.admit(c, 0)).toBe("go");
  expect(limits.admit(a, 0)).toBe("aside");
  limits.release(c);
  expect(limits.admit(a, 0)).toBe("go");
});

it("an idempotency key makes one task of callers that come while it is committed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "errand-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openStore({ path: join(folder, "errand.db"), log: silentLog });
  onTestFinished(() => store.close());
  const idempotency = createIdempotency(store, () => store.committed());
  let made = 0;
  const call = (key: string): Promise<{ id: string }> =>
    idempotency.once(key, async () => {
      made++;
      const id = newTaskId();
      idempotency.bind(key, id, 0);
      return id;
    });
  for (let round = 0; round < 50; round++) {
    const ids = new Set<string>();
    const callers: Promise<unknown>[] = [];
    for (let n = 0; n < 8; n++) {
      callers.push(call(`key ${round}`).then(({ id }) => ids.add(id)));
      // A turn or two apart: some come before the commit, some after.
      for (let turn = 0; turn < n % 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(callers);
    expect(ids.size).toBe(1);
  }
  expect(made).toBe(50);
});

it("a worker that said it would go, and went before its last word came, costs the task nothing", async () => {
  const mesh = memoryMesh(2);
  const task = await submit(mesh, { retry: { retries: 0 } });
  const first = mesh.busy();
  first.tamper = (message) => (message.kind === "response" ? undefined : message);
  void first.serving.drain(0);
  await settled();
  mesh.cut(first, "gone");
  await mesh.pass(500);
  const second = mesh.workers.find((worker) => worker !== first) as FakeWorker;
  (second.jobs[0] as RunningJob).complete(1);
  expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  expect(mesh.table.get(task.id)).toMatchObject({ lossesMade: 0, handBacks: 1 });
});
