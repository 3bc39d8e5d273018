/**
 * One session: a libp2p stream that carries the frames of all tasks between this node and one peer, in one direction
 * of delegation. It owns the stream's traps (see libp2p's v3 stream: message listener at once, one-shot drain, a
 * close that looks like a crash), the Hello, the bounds, and the end. It does not know what a task is.
 */
import type { Stream } from "@libp2p/interface";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError, type ErrorCode } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { FrameSplitter, FrameWriter } from "./frames.ts";
import type { Hello, Message, MessageHandler, Session } from "./messages.ts";
import { decodeFrame } from "./task-decode.ts";
import { encodeHello, encodeMessage, encodeSessionError } from "./task-encode.ts";

export const sessionVersion = 1;

// Some ten small requests or answers: a tenth of a millisecond. Measured with 2, 4 and 16 KiB: a tenth more tasks a second with
// 4 than without portions. A chunk of the stream is the least, though.
const portionBytes = 4 * 1024;
// More than this does not wait: a sender that is faster than we are is held back by the stream, not by our memory.
const backlogBytes = 512 * 1024;

export interface SessionOptions {
  peer: string;
  direction: "in" | "out";
  hello: Hello;
  clock: Clock;
  onMessage: MessageHandler;
  /** Called once, when both Hellos were exchanged. */
  onOpen(session: TaskSession): void;
  /** Called before the frames of a turn leave; what it sends leaves with them. */
  onTurnEnd?(): void;
  /** Called once. `violation` is set when the remote broke the protocol. */
  onClose(session: TaskSession, violation: ErrandError | undefined): void;
}

export class TaskSession implements Session {
  readonly peer: string;
  readonly direction: "in" | "out";
  /** Monotonic ms of the last frame that came, or that left without delay: what a peer does not read is no sign of its life. */
  lastActiveMs: number;
  #remote: Hello | undefined;
  readonly #stream: Stream;
  readonly #options: SessionOptions;
  readonly #splitter: FrameSplitter;
  readonly #writer: FrameWriter;
  readonly #ended = new AbortController();
  readonly #cancelTimers: (() => void)[] = [];
  #partialSinceMs = 0;
  #blockedSinceMs: number | undefined;
  #overflowed = false;
  #badFrames: number[] = [];
  #paused = false;
  /** What came and was not looked at yet. */
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes looked at in this turn. */
  #turnBytes = 0;

