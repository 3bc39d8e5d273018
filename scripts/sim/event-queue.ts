/**
 * What happens next: a binary heap over typed arrays. An event is a time, a kind and two numbers; a million of them make no
 * garbage. Events of one moment come out in the order in which they went in, so that a run repeats.
 */
export class EventQueue {
  #times = new Float64Array(1_024);
  #orders = new Float64Array(1_024);
  #data = new Int32Array(3 * 1_024);
  #size = 0;
  #order = 0;

  // The event taken last.
  at = 0;
  kind = 0;
  a = 0;
  b = 0;

  get size(): number {
    return this.#size;
  }

  push(at: number, kind: number, a: number, b = 0): void {
    if (this.#size === this.#times.length) this.#grow();
    const order = this.#order++;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!(at < (this.#times[parent] as number))) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, at, order, kind, a, b);
  }

  /** Takes the next event into `at`, `kind`, `a` and `b`; false when there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const [times, orders, data] = [this.#times, this.#orders, this.#data];
    this.at = times[0] as number;
    this.kind = data[0] as number;
    this.a = data[1] as number;
    this.b = data[2] as number;
    const last = --this.#size;
    const at = times[last] as number;
    const order = orders[last] as number;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#before(child + 1, child)) child += 1;
      const childAt = times[child] as number;
      if (at < childAt || (at === childAt && order < (orders[child] as number))) break;
      this.#move(child, hole);
      hole = child;
    }
    if (hole !== last) this.#move(last, hole);
    return true;
  }

  #before(x: number, y: number): boolean {
    const [xAt, yAt] = [this.#times[x] as number, this.#times[y] as number];
    return xAt < yAt || (xAt === yAt && (this.#orders[x] as number) < (this.#orders[y] as number));
  }

  #move(from: number, to: number): void {
    const data = this.#data;
    this.#times[to] = this.#times[from] as number;
    this.#orders[to] = this.#orders[from] as number;
    data[3 * to] = data[3 * from] as number;
    data[3 * to + 1] = data[3 * from + 1] as number;
    data[3 * to + 2] = data[3 * from + 2] as number;
  }

  #put(i: number, at: number, order: number, kind: number, a: number, b: number): void {
    this.#times[i] = at;
    this.#orders[i] = order;
    this.#data[3 * i] = kind;
    this.#data[3 * i + 1] = a;
    this.#data[3 * i + 2] = b;
  }

  #grow(): void {
    const bigger = <T extends Float64Array | Int32Array>(old: T): T => {
      const copy = new (old.constructor as new (length: number) => T)(2 * old.length);
      copy.set(old);
      return copy;
    };
    this.#times = bigger(this.#times);
    this.#orders = bigger(this.#orders);
    this.#data = bigger(this.#data);
  }
}
