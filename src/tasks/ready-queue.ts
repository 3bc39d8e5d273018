/**
 * Tasks of this home that wait to be sent: highest priority first, then first in, first out. Waiting lifts a task slowly
 * (one step of 255 for each `ageStepMs`), so that a low one is not starved by a stream of newer ones; never into the critical
 * band, which goes first by value alone. Bounded for each
 * priority band, so that a flood of low tasks cannot keep a critical one out.
 */
import { ChurnSet } from "../core/churn.ts";
import { ErrandError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";

export interface ReadyEntry {
  id: TaskId;
  /** 0–255. */
  priority: number;
  /** Since when it waits, ms of any clock that all entries share. A task that comes back keeps its first. */
  createdAt: number;
}

const criticalFrom = 192;

/** A waiting task gains one step of priority in this time: from normal to high in a little over five minutes. */
export const ageStepMs = 5_000;

/** Names of the bands by their lowest priority. */
const bands = [
  { name: "low", from: 0 },
  { name: "normal", from: 64 },
  { name: "high", from: 128 },
  { name: "critical", from: 192 },
] as const;

export class ReadyQueue<T extends ReadyEntry> {
  readonly #perBand: number;
  // One list for each priority value: pushing and taking cost nothing to speak of, and order inside a value is given.
  readonly #lists: (ChurnSet<T> | undefined)[] = Array.from({ length: 256 });
  // The values that were ever used, the highest first: a few of 256, mostly.
  readonly #used: number[] = [];
  // Tasks that wait for something else than their turn: a retry, a place at a worker, somebody to turn up.
  readonly #parked = new ChurnSet<T>();
  readonly #counts = [0, 0, 0, 0];
  #size = 0;

  constructor(perBand: number) {
    this.#perBand = perBand;
  }

  /** Ready ones; parked ones are not counted here. */
  get size(): number {
    return this.#size;
  }

  /** Throws `QueueFull` when the band of `priority` cannot take `count` more. */
  check(priority: number, count = 1): void {
    const band = priority >> 6;
    if ((this.#counts[band] as number) + count <= this.#perBand) return;
    const name = (bands[band] as { name: string }).name;
    throw new ErrandError(
      "QueueFull",
      `${this.#counts[band]} tasks of ${name} priority wait already; at most ${this.#perBand} may`,
      {
        hint: "Wait until some have finished, raise queuePerBand in the configuration, or use another priority.",
        retryAfterMs: 1_000,
        details: { band: name, waiting: this.#counts[band] },
      },
    );
  }

  /** Adds without a bound check: a task that was accepted once always comes back in. */
  push(entry: T): void {
    const list = this.#lists[entry.priority] ?? this.#newList(entry.priority);
    if (list.has(entry)) return;
    this.#unpark(entry);
    list.add(entry);
    this.#count(entry, 1);
    this.#size++;
  }

  #newList(priority: number): ChurnSet<T> {
    const list = new ChurnSet<T>();
    this.#lists[priority] = list;
    this.#used.push(priority);
    this.#used.sort((a, b) => b - a);
    return list;
  }

  /**
   * A task that was taken and could not go anywhere: it is not ready, but it waits, and so it takes up room until it is pushed
   * or removed. Otherwise a mesh that is full would never be heard of by whoever submits.
   */
  park(entry: T): void {
    if (this.#parked.has(entry) || this.has(entry)) return;
    this.#parked.add(entry);
    this.#count(entry, 1);
  }

  #unpark(entry: T): boolean {
    if (!this.#parked.delete(entry)) return false;
    this.#count(entry, -1);
    return true;
  }

  #count({ priority }: T, by: 1 | -1): void {
    const band = priority >> 6;
    this.#counts[band] = (this.#counts[band] as number) + by;
  }

  take(): T | undefined {
    const entry = this.#size === 0 ? undefined : (this.#firstCritical() ?? this.#firstByAge());
    if (entry !== undefined) this.remove(entry);
    return entry;
  }

  #firstCritical(): T | undefined {
    for (const priority of this.#used) {
      if (priority < criticalFrom) break;
      const list = this.#lists[priority];
      if (list !== undefined && list.size > 0) return list.values().next().value;
    }
    return undefined;
  }

  /**
   * Aging is linear and the same for all, so the order of two tasks never changes while they wait: it is that of
   * `createdAt − priority × ageStepMs`, and the heads of the lists are the only ones to compare.
   */
  #firstByAge(): T | undefined {
    let best: T | undefined;
    let bestKey = Infinity;
    for (const priority of this.#used) {
      const list = this.#lists[priority];
      if (priority >= criticalFrom || list === undefined || list.size === 0) continue;
      const head = list.values().next().value as T;
      const key = head.createdAt - priority * ageStepMs;
      if (key < bestKey) {
        best = head;
        bestKey = key;
      }
    }
    return best;
  }

  /** Ready or parked. Returns whether it was there. */
  remove(entry: T): boolean {
    if (this.#unpark(entry)) return true;
    if (this.#lists[entry.priority]?.delete(entry) !== true) return false;
    this.#count(entry, -1);
    this.#size--;
    return true;
  }

  has(entry: T): boolean {
    return this.#lists[entry.priority]?.has(entry) ?? false;
  }
}
