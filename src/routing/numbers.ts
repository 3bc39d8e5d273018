/** Small numbers handed out and taken back, so that arrays indexed by them stay as short as most were out at once. */
export class Numbers {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  give(n: number): void {
    this.#free.push(n);
  }
}

/** The same for numbers that several share: each is free again when all have left it. */
export class SharedNumbers {
  readonly #numbers = new Numbers();
  readonly #uses: number[] = [];

  /** One more use of `n`; with −1 of a new number. Returns the number. */
  use(n: number): number {
    const used = n < 0 ? this.#numbers.take() : n;
    this.#uses[used] = (n < 0 ? 0 : (this.#uses[used] as number)) + 1;
    return used;
  }

  /** One use less; returns whether it was the last. */
  leave(n: number): boolean {
    const left = (this.#uses[n] as number) - 1;
    this.#uses[n] = left;
    if (left > 0) return false;
    this.#numbers.give(n);
    return true;
  }
}
