/**
 * Accepted work that waits for a slot: by priority, and first in, first out within one. Bounded by its user, who may let a later
 * one pass where the first does not fit yet.
 */

export interface WaitingQueue<T> {
  readonly size: number;
  /** Returns the place, from 1. */
  add(item: T, priority: number): number;
  /**
   * The first item that `may` says `take` to; `pass` goes on to the next, `stop` ends the search. Undefined when there is none.
   */
  take(may?: (item: T) => "take" | "pass" | "stop"): T | undefined;
  /** Whether it was there. */
  remove(item: T): boolean;
  /** Of the first that `matches`, from 1, or 0 when there is none. */
  position(matches: (item: T) => boolean): number;
  clear(): T[];
}

export function createWaitingQueue<T>(): WaitingQueue<T> {
  // Sorted, most urgent first. A thousand entries at most: shifting them costs less than any cleverer structure.
  const entries: { item: T; priority: number }[] = [];
  return {
    get size() {
      return entries.length;
    },
    add(item, priority) {
      let low = 0;
      for (let high = entries.length; low < high;) {
        const middle = (low + high) >>> 1;
        if ((entries[middle] as { priority: number }).priority >= priority) low = middle + 1;
        else high = middle;
      }
      entries.splice(low, 0, { item, priority });
      return low + 1;
    },
    take(may) {
      if (may === undefined) return entries.shift()?.item;
      for (const [index, { item }] of entries.entries()) {
        const verdict = may(item);
        if (verdict === "take") entries.splice(index, 1);
        if (verdict !== "pass") return verdict === "take" ? item : undefined;
      }
      return undefined;
    },
    remove(item) {
      const index = entries.findIndex((entry) => entry.item === item);
      if (index !== -1) entries.splice(index, 1);
      return index !== -1;
    },
    position: (matches) => entries.findIndex(({ item }) => matches(item)) + 1,
    clear: () => entries.splice(0).map(({ item }) => item),
  };
}
