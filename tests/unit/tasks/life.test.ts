/** The life of a task between a home and its workers, over a wire that carries real frames and breaks when told. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import type { Message } from "../../../src/network/messages.ts";
import type { Submission, TaskView } from "../../../src/tasks/task.ts";
import {
  memoryMesh,
  newSigner,
  settled,
  type FakeWorker,
  type RunningJob,
} from "../../support/memory-mesh.ts";

type Mesh = ReturnType<typeof memoryMesh>;

async function submit(mesh: Mesh, extra: Partial<Submission> = {}): Promise<TaskView> {
  const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }), ...extra });
  await settled();
  return task;
}

const jobOf = (worker: FakeWorker): RunningJob => worker.jobs.at(-1) as RunningJob;
const sentTo = (worker: FakeWorker, kind: Message["kind"]): Message[] =>
  worker.log.filter((one) => one.to === "worker" && one.message.kind === kind).map((one) => one.message);

/** The other worker of two. */
function other(mesh: Mesh, worker: FakeWorker): FakeWorker {
  return mesh.workers.find((one) => one !== worker) as FakeWorker;
}

describe("a task", () => {
  it("runs at a worker, and its answer is acknowledged after the commit", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "running", attempts: 1 });
    const worker = mesh.busy();
    const release = mesh.store.hold();
    jobOf(worker).complete({ ok: true });
    await settled();
    let told = false;
    void mesh.home.wait(task.id).then(() => (told = true));
    await settled();
    expect(told).toBe(false);
    expect(sentTo(worker, "responseAck")).toEqual([]);
    release();
    await settled();
    expect(told).toBe(true);
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "completed",
      output: { ok: true },
      peer: mesh.peerOf(worker),
    });
    expect(sentTo(worker, "responseAck")).toHaveLength(1);
  });

  it("is not acknowledged when it cannot be stored", async () => {
    const mesh = memoryMesh(1);
    mesh.store.fail(new ErrandError("StorageFailed", "disk full"));
    await expect(mesh.home.submit({ skill: "echo", input: jsonBody(1) })).rejects.toMatchObject({
      code: "StorageFailed",
    });
  });

  it("goes to the fallback when the first refuses, and no attempt is counted for the refusal", async () => {
    const mesh = memoryMesh(2);
    for (const worker of mesh.workers)
      worker.refuse = { verdict: "refused", code: "QueueFull", message: "full", retryAfterMs: 300 };
    const task = await submit(mesh);
    expect(mesh.workers.flatMap((worker) => worker.jobs)).toEqual([]);
    for (const worker of mesh.workers) worker.refuse = undefined;
    await mesh.pass(6_000);
    jobOf(mesh.busy()).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  });

  it("ends at once when its input is invalid", async () => {
    const mesh = memoryMesh(1);
    (mesh.workers[0] as FakeWorker).refuse = {
      verdict: "refused",
      code: "InvalidInput",
      message: "input must be object",
      retryAfterMs: 0,
    };
    const task = await submit(mesh);
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      error: { code: "InvalidInput", message: "input must be object" },
    });
  });

  it("fails with NoCapablePeer when nobody turns up within the window", async () => {
    const mesh = memoryMesh(1);
    const task = await mesh.home.submit({ skill: "unknown.skill", input: jsonBody(1) });
    const ended = mesh.home.wait(task.id);
    await mesh.pass(4_000);
    expect((await mesh.home.get(task.id)).status).toBe("queued");
    // `discover` is bounded by real time, a second a round; the window by the clock.
    const result = await Promise.race([
      ended,
      (async () => {
        for (;;) await mesh.pass(1_000);
      })(),
    ]);
    expect(result).toMatchObject({
      status: "failed",
      reason: "no-capable-peer",
      error: { code: "NoCapablePeer" },
    });
  });

  it("goes elsewhere at once when its worker is gone, and uses up no retry", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh, { retry: { retries: 0 } });
    const first = mesh.busy();
    mesh.cut(first, "gone");
    await mesh.pass(250);
    jobOf(other(mesh, first)).complete("second");
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "completed",
      output: "second",
      attempts: 2,
    });
  });

  it("stays with its worker through a break shorter than the lease: nothing runs twice", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const worker = mesh.busy();
    mesh.cut(worker, "cut");
    await mesh.pass(8_000);
    mesh.heal(worker);
    await mesh.pass(2_000);
    jobOf(worker).complete("late");
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: "late", attempts: 1 });
    expect(other(mesh, worker).jobs).toEqual([]);
  });

  it("gets the answer that was made while the connection was broken", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    const worker = mesh.busy();
    mesh.cut(worker, "cut");
    jobOf(worker).complete("kept");
    await mesh.pass(3_000);
    mesh.heal(worker);
    await mesh.pass(1_000);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: "kept", attempts: 1 });
  });

  it("goes elsewhere after a break longer than the lease; the worker stops by itself; the stale answer is dropped", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const first = mesh.busy();
    mesh.cut(first, "cut");
    await mesh.pass(20_000);
    expect(jobOf(first).job.signal.aborted).toBe(true);
    const second = other(mesh, first);
    jobOf(second).complete("second");
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "completed",
      output: "second",
      peer: mesh.peerOf(second),
    });
    mesh.heal(first);
    await submit(mesh, { peer: mesh.peerOf(first) });
    expect(await mesh.home.get(task.id)).toMatchObject({ output: "second" });
  });

  it("is lost when the worker says nothing for a lease, though the connection stands", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const first = mesh.busy();
    first.tamper = () => undefined;
    await mesh.pass(16_000);
    jobOf(other(mesh, first)).complete(2);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: 2 });
    expect(sentTo(first, "request")).toHaveLength(1);
  });

  it("is kept alive by heartbeats while it runs long", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    await mesh.pass(60_000);
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "running", attempts: 1 });
    jobOf(mesh.busy()).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  });

  it("goes elsewhere when no acknowledgement comes, and the silent worker is told to stop", async () => {
    const mesh = memoryMesh(2);
    for (const worker of mesh.workers) worker.tamper = () => undefined;
    const task = await submit(mesh);
    const first = mesh.busy();
    const second = other(mesh, first);
    second.tamper = (message) => message;
    await mesh.pass(2_500);
    expect(sentTo(first, "cancel")).toHaveLength(1);
    jobOf(second).complete(2);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: 2 });
  });

  it("that loses three workers is a dead letter", async () => {
    const mesh = memoryMesh(4);
    const task = await submit(mesh);
    for (let i = 0; i < 3; i++) {
      const holder = mesh.workers.find(
        (worker) => worker.jobs.some(({ job }) => !job.signal.aborted) && worker.refuse === undefined,
      ) as FakeWorker;
      holder.refuse = { verdict: "refused", code: "QueueFull", message: "", retryAfterMs: 1 };
      mesh.cut(holder, "gone");
      await mesh.pass(2_000);
    }
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      reason: "dead-letter",
      error: { code: "Lost" },
    });
  });

  it("with onLost fail ends with its first loss", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh, { onLost: "fail" });
    const first = mesh.busy();
    mesh.cut(first, "gone");
    await mesh.pass(500);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "failed", reason: "lost" });
    expect(other(mesh, first).jobs).toEqual([]);
  });

  it("is retried with growing delays when its skill fails, and fails when they are used up", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { retry: { retries: 2, strategy: "exponential", delayMs: 5_000 } });
    const worker = mesh.busy();
    const failure = (): ErrandError => new ErrandError("SkillFailed", "no luck", { retryable: true });
    jobOf(worker).fail(failure());
    await settled();
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "retrying" });
    await mesh.pass(4_500);
    expect(worker.jobs).toHaveLength(1);
    await mesh.pass(1_000);
    expect(worker.jobs).toHaveLength(2);
    jobOf(worker).fail(failure());
    await mesh.pass(10_500);
    expect(worker.jobs).toHaveLength(3);
    jobOf(worker).fail(failure());
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "failed",
      attempts: 3,
      error: { code: "SkillFailed", message: "no luck" },
    });
  });

  it("is not retried when its error says that it cannot help", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    jobOf(mesh.busy()).fail(new ErrandError("SkillFailed", "never", { retryable: false }));
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "failed", attempts: 1 });
  });

  it("ends with its own deadline wherever it is", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh, { taskTimeoutMs: 3_000 });
    const worker = mesh.busy();
    await mesh.pass(3_250);
    expect(await mesh.home.wait(task.id)).toMatchObject({
      status: "timeout",
      reason: "expired",
      error: { code: "TaskTimeout" },
    });
    expect(jobOf(worker).job.signal.aborted).toBe(true);
  });

  it("handed back by a worker that shuts down goes elsewhere and uses up nothing", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh, { retry: { retries: 0 }, onLost: "fail" });
    const first = mesh.busy();
    await first.serving.drain(0);
    await mesh.pass(500);
    jobOf(other(mesh, first)).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed" });
  });
});

