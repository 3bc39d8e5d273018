/**
 * What is compared: ways to get a small request answered by another process. A contender has a serving and a requesting
 * side, each in a process of its own (peer.ts). Every request and every answer carries the same 256 bytes of JSON.
 */
import { tuneRuntime } from "../../../src/node/runtime.ts";

export interface Contender {
  serve(): Promise<Serving>;
  /** Connects to what `serve` of another process listens on. */
  connect(address: string): Promise<Requesting>;
}

export interface Serving {
  address: string;
  stop(): Promise<void>;
}

export interface Requesting {
  /** Resolves when the answer is there, whole and right; many may be out at once. */
  request(): Promise<void>;
  stop(): Promise<void>;
}

const payloadBytes = 256;

/** A JSON object that is exactly 256 bytes long as text, and like no other: what was asked before could be remembered. */
export function payload(number: number): { number: string; note: string } {
  const text = { number: number.toString().padStart(12, "0"), note: "" };
  text.note = "x".repeat(payloadBytes - JSON.stringify(text).length);
  return text;
}

export const payloadText = JSON.stringify(payload(0));

// Loaded by name, so that a process holds the code of its own contender alone.
export const contenders = {
  async errand() {
    // As `errand up` does.
    tuneRuntime();
    return (await import("./errand.ts")).errand;
  },
  "new-stream": async () => (await import("./new-stream.ts")).newStream,
  "one-stream": async () => (await import("./one-stream.ts")).oneStream,
  ping: async () => (await import("./ping.ts")).ping,
} satisfies Record<string, () => Promise<Contender>>;

export type ContenderName = keyof typeof contenders;
