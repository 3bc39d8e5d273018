/** Accepted work that waits for a slot: by priority, and first in, first out within one. Bounded by its user. */

export interface WaitingQueue<T> {
  readonly size: number;
  /** Returns the place, from 1. */
  add(item: T, priority: number): number;
  /** The next item, or undefined when empty. */
  take(): T | undefined;
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
    take: () => entries.shift()?.item,
    remove(item) {
      const index = entries.findIndex((entry) => entry.item === item);
      if (index !== -1) entries.splice(index, 1);
      return index !== -1;
    },
    position: (matches) => entries.findIndex(({ item }) => matches(item)) + 1,
    clear: () => entries.splice(0).map(({ item }) => item),
  };
}