  constructor(stream: Stream, options: SessionOptions) {
    this.peer = options.peer;
    this.direction = options.direction;
    this.#options = options;
    this.#stream = stream;
    this.lastActiveMs = options.clock.monotonic();
    this.#splitter = new FrameSplitter(limits.frameBytes, (frame) => this.#onFrame(frame));
    stream.maxWriteBufferLength = 2 * limits.sessionBufferBytes;
    this.#writer = new FrameWriter({
      send: (bytes) => stream.send(bytes),
      onDrain: (ready) => this.#onBlocked(ready),
      onTurnEnd: options.onTurnEnd,
    });
    const until = { signal: this.#ended.signal };
    stream.addEventListener("message", (event) => this.#onBytes(event.data.subarray()), until);
    stream.addEventListener("remoteCloseWrite", () => this.#onRemoteEnd(), until);
    stream.addEventListener("close", () => this.#onRemoteEnd(), until);
    this.#cancelTimers.push(
      options.clock.after(limits.helloTimeoutMs, () => {
        if (this.#remote === undefined)
          this.#violate(new ErrandError("ProtocolViolation", "no Hello in time"));
      }),
    );
    this.#write(encodeHello(options.hello));
  }

  get remote(): Hello {
    if (this.#remote === undefined) throw new ErrandError("Internal", "the session is not open yet");
    return this.#remote;
  }

  get open(): boolean {
    return this.#remote !== undefined && !this.#ended.signal.aborted;
  }

  get closed(): AbortSignal {
    return this.#ended.signal;
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes + this.#stream.writeBufferLength;
  }

  send(message: Message): void {
    if (!this.#ended.signal.aborted) this.#write(encodeMessage(message));
  }

  complain(reason: string): void {
    const now = this.#options.clock.monotonic();
    this.#badFrames = this.#badFrames.filter((at) => now - at < 60_000);
    this.#badFrames.push(now);
    if (this.#badFrames.length > limits.badFramesPerMinute) {
      this.#violate(new ErrandError("ProtocolViolation", `too many frames in error, the last: ${reason}`));
    }
  }

  close(_reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#writer.flush();
    void this.#stream
      .close({ signal: AbortSignal.timeout(1_000) })
      .catch((error: Error) => this.#stream.abort(error));
    this.#end();
  }

  /** Closes a session whose remote began a frame and does not end it, or does not read. Called about once a second. */
  checkProgress(nowMs: number): void {
    if (this.#blockedSinceMs !== undefined && nowMs - this.#blockedSinceMs > limits.sessionBlockedMs)
      return this.#giveUp("nothing was read for too long");
    if (!this.#splitter.partial || this.#paused) this.#partialSinceMs = 0;
    else if (this.#partialSinceMs === 0) this.#partialSinceMs = nowMs;
    else if (nowMs - this.#partialSinceMs > limits.frameTimeoutMs) {
      this.#violate(new ErrandError("ProtocolViolation", "a frame was begun and not ended in time"));
    }
  }

  #write(frame: Uint8Array): void {
    if (this.#overflowed) return;
    this.#writer.push(frame);
    if (!this.#writer.blocked) {
      this.lastActiveMs = this.#options.clock.monotonic();
      return;
    }
    // A peer that sends and does not read: stop listening to it until it does.
    if (!this.#paused && this.#writer.bufferedBytes > limits.sessionBufferBytes) this.#pause();
    if (this.#writer.bufferedBytes <= 2 * limits.sessionBufferBytes) return;
    this.#overflowed = true;
    // Not within `send`: no caller expects that a session ends under its hands.
    queueMicrotask(() => this.#giveUp("too much waits to be read"));
  }

  /** The stream wants no more until `ready`, which lets the next frames out. */
  #onBlocked(ready: () => void): void {
    this.#blockedSinceMs = this.#options.clock.monotonic();
    const drained = (): void => {
      this.#blockedSinceMs = undefined;
      ready();
      if (this.#paused && this.#writer.bufferedBytes <= limits.sessionBufferBytes) this.#unpause();
    };
    this.#stream.addEventListener("drain", drained, { once: true, signal: this.#ended.signal });
  }

  #pause(): void {
    this.#paused = true;
    this.#splitter.pause();
    if (this.#stream.status === "open") this.#stream.pause();
  }

  #unpause(): void {
    this.#paused = false;
    this.#split(() => this.#splitter.resume());
    // What waited in the splitter may have filled the buffer again.
    if (!this.#paused && this.#stream.status === "open") this.#stream.resume();
  }

  #onBytes(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#takePortion();
  }

  /**
   * One read of the socket may bring thousands of frames. Taken a portion a turn, what the first lead to is on its way to
   * the disk and to the peer while the next are looked at; taken at once, all would wait for all.
   */
  #takePortion(): void {
    while (this.#turnBytes < portionBytes || this.#waitingBytes > backlogBytes) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined || this.#ended.signal.aborted) return;
      if (this.#turnBytes === 0) setImmediate(() => this.#onNextTurn());
      this.#turnBytes += Math.max(1, bytes.length);
      this.#waitingBytes -= bytes.length;
      this.#split(() => this.#splitter.push(bytes));
    }
  }

  #onNextTurn(): void {
    this.#turnBytes = 0;
    this.#takePortion();
  }

  /** The remote says no more; what it has said counts. */
  #onRemoteEnd(): void {
    for (const bytes of this.#waiting.splice(0)) this.#split(() => this.#splitter.push(bytes));
    this.#end();
  }

  #split(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#violate(toErrandError(error));
    }
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#ended.signal.aborted) return;
    this.#partialSinceMs = 0;
    this.lastActiveMs = this.#options.clock.monotonic();
    let decoded;
    try {
      decoded = decodeFrame(frame);
    } catch (error) {
      const bad = toErrandError(error);
      if (bad.details?.garbage === true) this.#violate(bad);
      else this.complain(bad.message);
      return;
    }
    if (decoded.kind === "hello") this.#onHello(decoded.hello);
    else if (decoded.kind === "error") this.#end();
    else if (this.#remote === undefined)
      this.#violate(new ErrandError("ProtocolViolation", "a message before the Hello"));
    else this.#options.onMessage(decoded, this);
  }

  #onHello(hello: Hello): void {
    const ours = this.#options.hello;
    if (this.#remote !== undefined)
      return this.#violate(new ErrandError("ProtocolViolation", "a second Hello"));
    if (hello.version !== ours.version)
      return this.#refuse("ProtocolViolation", `version ${hello.version} is not spoken here`);
    if (hello.network !== ours.network)
      return this.#refuse("Unauthorized", "this node belongs to another network");
    this.#remote = hello;
    this.#options.onOpen(this);
  }

  /** Ends the session without holding it against the peer. */
  #refuse(code: ErrorCode, message: string): void {
    this.#writer.push(encodeSessionError(code, message));
    this.close(message);
  }

  #violate(error: ErrandError): void {
    if (this.#ended.signal.aborted) return;
    this.#writer.push(encodeSessionError("ProtocolViolation", error.message));
    this.#writer.flush();
    this.#end(error);
    this.#stream.abort(error);
  }

  /** The peer may be slow and not hostile: the session ends, and it may open another. */
  #giveUp(reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#end();
    this.#stream.abort(new ErrandError("PeerUnreachable", reason));
  }

  #end(violation?: ErrandError): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#writer.close();
    for (const cancel of this.#cancelTimers) cancel();
    if (this.#stream.status === "open")
      void this.#stream
        .close({ signal: AbortSignal.timeout(1_000) })
        .catch((error: Error) => this.#stream.abort(error));
    this.#options.onClose(this, violation);
  }
}
