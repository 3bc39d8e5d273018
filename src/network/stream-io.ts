/**
 * Length-prefixed frames over one libp2p stream, for the protocols that ask and answer (card, blob). Each read and write has
 * a time limit, so a peer that stalls holds nothing for long, and at most one frame more than wanted is buffered.
 *
 * What libp2p 3's streams want of their user, and this file hides: the `message` listener must be there at once, or the stream
 * is reset at 4 MiB; iterating gives no backpressure, `pause()` does; `onDrain()` blocks only the first time; the
 * remote's end is told before its last bytes are; a close says only sometimes why.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from "@libp2p/interface";
import { decode, encode, encodingLength } from "uint8-varint";
import { Uint8ArrayList } from "uint8arraylist";
import { systemClock, type Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";

export interface FrameIo {
  /**
   * The next frame, or undefined after the remote has ended cleanly between two frames. Throws `PeerUnreachable` when the stream
   * breaks or nothing comes in time, `ProtocolViolation` for a frame that is too large, or the signal's reason. One at a time.
   */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Resolves once the stream takes more. Throws as `read` does. One at a time. */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Ends our side. What was written still leaves. */
  end(): Promise<void>;
  /** Resets the stream. */
  abort(reason: unknown): void;
}

export interface FrameIoOptions {
  maxFrameBytes: number;
  /** For one frame to come whole, and for a write to be taken. */
  timeoutMs: number;
  clock?: Clock;
}

/** Call it in the same turn in which the stream was handed over. */
export function frameIo(stream: Stream, options: FrameIoOptions): FrameIo {
  const { maxFrameBytes, timeoutMs, clock = systemClock } = options;
  const buffer = new Uint8ArrayList();
  let broken: ErrandError | undefined;
  // A read and a write may wait at the same time.
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };

  const fail = (error: ErrandError): void => {
    broken ??= error;
    wake();
  };
  stream.addEventListener("message", ({ data }: StreamMessageEvent) => {
    buffer.append(data);
    // A frame of the largest size and its prefix are here, or more: no need for the next before this one is read.
    if (buffer.byteLength > maxFrameBytes + 8 && stream.readStatus === "readable") stream.pause();
    wake();
  });
  stream.addEventListener("drain", wake);
  stream.addEventListener("end", wake);
  stream.addEventListener("close", ({ error }: StreamCloseEvent) => {
    if (error === undefined) wake();
    else fail(new ErrandError("PeerUnreachable", "the stream broke", { cause: error }));
  });

  /** Nothing more will come. That the remote has ended is not enough: what it sent before may still be on its way to us. */
  const isEnded = (): boolean =>
    stream.readableEnded || (stream.status !== "open" && stream.readBufferLength === 0);

  /** The frame at the front of the buffer, taken out of it, or undefined if it is not there whole. */
  function takeFrame(): Uint8Array | undefined {
    const prefix = prefixLength(buffer);
    if (prefix === undefined) return undefined;
    const size = decode(buffer.subarray(0, prefix));
    if (size > maxFrameBytes) {
      throw new ErrandError("ProtocolViolation", `a frame of ${size} bytes, ${maxFrameBytes} are allowed`);
    }
    if (buffer.byteLength < prefix + size) return undefined;
    const frame = buffer.slice(prefix, prefix + size);
    buffer.consume(prefix + size);
    return frame;
  }

  /** Waits for `ready()` to hold, woken by `wake`. Resets the stream if it does not in time. */
  async function until<T>(ready: () => T | undefined, signal: AbortSignal | undefined): Promise<T> {
    const start = ready();
    if (start !== undefined) return start;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const check = (): void => {
      try {
        const value = ready();
        if (value === undefined) return;
        // At once: `ready` takes the frame out, and before our caller runs again another message may wake us.
        waiting.delete(check);
        resolve(value);
      } catch (error) {
        waiting.delete(check);
        reject(error);
      }
    };
    const onAbort = (): void => reject(signal?.reason as Error);
    const cancel = clock.after(timeoutMs, () =>
      reject(new ErrandError("PeerUnreachable", `the peer stalled for ${timeoutMs} ms`)),
    );
    waiting.add(check);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) onAbort();
    try {
      return await promise;
    } finally {
      cancel();
      waiting.delete(check);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  const resetOnError = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      io.abort(error);
      throw error;
    }
  };

  const io: FrameIo = {
    read: (signal) =>
      resetOnError(async () => {
        const result = await until<{ frame: Uint8Array | undefined }>(() => {
          let frame = takeFrame();
          if (frame === undefined && stream.readStatus === "paused") {
            // Hands over, before it returns, what came while we were paused.
            stream.resume();
            frame = takeFrame();
          }
          if (frame !== undefined) return { frame };
          if (broken !== undefined) throw broken;
          if (!isEnded()) return undefined;
          // A reset is told as an end first, and as a reset only then.
          if (stream.status === "reset" || stream.status === "aborted") {
            throw new ErrandError("PeerUnreachable", "the stream was reset");
          }
          if (buffer.byteLength === 0) return { frame: undefined };
          throw new ErrandError("PeerUnreachable", "the stream ended within a frame");
        }, signal);
        return result.frame;
      }),
    write: (bytes, signal) =>
      resetOnError(async () => {
        signal?.throwIfAborted();
        if (broken !== undefined) throw broken;
        try {
          stream.send(new Uint8ArrayList(encode(bytes.length), bytes));
        } catch (cause) {
          throw broken ?? new ErrandError("PeerUnreachable", "the stream is closed", { cause });
        }
        await until<true>(() => {
          if (broken !== undefined) throw broken;
          if (stream.writeStatus === "closed") {
            throw new ErrandError("PeerUnreachable", "the stream closed while it was written");
          }
          return stream.writableNeedsDrain ? undefined : true;
        }, signal);
      }),
    async end() {
      try {
        await stream.close({ signal: AbortSignal.timeout(timeoutMs) });
      } catch (error) {
        io.abort(error);
      }
    },
    abort(reason) {
      stream.abort(reason instanceof Error ? reason : new Error(String(reason)));
    },
  };
  return io;
}

/** Bytes of the varint at the front; undefined while it is incomplete. A prefix of more than four bytes is no honest one. */
function prefixLength(buffer: Uint8ArrayList): number | undefined {
  for (let i = 0; i < Math.min(buffer.byteLength, 4); i++) {
    if (buffer.get(i) < 0x80) return i + 1;
  }
  if (buffer.byteLength < 4) return undefined;
  throw new ErrandError("ProtocolViolation", "a frame's length prefix has more than four bytes");
}

/** Bytes that a frame with `size` bytes takes on the wire. */
export function framedSize(size: number): number {
  return encodingLength(size) + size;
}
