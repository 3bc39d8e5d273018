/** Ctrl-C in commands that go on for long: the first asks to come to an end, the second ends. */

export interface Interrupts {
  readonly count: number;
  /** Takes the handler away. */
  end(): void;
}

export function onInterrupts(handle: (count: number) => void): Interrupts {
  let count = 0;
  const onInterrupt = (): void => handle(++count);
  process.on("SIGINT", onInterrupt);
  return {
    get count() {
      return count;
    },
    end: () => void process.off("SIGINT", onInterrupt),
  };
}
