/** Ctrl-C in commands that go on for long: the first asks to come to an end, the second ends. */

export interface Interrupts {
  readonly count: number;
  /**
   * From now on `handle` is called, at once for those that came before. The process keeps its handler all the while: one that
   * is taken away and set again loses a signal that had come in between.
   */
  handleWith(handle: (count: number) => void): void;
  /** Takes the handler away. */
  end(): void;
}

/** Without `handle` interrupts are only counted. */
export function onInterrupts(handle?: (count: number) => void): Interrupts {
  let count = 0;
  const onInterrupt = (): void => {
    count++;
    handle?.(count);
  };
  process.on("SIGINT", onInterrupt);
  return {
    get count() {
      return count;
    },
    handleWith(next) {
      handle = next;
      for (let n = 1; n <= count; n++) next(n);
    },
    end: () => void process.off("SIGINT", onInterrupt),
  };
}
