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
      this.#map = new Map(this.#map);
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
      this.#set = new Set(this.#set);
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
