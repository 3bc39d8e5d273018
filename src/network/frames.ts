/**
 * Length-prefixed frames over a byte stream: an unsigned varint, then that many bytes. The splitter hands out views of
 * what arrived, copying only frames that lie across chunks; the writer gathers every frame of one turn of the event loop
 * into one write, because uncoalesced writes are most of a session's cost. Neither knows what a frame means.
 */
import { encodingLength, encodeUint8Array } from "uint8-varint";
import { ErrandError } from "../core/errors.ts";

export class FrameSplitter {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  /** Length of the frame whose bytes are still coming, once its prefix is known. */
  #needBytes = -1;
  #paused = false;
  #splitting = false;

  constructor(maxBytes: number, onFrame: (frame: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
  }

  /** Whether a frame has begun and not ended: the owner bounds how long that may last. */
  get partial(): boolean {
    return this.#restBytes > 0 || this.#needBytes >= 0;
  }

  /**
   * Hands out no frame more until `resume`, not even those of the chunk at hand: thousands of small ones fit into it, and
   * each may ask for a large answer.
   */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on with what is there. Throws as `push` does. */
  resume(): void {
    this.#paused = false;
    // Called out of a frame: the loop that handed it out goes on by itself.
    if (!this.#splitting) this.push(new Uint8Array(0));
  }

  /** Throws `ProtocolViolation` at a frame larger than the limit, before any of it is kept. */
  push(chunk: Uint8Array): void {
    if (this.#paused || this.#splitting) {
      if (chunk.length > 0) this.#keep(chunk);
      return;
    }
    // Waiting for a known number of bytes: gather chunks without joining them again and again.
    if (this.#needBytes >= 0 && this.#restBytes + chunk.length < this.#needBytes) {
      if (chunk.length > 0) this.#keep(chunk);
      return;
    }
    let bytes = chunk;
    if (this.#restBytes > 0) {
      // Again and again of one long rest, when a session pauses often.
      const [only] = this.#rest;
      bytes =
        chunk.length === 0 && this.#rest.length === 1
          ? (only as Uint8Array)
          : Buffer.concat([...this.#rest, chunk]);
      this.#rest = [];
      this.#restBytes = 0;
    }
    let more: boolean;
    this.#splitting = true;
    try {
      more = this.#split(bytes);
    } finally {
      this.#splitting = false;
    }
    if (more) this.push(new Uint8Array(0));
  }

  /** Whether a chunk came meanwhile, out of a frame. */
  #split(bytes: Uint8Array): boolean {
    let at = 0;
    while (!this.#paused) {
      if (this.#needBytes < 0) {
        const prefix = readPrefix(bytes, at);
        if (prefix === undefined) break;
        if (prefix.value > this.#maxBytes) {
          throw new ErrandError(
            "ProtocolViolation",
            `frame of ${prefix.value} bytes; at most ${this.#maxBytes} are allowed`,
          );
        }
        this.#needBytes = prefix.value;
        at = prefix.end;
      }
      const end = at + this.#needBytes;
      if (end > bytes.length) break;
      this.#needBytes = -1;
      this.#onFrame(bytes.subarray(at, end));
      at = end;
    }
    const more = this.#rest.length > 0;
    if (at < bytes.length) {
      this.#rest.unshift(bytes.subarray(at));
      this.#restBytes += bytes.length - at;
    }
    return more;
  }

  #keep(bytes: Uint8Array): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
  }
}

const longestPrefix = 5;

function readPrefix(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; from + i < bytes.length; i++) {
    if (i === longestPrefix)
      throw new ErrandError("ProtocolViolation", "length prefix of a frame is longer than five bytes");
    const byte = bytes[from + i] as number;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  return undefined;
}

/** Where the writer's bytes go. `send` returns false when the stream wants no more until `onDrain`'s callback. */
export interface FrameSink {
  send(bytes: Uint8Array): boolean;
  onDrain(ready: () => void): void;
  /** The turn is over: whatever waits for its end may still be pushed and leaves in the same write. */
  onTurnEnd?(): void;
}

// One write of this size keeps the cipher busy without holding the loop; noise cuts it into 64 KiB messages anyway.
const writeBytes = 256 * 1024;
// This much need not wait for the end of the turn: the other side can already work on it.
const earlyBytes = 32 * 1024;

export class FrameWriter {
  readonly #sink: FrameSink;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Whether the stream wants no more for now. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Bytes queued here and not yet given to the stream. */
  get bufferedBytes(): number {
    return this.#bytes;
  }

  push(frame: Uint8Array): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    this.#bytes += frame.length + encodingLength(frame.length);
    if (this.#blocked) return;
    if (this.#bytes >= earlyBytes) this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#sink.onTurnEnd?.();
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    while (!this.#closed && !this.#blocked && this.#frames.length > 0) {
      let accepted: boolean;
      try {
        accepted = this.#sink.send(this.#take());
      } catch {
        // The stream ended in between; its close event tells the session.
        this.close();
        return;
      }
      if (accepted) continue;
      this.#blocked = true;
      this.#sink.onDrain(() => {
        this.#blocked = false;
        this.flush();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#bytes = 0;
  }

  /** The next write: as many whole frames as fit, at least one. */
  #take(): Uint8Array {
    let count = 0;
    let size = 0;
    for (const frame of this.#frames) {
      const framed = frame.length + encodingLength(frame.length);
      if (count > 0 && size + framed > writeBytes) break;
      size += framed;
      count++;
    }
    const out = Buffer.allocUnsafe(size);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const frame = this.#frames[i] as Uint8Array;
      encodeUint8Array(frame.length, out, at);
      at += encodingLength(frame.length);
      out.set(frame, at);
      at += frame.length;
    }
    this.#frames = count === this.#frames.length ? [] : this.#frames.slice(count);
    this.#bytes -= size;
    return out;
  }
}
