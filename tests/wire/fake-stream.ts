/** A libp2p stream whose other end is the test: bytes go in by `receive`, and what was sent is kept. */
import type { Stream } from "@libp2p/interface";
import { onTestFinished } from "vitest";
import type { Host } from "../../src/network/host.ts";

export class FakeStream extends EventTarget {
  status = "open";
  readStatus = "readable";
  writeStatus = "writable";
  readableEnded = false;
  readBufferLength = 0;
  writeBufferLength = 0;
  maxWriteBufferLength = 0;
  writableNeedsDrain = false;
  aborted: Error | undefined;
  #sent: Uint8Array[] = [];
  #wake = (): void => {};
  #listening = false;
  readonly #early: Uint8Array[] = [];

  send(bytes: { subarray(): Uint8Array }): boolean {
    this.#sent.push(Uint8Array.from(bytes.subarray()));
    this.#wake();
    return true;
  }

  /** Waits, as a real stream does, until somebody listens. */
  receive(bytes: Uint8Array): void {
    if (this.#listening) this.dispatchEvent(Object.assign(new Event("message"), { data: bytes }));
    else this.#early.push(bytes);
  }

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    super.addEventListener(...args);
    if (args[0] !== "message" || this.#listening) return;
    this.#listening = true;
    queueMicrotask(() => {
      for (const bytes of this.#early.splice(0)) this.receive(bytes);
    });
  }

  pause(): void {
    this.readStatus = "paused";
  }

  resume(): void {
    this.readStatus = "readable";
  }

  async close(): Promise<void> {
    this.writeStatus = "closed";
    this.#wake();
  }

  abort(error: Error): void {
    this.aborted = error;
    this.status = "aborted";
    this.#wake();
    this.dispatchEvent(Object.assign(new Event("close"), { error }));
  }

  get sent(): Uint8Array {
    return Buffer.concat(this.#sent);
  }

  /** Takes the next `count` bytes that are sent, as soon as there are so many. */
  async take(count: number): Promise<Uint8Array> {
    while (this.sent.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    const all = this.sent;
    this.#sent = [all.subarray(count)];
    return all.subarray(0, count);
  }

  /** Resolves when our side has ended or reset the stream. */
  async ended(): Promise<void> {
    while (this.writeStatus !== "closed" && this.aborted === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

export interface FakeHost {
  host: Host;
  /** What the code under test dials. */
  dialled: FakeStream;
  /** Calls the handler that was registered, as if `peer` had opened a stream. */
  open(peer: string): FakeStream;
}

/** As much of a host as the protocols that ask and answer use. */
export function fakeHost(): FakeHost {
  let handler: ((stream: Stream, peer: string) => void | Promise<void>) | undefined;
  const dialled = new FakeStream();
  onTestFinished(() => dialled.abort(new Error("the test is over")));
  const host = {
    newStream: async () => dialled as unknown as Stream,
    rttMs: () => undefined,
    onPeer: () => () => {},
    handle: async (_protocol: string, given: typeof handler) => void (handler = given),
  } as unknown as Host;
  return {
    host,
    dialled,
    open(peer) {
      const stream = new FakeStream();
      onTestFinished(() => stream.abort(new Error("the test is over")));
      void handler?.(stream as unknown as Stream, peer);
      return stream;
    },
  };
}
