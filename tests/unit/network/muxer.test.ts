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
