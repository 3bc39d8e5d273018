/** What a node clears away by itself: tasks that ended long ago, blobs that nothing refers to any more, cards that have expired. */
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { BlobStore } from "../storage/blobs.ts";
import { deleteExpiredCards } from "../storage/cards.ts";
import type { Store } from "../storage/store.ts";
import type { Retention } from "../tasks/retention.ts";
import { blobsOfTasks } from "../storage/task-listing.ts";

const everyMs = 60 * 60_000;
// An upload comes before its submission, and a worker's input may serve a retry.
const unusedBlobMs = 24 * 60 * 60_000;

/** Begins a minute after the start and goes on every hour; the returned function ends it. */
export function keepHouse({
  store,
  blobs,
  retention,
  clock,
  log,
}: {
  store: Store;
  blobs: BlobStore;
  retention: Retention;
  clock: Clock;
  log: Log;
}): () => void {
  const stopping = new AbortController();

  async function clear(): Promise<void> {
    deleteExpiredCards(store, clock.now());
    const swept = await retention.prune({ signal: stopping.signal });
    const tasks = Object.values(swept.tasks).reduce((sum, count) => sum + count, 0);
    if (tasks > 0) log.info({ ...swept, tasks }, "removed tasks that ended long ago");
    const used = await blobsOfTasks(store);
    const pruned = await blobs.prune({ keep: (hash) => used.has(hash), olderThanMs: unusedBlobMs });
    if (pruned.files > 0) log.info(pruned, "removed unused blobs");
  }

  let cancel = clock.after(60_000, function again() {
    void clear()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({ err: error }, "could not clear away");
      })
      .finally(() => {
        if (!stopping.signal.aborted) cancel = clock.after(everyMs, again);
      });
  });
  return () => {
    stopping.abort();
    cancel();
  };
}
