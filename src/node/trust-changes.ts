/** The read-only stream of changes of trust for watchers. A slow reader loses the oldest: the newest says how things are. */
import type { TrustChange } from "./trust-views.ts";

const changesKept = 1_024;

export interface TrustChanges {
  publish(change: TrustChange): void;
  watch(signal: AbortSignal): AsyncIterable<TrustChange>;
}

export function createTrustChanges(): TrustChanges {
  const watchers = new Set<{ queue: TrustChange[]; wake: () => void }>();

  return {
    publish(change) {
      for (const watcher of watchers) {
        watcher.queue.push(change);
        if (watcher.queue.length > changesKept) watcher.queue.shift();
        watcher.wake();
      }
    },
    watch(signal) {
      // Registered now, not at the first `next()`: nothing between the call and the loop is missed.
      const watcher = { queue: [] as TrustChange[], wake: (): void => {} };
      const end = (): void => {
        watchers.delete(watcher);
        watcher.wake();
      };
      if (!signal.aborted) watchers.add(watcher);
      signal.addEventListener("abort", end, { once: true });
      return (async function* read(): AsyncGenerator<TrustChange> {
        try {
          while (!signal.aborted) {
            yield* watcher.queue.splice(0);
            if (watcher.queue.length > 0 || signal.aborted) continue;
            await new Promise<void>((resolve) => (watcher.wake = resolve));
          }
        } finally {
          signal.removeEventListener("abort", end);
          end();
        }
      })();
    },
  };
}
