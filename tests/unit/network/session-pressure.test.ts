/** A session whose peer asks much and reads little. */
import { expect, it, onTestFinished } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { FrameSplitter } from "../../../src/network/frames.ts";
import type { Message } from "../../../src/network/messages.ts";
import { TaskSession } from "../../../src/network/session.ts";
import { encodeHello, encodeMessage } from "../../../src/network/task-encode.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { framed } from "../../support/raw-task.ts";
import { FakeStream } from "../../wire/fake-stream.ts";

const hello = { version: 1, network: "errand", capabilities: [], resume: [] };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const probes = (count: number): Uint8Array =>
  Buffer.concat(
    Array.from({ length: count }, (_, nonce) => framed(encodeMessage({ kind: "probe", nonce: nonce + 1 }))),
  );
const largeAnswer: Message = {
  kind: "progress",
  progress: {
    taskId: "01890a5d-ac96-774b-bcce-b302099a8057",
    attempt: 1,
    seq: 1,
    fraction: 0,
    message: "",
    chunk: new Uint8Array(250 * 1024),
  },
};

/** Answers every probe with a quarter of a MiB. The peer reads what `drain` lets it. */
async function openSession() {
  const stream = new FakeStream();
  let room = true;
  let sent = 0;
  stream.send = (bytes) => {
    sent += bytes.subarray().length;
    return room;
  };
  const clock = manualClock();
  const asked: number[] = [];
  let ended: { violation: unknown } | undefined;
  const session = new TaskSession(stream as never, {
    peer: "peer",
    direction: "in",
    hello,
    clock,
    onMessage(message, over) {
      if (message.kind !== "probe") return;
      asked.push(message.nonce);
      over.send(largeAnswer);
    },
    onOpen() {},
    onClose: (_session, violation) => (ended = { violation }),
  });
  onTestFinished(() => session.close("the test is over"));
  stream.receive(framed(encodeHello(hello)));
  await turn();
  return {
    stream,
    session,
    clock,
    asked,
    ended: () => ended,
    sentBytes: () => sent,
    block: () => void (room = false),
    drain(open: boolean) {
      room = open;
      stream.dispatchEvent(new Event("drain"));
    },
  };
}

it("does not take the frames of a chunk past the bound, and takes them all once they are read", async () => {
  const { session, stream, asked, block, drain } = await openSession();
  block();
  stream.receive(probes(2_000));
  expect(session.bufferedBytes).toBeLessThan(limits.sessionBufferBytes + 2 ** 20);
  expect(asked.length).toBeLessThan(100);
  expect(stream.readStatus).toBe("paused");
  // One write more makes no room worth speaking of.
  const before = asked.length;
  drain(false);
  expect(asked.length - before).toBeLessThan(5);
  expect(session.bufferedBytes).toBeLessThan(limits.sessionBufferBytes + 2 ** 20);
  drain(true);
  expect(asked).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
  expect(stream.readStatus).toBe("readable");
});

it("ends, without a violation, when twice the bound waits", async () => {
  const { session, stream, block, ended } = await openSession();
  block();
  for (let i = 0; i < 1_000; i++) session.send(largeAnswer);
  expect(session.bufferedBytes).toBeLessThan(2 * limits.sessionBufferBytes + 2 ** 20);
  // Not under the hands of who sends.
  expect(ended()).toBeUndefined();
  await turn();
  expect(ended()).toEqual({ violation: undefined });
  expect(stream.aborted?.message).toMatch(/too much waits/);
});

it("ends when nothing is read for too long; its own frames do not keep it alive meanwhile", async () => {
  const { session, clock, block, drain, ended } = await openSession();
  session.send(largeAnswer);
  block();
  session.send(largeAnswer);
  const active = session.lastActiveMs;
  clock.advance(limits.sessionBlockedMs);
  session.send(largeAnswer);
  session.checkProgress(clock.monotonic());
  expect(ended()).toBeUndefined();
  expect(session.lastActiveMs).toBe(active);
  // It reads a little: the time begins anew.
  drain(false);
  clock.advance(limits.sessionBlockedMs);
  session.checkProgress(clock.monotonic());
  expect(ended()).toBeUndefined();
  clock.advance(1);
  session.checkProgress(clock.monotonic());
  expect(ended()).toEqual({ violation: undefined });
});

it("a splitter that is paused and resumed out of its own frames loses and reorders nothing", () => {
  const got: number[] = [];
  const splitter: FrameSplitter = new FrameSplitter(10, (frame) => {
    got.push(frame[0] as number);
    if (frame[0] === 1) {
      splitter.push(Uint8Array.of(1, 3, 1));
      splitter.pause();
      splitter.resume();
    }
    if (frame[0] === 3) splitter.pause();
  });
  splitter.push(Uint8Array.of(1, 1, 1, 2));
  splitter.push(Uint8Array.of(4, 1));
  expect(got).toEqual([1, 2, 3]);
  expect(splitter.partial).toBe(true);
  splitter.push(Uint8Array.of(5, 1));
  splitter.resume();
  expect(got).toEqual([1, 2, 3, 4, 5]);
  splitter.push(Uint8Array.of(6));
  expect(got).toEqual([1, 2, 3, 4, 5, 6]);
  expect(splitter.partial).toBe(false);
});
