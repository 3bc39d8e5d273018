/** How V8 serves a process that is a node. */
import v8 from "node:v8";

/**
 * To be called before the node is made, by a program that is nothing but a node: it holds for the whole process.
 *
 * V8 learns at which places in the code long-lived objects are made, and makes them in the old generation from then on. All that a
 * node makes while it starts stays; what the same places make for a task is needed for milliseconds. Once in the old generation it
 * keeps what it refers to alive until the next full collection. Measured with 256 tasks in flight: 3.5 MB were carried over at
 * each scavenge, in 12 ms; with this 0.06 MB, in 3 ms, and a sixth more tasks are delegated in the same time.
 */
export function tuneRuntime(): void {
  v8.setFlagsFromString("--no-allocation-site-pretenuring");
}
