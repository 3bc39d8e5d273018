/** Answers that outlive their worker, and what a worker says of attempts that it does not know. */
import { expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import type { Message, Session } from "../../../src/network/messages.ts";
import {
  crashableMesh,
  memoryMesh,
  settled,
  type FakeWorker,
  type RunningJob,
} from "../../support/memory-mesh.ts";
import { randomOf } from "../../support/seeds.ts";
import { simulatedDisk } from "../../support/simulated-store.ts";

async function oneWorker() {
  const random = randomOf(1);
  const homeDisk = simulatedDisk(random);
  const workerDisk = simulatedDisk(random);
  const mesh = crashableMesh({
    workers: 1,
    seed: 1,
    store: homeDisk.open(),
    workerStore: () => workerDisk.open(),
  });
  const worker = mesh.workers[0] as FakeWorker;
  const stored = (): number => workerDisk.db.prepare("SELECT * FROM results").all().length;
  const submit = async () => {
    const task = await mesh.home.submit({ skill: "echo", input: jsonBody({ n: 1 }) });
    await settled();
    return task;
  };
  /** kill -9 and a start, while nobody looks. */
  const crashWorker = async (): Promise<void> => {
    workerDisk.crash();
    await worker.restart(workerDisk.open());
    await settled();
  };
  return { mesh, worker, homeDisk, stored, submit, crashWorker, job: () => worker.jobs[0] as RunningJob };
}

it("an answer that is not acknowledged is on disk after a while, and is delivered by the worker's next life", async () => {
  const { mesh, worker, stored, submit, crashWorker, job } = await oneWorker();
  const task = await submit();
  mesh.cut(worker, "cut");
  job().complete({ kept: true });
  await mesh.pass(200);
  expect(stored()).toBe(0);
  await mesh.pass(500);
  expect(stored()).toBe(1);
  await crashWorker();
  mesh.heal(worker);
  await mesh.pass(2_000);
  expect(await mesh.home.wait(task.id)).toMatchObject({
    status: "completed",
    attempts: 1,
    output: { kept: true },
  });
  expect(worker.jobs).toEqual([]);
  expect(stored()).toBe(0);
});

it("home and worker both crash: the answer still finds its task", async () => {
  const { mesh, worker, homeDisk, submit, crashWorker, job, stored } = await oneWorker();
  const task = await submit();
  mesh.crashHome();
  homeDisk.crash();
  job().complete({ kept: true });
  await mesh.pass(1_000);
  await crashWorker();
  await mesh.restartHome(homeDisk.open());
  await mesh.pass(2_000);
  expect(await mesh.home.wait(task.id)).toMatchObject({ status: "completed", attempts: 1 });
  expect(worker.jobs).toEqual([]);
  expect(stored()).toBe(0);
});

it("what is acknowledged soon costs no write; what took long is written at once", async () => {
  const { mesh, worker, submit, job, stored } = await oneWorker();
  const quick = await submit();
  job().complete(1);
  await mesh.pass(1_000);
  expect(await mesh.home.wait(quick.id)).toMatchObject({ status: "completed" });

  worker.jobs = [];
  worker.wallMs = limits.outboxDelayMs;
  const slow = await submit();
  mesh.cut(worker, "cut");
  job().complete(2);
  await settled();
  expect(stored()).toBe(1);
  mesh.heal(worker);
  await mesh.pass(2_000);
  expect(await mesh.home.wait(slow.id)).toMatchObject({ status: "completed", attempts: 1 });
  expect(stored()).toBe(0);
});

it("an answer for nobody is forgotten after a while, by this life and by the next", async () => {
  const { mesh, submit, job, stored, crashWorker } = await oneWorker();
  await submit();
  mesh.crashHome();
  job().complete(1);
  await mesh.pass(1_000);
  expect(stored()).toBe(1);
  mesh.clock.advance(limits.answerKeptMs / 2);
  await crashWorker();
  expect(stored()).toBe(1);
  mesh.clock.advance(limits.answerKeptMs / 2 + 1_000);
  await mesh.pass(500);
  expect(stored()).toBe(0);
});

it("a life that begins too late deletes what it finds", async () => {
  const { mesh, submit, job, stored, crashWorker } = await oneWorker();
  await submit();
  mesh.crashHome();
  job().complete(1);
  await mesh.pass(1_000);
  mesh.clock.setWall(mesh.clock.now() + limits.answerKeptMs);
  expect(stored()).toBe(1);
  await crashWorker();
  await mesh.pass(250);
  expect(stored()).toBe(0);
});

it("a query for an attempt that nobody knows is answered", async () => {
  const { mesh, worker, submit } = await oneWorker();
  const { id } = await submit();
  for (const attempt of [1, 2]) mesh.say(worker, { kind: "query", query: { taskId: id, attempt } });
  await settled();
  const states = worker.log.flatMap(({ message }) => (message.kind === "status" ? [message.status] : []));
  expect(states).toEqual([
    { taskId: id, attempt: 1, state: "waiting" },
    { taskId: id, attempt: 2, state: "unknown" },
  ]);
});

it("a drain ends when its last answers are acknowledged, and without them after a while", async () => {
  const mesh = memoryMesh(1);
  const worker = mesh.workers[0] as FakeWorker;
  /** Whether the drain had ended before `then` was called, and after it. */
  async function drainAnd(then: (release: () => void) => void): Promise<boolean[]> {
    worker.serving.undrain();
    await mesh.home.submit({ skill: "echo", input: jsonBody(1) });
    await settled();
    const release = mesh.store.hold();
    worker.jobs.at(-1)?.complete(1);
    let ended = false;
    void worker.serving.drain(1_000).then(() => (ended = true));
    await settled();
    const before = ended;
    then(release);
    await settled();
    release();
    return [before, ended];
  }
  expect(await drainAnd((release) => release())).toEqual([false, true]);
  expect(await drainAnd(() => mesh.clock.advance(limits.ackTimeoutMs))).toEqual([false, true]);
});

it("answers that a peer no longer asks for make room for its new tasks", async () => {
  const { worker } = await oneWorker();
  const sessionOf = (said: Message[]): Session => ({
    peer: "12D3KooWPeer",
    direction: "in",
    remote: { version: 1, network: "test", capabilities: [], resume: [] },
    closed: new AbortController().signal,
    bufferedBytes: 0,
    send: (message) => void said.push(message),
    complain() {},
    close() {},
  });
  const request = (session: Session): void =>
    worker.serving.onRequest(
      {
        kind: "request",
        request: {
          taskId: newTaskId(),
          attempt: 1,
          leaseEpoch: 1,
          skill: "echo",
          skillVersion: "",
          priority: 96,
          deadlineMs: 60_000,
          leaseMs: limits.leaseMs,
          input: jsonBody(1),
          deterministic: false,
          idempotent: false,
        },
      },
      session,
    );
  const verdicts = (said: Message[]): string[] =>
    said.flatMap((message) => (message.kind === "ack" ? [message.ack.verdict] : []));

  const firstSaid: Message[] = [];
  const first = sessionOf(firstSaid);
  for (let i = 0; i <= limits.inFlightPerPeer; i++) request(first);
  expect(verdicts(firstSaid).filter((verdict) => verdict === "accepted")).toHaveLength(
    limits.inFlightPerPeer,
  );
  expect(verdicts(firstSaid).at(-1)).toBe("refused");
  for (const job of worker.jobs) job.complete(1);
  await settled();
  // Still owed to a session that is there.
  request(first);
  expect(verdicts(firstSaid).at(-1)).toBe("refused");

  worker.serving.onSessionClosed(first);
  const secondSaid: Message[] = [];
  const second = sessionOf(secondSaid);
  worker.serving.onSessionOpen(second);
  request(second);
  expect(verdicts(secondSaid)).toEqual(["accepted"]);
});
