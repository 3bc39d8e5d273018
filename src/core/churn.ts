/**
 * A map and a set for entries that come and go by the thousand a second, each living for milliseconds.
 *
 * V8 leads an outgrown table on to the one that replaced it, and keeps the entries that it held. Once one such table has become
 * old (two quick collections), all that follow hang on it: whatever passes through a long-lived `Map` is then carried into the
 * old generation, dead or not, until a full collection. Measured at ten thousand tasks a second: a quarter of all that was
 * allocated, and half the cost of collecting. So the table is made anew, with nothing that leads to it, before V8 would do so.
 *
 * An iterator goes on over the entries that were there when it began: it may show one that was deleted meanwhile, and not
 * one that was added.
 */

// The copy costs as much as V8's own would; more often brings nothing.
const leastDeletes = 128;

export class ChurnMap<K, V> implements ReadonlyMap<K, V> {
  #map = new Map<K, V>();
  #deletes = 0;

  get size(): number {
    return this.#map.size;
  }
  get(key: K): V | undefined {
    return this.#map.get(key);
  }
  has(key: K): boolean {
    return this.#map.has(key);
  }
  set(key: K, value: V): this {
    if (this.#deletes >= leastDeletes && this.#deletes >= this.#map.size / 2) {
      this.#deletes = 0;
      const fresh = new Map<K, V>();
      for (const [kept, itsValue] of this.#map) fresh.set(kept, itsValue);
      this.#map = fresh;
    }
    this.#map.set(key, value);
    return this;
  }
  delete(key: K): boolean {
    if (!this.#map.delete(key)) return false;
    this.#deletes++;
    return true;
  }
  keys(): MapIterator<K> {
    return this.#map.keys();
  }
  values(): MapIterator<V> {
    return this.#map.values();
  }
  entries(): MapIterator<[K, V]> {
    return this.#map.entries();
  }
  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.#map) visit(value, key, this);
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#map[Symbol.iterator]();
  }
}

/** The last entries that were set, at least `least` and less than twice as many. The older half leaves at once: nothing is ever deleted. */
export class RecentMap<K, V> {
  readonly #least: number;
  #recent = new Map<K, V>();
  #older = new Map<K, V>();

  constructor(least: number) {
    this.#least = least;
  }

  get(key: K): V | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }
  set(key: K, value: V): void {
    this.#recent.set(key, value);
    if (this.#recent.size < this.#least) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
  delete(key: K): void {
    this.#recent.delete(key);
    this.#older.delete(key);
  }
  *keys(): Generator<K> {
    yield* this.#older.keys();
    for (const key of this.#recent.keys()) if (!this.#older.has(key)) yield key;
  }
}

export class ChurnSet<T> implements Iterable<T> {
  #set = new Set<T>();
  #deletes = 0;

  get size(): number {
    return this.#set.size;
  }
  has(value: T): boolean {
    return this.#set.has(value);
  }
  add(value: T): this {
    if (this.#deletes >= leastDeletes && this.#deletes >= this.#set.size / 2) {
      this.#deletes = 0;
      const fresh = new Set<T>();
      for (const kept of this.#set) fresh.add(kept);
      this.#set = fresh;
    }
    this.#set.add(value);
    return this;
  }
  delete(value: T): boolean {
    if (!this.#set.delete(value)) return false;
    this.#deletes++;
    return true;
  }
  values(): SetIterator<T> {
    return this.#set.values();
  }
  [Symbol.iterator](): SetIterator<T> {
    return this.#set[Symbol.iterator]();
  }
}
