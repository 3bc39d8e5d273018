/** Turns by name: one holder for each name at a time, the others wait in order. */

export interface Turns {
  /** Resolves with `leave` when it is the caller's turn; rejects with the signal's reason. */
  enter(name: string, signal?: AbortSignal): Promise<() => void>;
  /** Whether somebody holds `name` or waits for it. */
  taken(name: string): boolean;
}

export function createTurns(): Turns {
  const tails = new Map<string, Promise<void>>();
  return {
    async enter(name, signal) {
      signal?.throwIfAborted();
      const turn = Promise.withResolvers<void>();
      const before = tails.get(name);
      const tail = before === undefined ? turn.promise : before.then(() => turn.promise);
      tails.set(name, tail);
      const leave = (): void => {
        turn.resolve();
        if (tails.get(name) === tail) tails.delete(name);
      };
      if (before === undefined) return leave;
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        await Promise.race([before, aborted.promise]);
        return leave;
      } catch (error) {
        leave();
        throw error;
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },
    taken: (name) => tails.has(name),
  };
}
