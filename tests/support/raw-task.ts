/** The session of delegation spoken by hand, frame by frame, over a stream of a raw peer. */
import type { Connection, Stream } from "@libp2p/interface";
import { encode } from "uint8-varint";
import type { Hello, Message } from "../../src/network/messages.ts";
import { FrameSplitter } from "../../src/network/frames.ts";
import { taskProtocol } from "../../src/network/protocols/task.ts";
import { decodeFrame, type Decoded } from "../../src/network/task-decode.ts";
import { encodeHello, encodeMessage } from "../../src/network/task-encode.ts";
import { until } from "./until.ts";

export interface RawSession {
  readonly stream: Stream;
  /** Everything the node has said so far. */
  readonly said: Decoded[];
  /** Resolves once the stream is over, with the milliseconds since it was opened. */
  readonly closed: Promise<number>;
  readonly isClosed: boolean;
  /** The first thing said that `match` accepts. */
  hears<T>(what: string, match: (said: Decoded) => T | undefined, withinMs?: number): Promise<T>;
  raw(bytes: Uint8Array): void;
  hello(more?: Partial<Hello>): void;
  send(...messages: Message[]): void;
}

export const hello: Hello = { version: 1, network: "errand", capabilities: [], resume: [] };

/** A frame as it goes over the wire. */
export function framed(frame: Uint8Array): Uint8Array {
  return Buffer.concat([encode(frame.length), frame]);
}

export async function openTaskStream(connection: Connection): Promise<RawSession> {
  return rawSession(await connection.newStream(taskProtocol, { maxOutboundStreams: 100_000 }));
}

/** Call it in the turn in which the stream was handed over. */
export function rawSession(stream: Stream, onSaid?: (said: Decoded) => void): RawSession {
  const openedMs = performance.now();
  const said: Decoded[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  let isClosed = false;
  const end = (): void => {
    isClosed = true;
    resolve(performance.now() - openedMs);
  };
  const splitter = new FrameSplitter(2 ** 20, (frame) => {
    const one = decodeFrame(frame);
    said.push(one);
    onSaid?.(one);
  });
  stream.addEventListener("message", ({ data }) => splitter.push(data.subarray()));
  stream.addEventListener("remoteCloseWrite", end);
  stream.addEventListener("close", end);
  // Refused while it was handed over: the event is past.
  if (stream.status !== "open") end();

  const raw = (bytes: Uint8Array): void => {
    if (stream.status === "open") stream.send(bytes);
  };
  return {
    stream,
    said,
    closed,
    get isClosed() {
      return isClosed;
    },
    hears: (what, match, withinMs) =>
      until(
        what,
        () => {
          for (const one of said) {
            const found = match(one);
            if (found !== undefined) return found;
          }
          return undefined;
        },
        withinMs,
      ),
    raw,
    hello: (more = {}) => raw(framed(encodeHello({ ...hello, ...more }))),
    send: (...messages) => raw(Buffer.concat(messages.map((message) => framed(encodeMessage(message))))),
  };
}
