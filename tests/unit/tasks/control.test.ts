/** What users do to tasks, and what keeps tasks from running: time, keys, limits, twins. */
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import type { Submission, TaskView } from "../../../src/tasks/task.ts";
import { memoryMesh, settled, type FakeWorker, type RunningJob } from "../../support/memory-mesh.ts";

type Mesh = ReturnType<typeof memoryMesh>;

async function submit(mesh: Mesh, extra: Partial<Submission> = {}): Promise<TaskView> {
  const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }), ...extra });
  await settled();
  return task;
}

const requests = (mesh: Mesh): number =>
  mesh.workers.flatMap((worker) => worker.log).filter(({ message }) => message.kind === "request").length;
const only = (mesh: Mesh): FakeWorker => mesh.workers[0] as FakeWorker;
const jobs = (mesh: Mesh): RunningJob[] => mesh.workers.flatMap((worker) => worker.jobs);
const other = (mesh: Mesh, worker: FakeWorker): FakeWorker =>
  mesh.workers.find((one) => one !== worker) as FakeWorker;

describe("a task for later", () => {
  it("waits for its time and then runs", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { notBefore: mesh.clock.now() + 90_000 });
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "scheduled" });
    await mesh.pass(89_000);
    expect(jobs(mesh)).toHaveLength(0);
    await mesh.pass(1_500);
    (jobs(mesh)[0] as RunningJob).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  });

  it("goes by the wall clock, also when that jumps", async () => {
    const mesh = memoryMesh(1);
    await submit(mesh, { notBefore: mesh.clock.now() + 3_600_000 });
    mesh.clock.setWall(mesh.clock.now() + 3_600_000);
    await mesh.pass(60_250);
    expect(jobs(mesh)).toHaveLength(1);
    await submit(mesh, { notBefore: mesh.clock.now() + 30_000 });
    mesh.clock.setWall(mesh.clock.now() - 3_600_000);
    await mesh.pass(120_000);
    expect(jobs(mesh)).toHaveLength(1);
  });

  it("can be cancelled before", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { notBefore: mesh.clock.now() + 10_000 });
    expect(await mesh.home.cancel(task.id, "")).toMatchObject({ status: "cancelled" });
    await mesh.pass(11_000);
    expect(jobs(mesh)).toHaveLength(0);
  });
});

describe("pause and resume", () => {
  it("hold a task that waits", async () => {
    const mesh = memoryMesh(1);
    only(mesh).refuse = { verdict: "refused", code: "QueueFull", message: "", retryAfterMs: 100 };
    const task = await submit(mesh);
    expect(await mesh.home.pause(task.id)).toMatchObject({ status: "paused" });
    only(mesh).refuse = undefined;
    await mesh.pass(20_000);
    expect(jobs(mesh)).toHaveLength(0);
    await mesh.home.resume(task.id);
    await mesh.pass(500);
    (jobs(mesh)[0] as RunningJob).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });

  it("let a running attempt finish", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    expect(await mesh.home.pause(task.id)).toMatchObject({ status: "running" });
    (jobs(mesh)[0] as RunningJob).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });

  it("hold a running task once its worker has lost it", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const worker = mesh.busy();
    await mesh.home.pause(task.id);
    mesh.cut(worker, "gone");
    await mesh.pass(3_000);
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "paused" });
    await mesh.home.resume(task.id);
    await settled();
    (other(mesh, worker).jobs[0] as RunningJob).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });

  it("keep a scheduled task's time", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { notBefore: mesh.clock.now() + 60_000 });
    await mesh.home.pause(task.id);
    expect(await mesh.home.resume(task.id)).toMatchObject({ status: "scheduled" });
    await mesh.pass(61_000);
    expect(jobs(mesh)).toHaveLength(1);
  });
});

describe("retry and rerun", () => {
  it("make a new task of one that has ended, and refuse one that has not", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { retry: { retries: 0 }, labels: { a: "b" } });
    await expect(mesh.home.retry(task.id)).rejects.toMatchObject({ code: "Conflict" });
    (jobs(mesh)[0] as RunningJob).fail(new ErrandError("SkillFailed", "no"));
    await mesh.home.wait(task.id);
    const second = await mesh.home.retry(task.id);
    expect(second).toMatchObject({ labels: { a: "b", retryOf: task.id } });
    expect(second.id).not.toBe(task.id);
    await settled();
    (jobs(mesh)[1] as RunningJob).complete(1);
    await mesh.home.wait(second.id);
    await expect(mesh.home.retry(second.id)).rejects.toMatchObject({
      code: "Conflict",
      hint: expect.stringContaining("rerun") as string,
    });
    expect(await mesh.home.rerun(second.id)).toMatchObject({ labels: { rerunOf: second.id } });
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "failed" });
  });
});

describe("move", () => {
  it("takes a task from its worker to another, and uses up nothing", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh, { retry: { retries: 0 } });
    const first = mesh.busy();
    const target = mesh.peerOf(other(mesh, first));
    await mesh.home.move(task.id, target);
    await settled();
    expect((first.jobs[0] as RunningJob).job.signal.aborted).toBe(true);
    (other(mesh, first).jobs[0] as RunningJob).complete("there");
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "completed",
      peer: target,
      output: "there",
    });
  });

  it("goes on without a worker that does not say that it stopped", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const first = mesh.busy();
    first.tamper = () => undefined;
    await mesh.home.move(task.id);
    await mesh.pass(4_000);
    (other(mesh, first).jobs[0] as RunningJob).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });

  it("is refused for a task that was submitted for one peer", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh, { peer: mesh.peerOf(only(mesh)) });
    await expect(mesh.home.move(task.id)).rejects.toMatchObject({ code: "Conflict" });
  });
});