describe("a cancel", () => {
  it("reaches the running code and ends the task", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    expect(await mesh.home.cancel(task.id, "enough")).toMatchObject({
      status: "cancelled",
      error: { code: "Cancelled", message: "enough" },
    });
    await settled();
    expect(jobOf(mesh.busy()).job.signal.aborted).toBe(true);
    await expect(mesh.home.cancel(task.id, "again")).rejects.toMatchObject({ code: "Conflict" });
  });

  it("that races completion leaves exactly one terminal state, whoever wins", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.nat(6), async (turnsToComplete, turnsToCancel) => {
        const mesh = memoryMesh(1);
        const task = await submit(mesh);
        const after = async (turns: number, run: () => unknown): Promise<void> => {
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
          await run();
        };
        await Promise.all([
          after(turnsToComplete, () => jobOf(mesh.busy()).complete(1)),
          after(turnsToCancel, () => mesh.home.cancel(task.id, "").catch(() => undefined)),
        ]);
        const { status } = await mesh.home.wait(task.id);
        await settled();
        expect(["completed", "cancelled"]).toContain(status);
        expect((await mesh.home.get(task.id)).status).toBe(status);
        const { counters } = mesh.table;
        expect(counters.completed + counters.cancelled).toBe(1);
        expect(mesh.store.statements.filter((sql) => sql.includes("finished_at = ?"))).toHaveLength(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("an answer", () => {
  const lies: [string, (message: Message & { kind: "response" }) => Message][] = [
    [
      "with another output than was signed",
      (m) => ({ ...m, response: { ...m.response, output: jsonBody("forged") } }),
    ],
    [
      "with a hash that was not signed",
      (m) => ({ ...m, response: { ...m.response, outputHash: new Uint8Array(32).fill(9) } }),
    ],
    ["without a signature", (m) => ({ ...m, response: { ...m.response, attest: undefined } })],
    [
      "signed for another attempt",
      (m) => ({
        ...m,
        response: {
          ...m.response,
          attest: m.response.attest && {
            ...m.response.attest,
            leafIndex: 0,
            treeSize: 2,
            proof: [new Uint8Array(32)],
          },
        },
      }),
    ],
  ];
  it.each(lies)(
    "%s is not believed, counts against its worker, and the task goes elsewhere",
    async (_what, lie) => {
      const mesh = memoryMesh(2);
      const task = await submit(mesh, { retry: { retries: 0 } });
      const liar = mesh.busy();
      liar.tamper = (message) => (message.kind === "response" ? lie(message) : message);
      jobOf(liar).complete("true");
      await mesh.pass(500);
      jobOf(other(mesh, liar)).complete("true");
      expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", output: "true" });
      expect(mesh.router.trustOf(mesh.peerOf(liar), mesh.clock.monotonic()).bad).toBeGreaterThan(0);
      expect(mesh.router.trustOf(mesh.peerOf(other(mesh, liar)), mesh.clock.monotonic()).bad).toBe(0);
    },
  );

  it("of a peer that was not asked changes nothing but a counter", async () => {
    const mesh = memoryMesh(2);
    const task = await submit(mesh);
    const asked = mesh.busy();
    // The other worker has a session of its own, and answers what it was not asked.
    const own = await submit(mesh, { peer: mesh.peerOf(other(mesh, asked)) });
    const stranger = other(mesh, asked);
    stranger.tamper = (message) =>
      message.kind === "response"
        ? { ...message, response: { ...message.response, taskId: task.id } }
        : message;
    jobOf(stranger).complete("forged");
    await settled();
    expect(await mesh.home.get(task.id)).toMatchObject({ status: "running" });
    expect(mesh.attempts.counters.lateResponses).toBe(1);
    expect((await mesh.home.get(own.id)).status).toBe("running");
  });

  it("given twice is taken once", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    const worker = mesh.busy();
    jobOf(worker).complete(1);
    await mesh.home.wait(task.id);
    await settled();
    const { message } = worker.log.find((one) => one.message.kind === "response") as {
      message: Message & { kind: "response" };
    };
    const session = { peer: mesh.peerOf(worker), send() {} } as never;
    mesh.handler(message, session);
    expect(mesh.table.counters.completed).toBe(1);
    expect(mesh.attempts.counters.lateResponses).toBe(1);
  });
});

describe("a worker", () => {
  it("answers a duplicate of an attempt from the first", async () => {
    const mesh = memoryMesh(1);
    await submit(mesh);
    const worker = mesh.busy();
    const [request] = sentTo(worker, "request") as [Message];
    mesh.say(worker, request);
    await settled();
    expect(worker.jobs).toHaveLength(1);
    expect(
      worker.log.filter(({ message }) => message.kind === "ack" && message.ack.verdict === "duplicate"),
    ).toHaveLength(1);
    expect(worker.serving.counters).toMatchObject({ served: 1, duplicates: 1 });
  });

  it("refuses everything while it drains, and says so to new sessions", async () => {
    const mesh = memoryMesh(2);
    const drained = mesh.workers[0] as FakeWorker;
    await drained.serving.drain(0);
    const task = await submit(mesh);
    jobOf(mesh.busy()).complete(1);
    expect(await mesh.home.wait(task.id)).toMatchObject({ peer: mesh.peerOf(mesh.workers[1] as FakeWorker) });
  });

  it("cancels only for the submitter of the task", async () => {
    const mesh = memoryMesh(1);
    const task = await submit(mesh);
    const worker = mesh.busy();
    const stranger = { peer: newSigner().peer, send() {}, complain() {} } as never;
    worker.serving.onRequest(
      { kind: "cancel", cancel: { taskId: task.id, attempt: 1, reason: "mine now" } },
      stranger,
    );
    await settled();
    expect(jobOf(worker).job.signal.aborted).toBe(false);
  });
});

it("whatever the wire does to messages, a task ends once and as its worker said", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("pass", "drop", "twice"), { minLength: 8, maxLength: 30 }),
      fc.nat(1_000),
      async (fates, seed) => {
        const mesh = memoryMesh(3, seed + 1);
        let next = 0;
        for (const worker of mesh.workers) {
          worker.tamper = (message) => {
            const fate = fates[next++ % fates.length];
            if (fate === "twice")
              setImmediate(() =>
                mesh.handler(message, { peer: mesh.peerOf(worker), send() {}, complain() {} } as never),
              );
            // Past the list everything passes, or nothing might ever end.
            return fate === "drop" && next < fates.length ? undefined : message;
          };
        }
        const task = await submit(mesh);
        const ended = mesh.home.wait(task.id).then((view) => view);
        let view: TaskView | undefined;
        void ended.then((result) => (view = result));
        for (let i = 0; i < 200 && view === undefined; i++) {
          for (const worker of mesh.workers)
            for (const { job, complete } of worker.jobs) if (!job.signal.aborted) complete("answer");
          await mesh.pass(1_000);
        }
        // Three workers lost in a row is an honest end too.
        expect(view).toSatisfy(
          (result: TaskView) =>
            (result.status === "completed" && result.output === "answer") || result.reason === "dead-letter",
        );
        expect(mesh.table.counters.completed + mesh.table.counters.failed).toBe(1);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
