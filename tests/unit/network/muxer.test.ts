/** The stream muxer over a connection that ends between the opening of a stream and its first frame. */
import type { MessageStream } from "@libp2p/interface";
import { expect, test } from "vitest";
import { createMuxer } from "../../../src/network/muxer.ts";

/** As much of a connection as the muxer touches; writing to it fails with `error`. */
function connectionThatThrows(error: Error): MessageStream {
  const log = Object.assign(() => {}, { error() {}, trace() {}, enabled: false, newScope: () => log });
  const send = (): never => {
    throw error;
  };
  return Object.assign(new EventTarget(), { log, send, status: "open" }) as unknown as MessageStream;
}

async function uncaughtWhile(run: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", note);
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("uncaughtException", note);
    for (const listener of others) process.on("uncaughtException", listener);
  }
  return uncaught;
}

test("a write to a connection that is over does not take the process down", async () => {
  const closed = Object.assign(new Error("Cannot write to a stream that is closed"), {
    name: "StreamStateError",
  });
  const muxer = createMuxer()().createStreamMuxer(connectionThatThrows(closed));
  expect(await uncaughtWhile(async () => muxer.createStream())).toEqual([]);
});

test("any other failure is still heard", async () => {
  const other = new Error("out of paper");
  const muxer = createMuxer()().createStreamMuxer(connectionThatThrows(other));
  expect(await uncaughtWhile(async () => muxer.createStream())).toEqual([other]);
});

test("window updates wait for the end of the turn, or leave with what is sent before it", async () => {
  const sent: Buffer[] = [];
  const log = Object.assign(() => {}, { error() {}, trace() {}, enabled: false, newScope: () => log });
  const send = (data: { subarray(): Uint8Array }): boolean => sent.push(Buffer.from(data.subarray())) > 0;
  const connection = Object.assign(new EventTarget(), { log, send, status: "open" });
  const muxer = createMuxer()().createStreamMuxer(connection as unknown as MessageStream) as unknown as {
    send(data: Uint8Array): boolean;
  };
  const frame = (type: number, flags: number, n: number): Uint8Array =>
    Uint8Array.of(0, type, 0, flags, 0, 0, 0, 1, 0, 0, 0, n);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const took = (): string[] => sent.splice(0).map((bytes) => bytes.toString("hex"));
  const hex = (...frames: Uint8Array[]): string => Buffer.concat(frames).toString("hex");

  const [one, two, data, opening] = [frame(1, 0, 1), frame(1, 0, 2), frame(0, 0, 0), frame(1, 1, 0)] as const;
  // Its first ping.
  await turn();
  took();
  for (const update of [one, two]) expect(muxer.send(update)).toBe(true);
  expect(took()).toEqual([]);
  await turn();
  expect(took()).toEqual([hex(one, two)]);

  muxer.send(one);
  muxer.send(data);
  muxer.send(two);
  muxer.send(opening);
  expect(took()).toEqual([hex(one, data), hex(two, opening)]);
  await turn();
  expect(took()).toEqual([]);
});