describe("a cancel", () => {
  it("reaches children and theirs, and nobody else", async () => {
    const mesh = memoryMesh(1);
    const parent = await submit(mesh);
    const child = await submit(mesh, { parentId: parent.id });
    const grandchild = await submit(mesh, { parentId: child.id, notBefore: mesh.clock.now() + 1e6 });
    const stranger = await submit(mesh);
    await mesh.home.cancel(parent.id, "");
    for (const id of [child.id, grandchild.id])
      expect(await mesh.home.wait(id)).toMatchObject({ status: "cancelled" });
    expect(await mesh.home.get(stranger.id)).toMatchObject({ status: "running" });
    await expect(submit(mesh, { parentId: parent.id })).rejects.toMatchObject({ code: "Conflict" });
  });
});

describe("keyed limits", () => {
  it("let only so many tasks of a key out at once, in their order", async () => {
    const mesh = memoryMesh(1);
    const tasks = [];
    for (let n = 0; n < 4; n++)
      tasks.push(await submit(mesh, { input: jsonBody(n), concurrencyKey: "one", concurrency: 2 }));
    expect(jobs(mesh)).toHaveLength(2);
    const free = await submit(mesh, { input: jsonBody("free") });
    expect(await mesh.home.get(free.id)).toMatchObject({ status: "running" });
    (jobs(mesh)[0] as RunningJob).complete(0);
    await settled();
    expect(jobs(mesh)).toHaveLength(4);
    expect(await mesh.home.get((tasks[2] as TaskView).id)).toMatchObject({ status: "running" });
    expect(await mesh.home.get((tasks[3] as TaskView).id)).toMatchObject({ status: "queued" });
    await mesh.home.cancel((tasks[3] as TaskView).id, "");
    (jobs(mesh)[1] as RunningJob).complete(1);
    await settled();
    expect(jobs(mesh)).toHaveLength(4);
  });

  it("hold a skill to its rate", async () => {
    const mesh = memoryMesh(1, 1, { echo: { perSecond: 2 } });
    for (let n = 0; n < 6; n++) await submit(mesh, { input: jsonBody(n) });
    expect(jobs(mesh)).toHaveLength(2);
    await mesh.pass(1_000);
    expect(jobs(mesh)).toHaveLength(4);
    await mesh.pass(1_500);
    expect(jobs(mesh)).toHaveLength(6);
  });
});

describe("an attempt's number", () => {
  it("is kept through refusals, so that a long wait does not use them up", async () => {
    const mesh = memoryMesh(1);
    only(mesh).refuse = { verdict: "refused", code: "QueueFull", message: "", retryAfterMs: 100 };
    const task = await submit(mesh);
    await mesh.pass(60_000);
    only(mesh).refuse = undefined;
    await mesh.pass(7_000);
    expect((jobs(mesh)[0] as RunningJob).job.id).toBe(`${task.id}-1`);
  });
});

it("many submissions at once share one commit, and each has its own answer", async () => {
  const mesh = memoryMesh(1);
  const results = await mesh.home.submitMany([
    { skill: "echo", input: jsonBody(1) },
    { skill: "Not A Skill", input: jsonBody(1) },
    { skill: "echo", input: jsonBody(2) },
  ]);
  expect(results[0]).toMatchObject({ status: expect.stringMatching(/queued|assigned|running/) as string });
  expect(results[1]).toMatchObject({ code: "InvalidInput" });
  await settled();
  expect(jobs(mesh)).toHaveLength(2);
});

describe("when everybody is full", () => {
  it("a thousand waiting tasks ask a few times, not a thousand; they run in order once there is room", async () => {
    const mesh = memoryMesh(2);
    for (const worker of mesh.workers)
      worker.refuse = { verdict: "refused", code: "QueueFull", message: "full", retryAfterMs: 1_000 };
    for (let n = 0; n < 900; n++) await mesh.home.submit({ skill: "echo", input: jsonBody(n), cache: false });
    const before = requests(mesh);
    // In steps in which refusals come back, as they do on a real network.
    for (let passed = 0; passed < 10_000; passed += 20) {
      mesh.clock.advance(20);
      await settled();
    }
    const asked = requests(mesh) - before;
    // Asking for each by itself would be 18,000 in this time.
    expect(asked).toBeLessThan(2_000);
    const urgent = await mesh.home.submit({
      skill: "echo",
      input: jsonBody("urgent"),
      priority: 224,
      cache: false,
    });
    for (const worker of mesh.workers) worker.refuse = undefined;
    await mesh.pass(6_000);
    expect(jobs(mesh)).toHaveLength(901);
    const started = mesh.workers
      .flatMap((worker) => worker.log)
      .flatMap(({ message }) =>
        message.kind === "request" && message.request.taskId === urgent.id ? [message] : [],
      );
    expect(started.length).toBeGreaterThan(0);
  });

  it("a held task can be cancelled, paused and timed out", async () => {
    const mesh = memoryMesh(1);
    only(mesh).refuse = { verdict: "refused", code: "QueueFull", message: "full", retryAfterMs: 2_000 };
    const [cancelled, paused, late] = [
      await submit(mesh),
      await submit(mesh),
      await submit(mesh, { queueTimeoutMs: 3_000 }),
    ];
    await mesh.home.cancel(cancelled.id, "");
    await mesh.home.pause(paused.id);
    await mesh.pass(4_000);
    only(mesh).refuse = undefined;
    await mesh.pass(6_000);
    expect(jobs(mesh)).toHaveLength(0);
    expect(await mesh.home.get(late.id)).toMatchObject({ status: "timeout" });
    await mesh.home.resume(paused.id);
    await settled();
    expect(jobs(mesh)).toHaveLength(1);
  });
});
