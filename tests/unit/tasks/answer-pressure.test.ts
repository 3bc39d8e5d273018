/** A worker whose submitter asks for its answers again and again, or never acknowledges them. */
import { expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import type { AttemptRef, Message, Session } from "../../../src/network/messages.ts";
import { createAnswerBudget } from "../../../src/tasks/answer-budget.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { settled } from "../../support/memory-mesh.ts";
import { fakeWorker, noBlobs, type FakeWorker, type RunningJob } from "../../support/memory-worker.ts";

interface FakeSession extends Session {
  bufferedBytes: number;
  said: Message[];
  end(): void;
}

function fakeSession(peer: string, resume: AttemptRef[] = []): FakeSession {
  const ended = new AbortController();
  const said: Message[] = [];
  return {
    peer,
    direction: "in",
    remote: { version: 1, network: "test", capabilities: [], resume },
    closed: ended.signal,
    bufferedBytes: 0,
    said,
    send: (message) => void said.push(message),
    complain() {},
    close() {},
    end: () => ended.abort(),
  };
}

const answers = ({ said }: FakeSession): number => said.filter(({ kind }) => kind === "response").length;

function ask(worker: FakeWorker, session: Session): AttemptRef {
  const ref = { taskId: newTaskId(), attempt: 1 };
  worker.serving.onRequest({ kind: "request", request: requestOf(ref) }, session);
  return ref;
}

const requestOf = (ref: AttemptRef) => ({
  ...ref,
  leaseEpoch: 1,
  skill: "echo",
  skillVersion: "",
  priority: 96,
  deadlineMs: 60_000,
  leaseMs: limits.leaseMs,
  input: jsonBody(1),
  deterministic: false,
  idempotent: false,
});

async function answered() {
  const clock = manualClock();
  const worker = fakeWorker(clock);
  const session = fakeSession("peer");
  worker.serving.start();
  worker.serving.onSessionOpen(session);
  const ref = ask(worker, session);
  (worker.jobs[0] as RunningJob).complete("x");
  await settled();
  return { clock, worker, session, ref };
}

it("asking a thousand times, in any way, brings an answer once a second", async () => {
  const { clock, worker, session, ref } = await answered();
  expect(answers(session)).toBe(1);
  const flood = (over: Session): void => {
    for (let i = 0; i < 300; i++) {
      worker.serving.onRequest({ kind: "query", query: ref }, over);
      worker.serving.onRequest({ kind: "cancel", cancel: { ...ref, reason: "" } }, over);
      worker.serving.onRequest({ kind: "request", request: requestOf(ref) }, over);
    }
  };
  flood(session);
  expect(answers(session)).toBe(1);
  clock.advance(limits.answerAgainMs);
  expect(answers(session)).toBe(2);
  // Two sessions in turn are no way around it.
  const other = fakeSession("peer");
  for (let i = 0; i < 10; i++) {
    flood(other);
    flood(session);
  }
  expect(answers(session) + answers(other)).toBe(2);
});

it("a new session gets the answer at once when the old one is gone, and once, however often it resumes", async () => {
  const { worker, session, ref } = await answered();
  session.end();
  worker.serving.onSessionClosed(session);
  const next = fakeSession(
    "peer",
    Array.from({ length: 500 }, () => ({ ...ref })),
  );
  worker.serving.onSessionOpen(next);
  expect(answers(next)).toBe(1);
  expect(next.said.filter(({ kind }) => kind === "status")).toHaveLength(1);
});

it("a session that takes nothing gets its answer when it does", async () => {
  const clock = manualClock();
  const worker = fakeWorker(clock);
  const session = fakeSession("peer");
  worker.serving.start();
  ask(worker, session);
  session.bufferedBytes = limits.sessionBufferBytes + 1;
  const { job, complete } = worker.jobs[0] as RunningJob;
  job.onProgress?.(0.5, "half");
  complete("x");
  await settled();
  clock.advance(2_000);
  expect(session.said.map(({ kind }) => kind)).toEqual(["ack"]);
  session.bufferedBytes = 0;
  clock.advance(500);
  expect(session.said.map(({ kind }) => kind)).toEqual(["ack", "response"]);
});

it("answers nobody acknowledges hold so many bytes; the rest goes by blob, and an acknowledgement makes room", async () => {
  const clock = manualClock();
  const blobs: number[] = [];
  const worker = fakeWorker(clock, undefined, undefined, {
    ...noBlobs,
    putBytes: async (bytes) => {
      blobs.push(bytes.length);
      return { hash: "ab".repeat(32), sizeBytes: bytes.length };
    },
  });
  const session = fakeSession("peer");
  const bytes = new Uint8Array(limits.inlineBodyBytes);
  const fits = limits.answersHeldBytesPerPeer / limits.inlineBodyBytes;
  const refs: AttemptRef[] = [];
  const run = async (): Promise<void> => {
    refs.push(ask(worker, session));
    (worker.jobs.at(-1) as RunningJob).completeWith({ bytes, type: "application/octet-stream" });
  };
  for (let i = 0; i < fits + 3; i++) await run();
  await settled();
  expect(answers(session)).toBe(fits + 3);
  expect(blobs).toHaveLength(3);
  worker.serving.onRequest({ kind: "responseAck", attempts: [refs[0] as AttemptRef] }, session);
  await run();
  await run();
  await settled();
  expect(blobs).toHaveLength(4);
  // Somebody else has room.
  ask(worker, fakeSession("other"));
  (worker.jobs.at(-1) as RunningJob).completeWith({ bytes, type: "application/octet-stream" });
  await settled();
  expect(blobs).toHaveLength(4);
});

it("a budget counts by peer and in all, and what is released is free again", () => {
  const budget = createAnswerBudget({ perPeerBytes: 10, totalBytes: 25 });
  expect([budget.take("a", 10), budget.take("a", 1), budget.take("b", 10), budget.take("c", 6)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  budget.release("a", 10);
  expect([budget.take("c", 6), budget.take("a", 9), budget.heldBytes]).toEqual([true, true, 25]);
});

it("a drain that was taken back hands nothing back at the end of its grace", async () => {
  const clock = manualClock();
  const worker = fakeWorker(clock);
  const graceEnds = Promise.withResolvers<void>();
  worker.idle = () => graceEnds.promise;
  worker.serving.start();
  const session = fakeSession("peer");
  const drained = worker.serving.drain(1_000);
  worker.serving.undrain();
  ask(worker, session);
  (worker.jobs[0] as RunningJob).job.onStart?.();
  graceEnds.reject(new Error("still busy"));
  await drained;
  expect((worker.jobs[0] as RunningJob).job.signal.aborted).toBe(false);
  // One that was not taken back does.
  worker.idle = () => Promise.reject(new Error("still busy"));
  void worker.serving.drain(1_000);
  await settled();
  expect((worker.jobs[0] as RunningJob).job.signal.aborted).toBe(true);
});
