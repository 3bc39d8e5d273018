/**
 * The memory of a QuickJS that is up and has run our prelude, and no code of anybody else: a child starts from a copy of it in
 * two milliseconds instead of twenty. `scripts/generate` makes it. What each engine has of its own, its clocks' origin and its
 * seeds, lies in places that the image names; they are written anew for each child.
 */
import type { Snapshot } from "quickjs-wasi";

export interface ImageHead {
  /** Of the module that this is the memory of: with another one it makes no sense. */
  engineBytes: number;
  memoryBytes: number;
  /** Where the bytes that follow belong; the rest of the memory is empty. */
  from: number;
  stackPointer: number;
  runtimePtr: number;
  contextPtr: number;
  /** Handles of functions that the prelude made or kept (`exportHandle`). */
  toJson: number;
  parse: number;
  /** A double: milliseconds since 1970, from which `performance.now` counts. */
  timeAt: number;
  /** The same as a value of the engine: less by `boxed` in its upper half. */
  timeValueAt: number;
  boxed: number;
  /** 32 bits each: the state of `Math.random`, the seed of maps' hashes, the stack's guard. */
  seedsAt: readonly number[];
}

const lengthBytes = 4;

export function encodeImage(head: ImageHead, memory: Uint8Array): Buffer {
  const json = Buffer.from(`${JSON.stringify(head, undefined, 1)}\n`);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, memory.subarray(head.from)]);
}

export interface FreshState {
  head: ImageHead;
  snapshot: Snapshot;
}

/** An engine's state that no other one has had. Throws when the image is not of the module that has `engineBytes`. */
export function freshState(image: Buffer, engineBytes: number): FreshState {
  const start = lengthBytes + image.readUInt32LE();
  const head = JSON.parse(image.toString("utf8", lengthBytes, start)) as ImageHead;
  if (head.engineBytes !== engineBytes) throw new Error("the engine's image is of another engine");
  const memory = new Uint8Array(head.memoryBytes);
  memory.set(image.subarray(start), head.from);
  const view = new DataView(memory.buffer);
  const now = Date.now();
  view.setFloat64(head.timeAt, now, true);
  view.setFloat64(head.timeValueAt, now, true);
  view.setUint32(head.timeValueAt + 4, view.getUint32(head.timeValueAt + 4, true) - head.boxed, true);
  // Odd, so that a state of several is never all zero; the host's own generator starts from the system's entropy.
  for (const at of head.seedsAt) view.setUint32(at, Math.floor(Math.random() * 2 ** 32) | 1, true);
  const { stackPointer, runtimePtr, contextPtr } = head;
  return { head, snapshot: { memory, stackPointer, runtimePtr, contextPtr, extensions: [] } };
}
