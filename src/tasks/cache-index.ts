/**
 * Which results are cached, least recently used first, within bounds of number and bytes. It knows neither store nor tasks:
 * whoever owns it is told which keys changed.
 */
import type { CachedEntry } from "../storage/result-cache.ts";
import { keyText } from "./cache-key.ts";

export interface IndexEntry extends CachedEntry {
  /** The store has its row. */
  stored: boolean;
  /** The output, while there is room for it in memory. Always there before the row is, unless it is a blob. */
  held: Uint8Array | undefined;
}

export interface CacheIndex {
  readonly size: number;
  /** Whether there is any result of the skill. */
  holds(skill: string): boolean;
  /** By the key's bytes as latin1. */
  get(key: string): IndexEntry | undefined;
  put(entry: IndexEntry): void;
  /** Takes up an entry from the store; one that came meanwhile is newer and stays. */
  adopt(entry: IndexEntry): void;
  use(entry: IndexEntry, nowAt: number): void;
  hold(entry: IndexEntry, output: Uint8Array): void;
  remove(entry: IndexEntry): void;
  clear(): void;
}

export interface CacheIndexOptions {
  entries: number;
  maxBytes: number;
  heldBytes: number;
  /** `put` also for what has gone: there is no entry then. */
  changed(key: string, how: "put" | "touch"): void;
}

export function createCacheIndex({ entries, maxBytes, heldBytes, changed }: CacheIndexOptions): CacheIndex {
  const index = new Map<string, IndexEntry>();
  const held = new Map<string, IndexEntry>();
  const perSkill = new Map<string, number>();
  let bytes = 0;
  let bytesHeld = 0;

  const textOf = (entry: IndexEntry): string => keyText(entry.key);

  function count(skill: string, by: 1 | -1): void {
    const sum = (perSkill.get(skill) ?? 0) + by;
    if (sum === 0) perSkill.delete(skill);
    else perSkill.set(skill, sum);
  }

  function release(key: string, entry: IndexEntry): void {
    if (!held.delete(key)) return;
    bytesHeld -= entry.held?.length ?? 0;
    entry.held = undefined;
  }

  function drop(key: string, entry: IndexEntry): void {
    if (index.get(key) !== entry) return;
    index.delete(key);
    bytes -= entry.outputSize;
    count(entry.skill, -1);
    release(key, entry);
    changed(key, "put");
  }

  function insert(key: string, entry: IndexEntry): void {
    index.set(key, entry);
    bytes += entry.outputSize;
    count(entry.skill, 1);
    if (entry.held !== undefined) {
      held.set(key, entry);
      bytesHeld += entry.held.length;
    }
  }

  function shrink(): void {
    while (index.size > entries || bytes > maxBytes) {
      const [key, entry] = index.entries().next().value as [string, IndexEntry];
      drop(key, entry);
    }
    while (bytesHeld > heldBytes) {
      const [key, entry] = held.entries().next().value as [string, IndexEntry];
      // What is neither in memory nor in the store would be nowhere.
      if (entry.stored) release(key, entry);
      else drop(key, entry);
    }
  }

  return {
    get size() {
      return index.size;
    },
    holds: (skill) => perSkill.has(skill),
    get: (key) => index.get(key),
    put(entry) {
      const key = textOf(entry);
      const former = index.get(key);
      if (former !== undefined) drop(key, former);
      insert(key, entry);
      changed(key, "put");
      shrink();
    },
    adopt(entry) {
      const key = textOf(entry);
      if (index.has(key)) return;
      insert(key, entry);
      shrink();
    },
    use(entry, nowAt) {
      const key = textOf(entry);
      if (index.get(key) !== entry) return;
      entry.usedAt = nowAt;
      index.delete(key);
      index.set(key, entry);
      if (held.delete(key)) held.set(key, entry);
      changed(key, "touch");
    },
    hold(entry, output) {
      const key = textOf(entry);
      if (entry.held !== undefined || index.get(key) !== entry || output.length > heldBytes / 16) return;
      entry.held = output;
      held.set(key, entry);
      bytesHeld += output.length;
      shrink();
    },
    remove: (entry) => drop(textOf(entry), entry),
    clear() {
      for (const [key, entry] of index) drop(key, entry);
    },
  };
}
