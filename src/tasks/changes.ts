/**
 * The read-only stream of task changes for watchers. A slow reader loses the oldest progress first, never a change of
 * state; a reader that is hopelessly behind is ended with an error instead of growing without bound.
 */
import { ErrandError } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import type { TaskChange, TaskView } from "./task.ts";

const changesKept = 4_096;

interface Watcher {
  id: TaskId | undefined;
  queue: TaskChange[];
  wake: (() => void) | undefined;
  overrun: boolean;
}

export interface Changes {
  /** Whether anybody looks: a view is made only then. */
  readonly watched: boolean;
  publish(event: TaskChange["event"], task: TaskView): void;
  watch(options: { id?: TaskId; signal: AbortSignal }): AsyncIterable<TaskChange>;
}

export function createChanges(): Changes {
  const watchers = new Set<Watcher>();
  let seq = 0;

  function offer(watcher: Watcher, change: TaskChange): void {
    if (watcher.id !== undefined && watcher.id !== change.task.id) return;
    if (watcher.queue.length >= changesKept) {
      const oldest = watcher.queue.findIndex((queued) => queued.event === "TaskProgress");
      if (oldest >= 0) watcher.queue.splice(oldest, 1);
      else if (change.event === "TaskProgress") return;
      else watcher.overrun = true;
    }
    if (!watcher.overrun) watcher.queue.push(change);
    watcher.wake?.();
  }

  async function* read(watcher: Watcher, signal: AbortSignal): AsyncGenerator<TaskChange> {
    try {
      for (;;) {
        yield* watcher.queue.splice(0);
        if (signal.aborted) return;
        if (watcher.overrun) {
          throw new ErrandError(
            "LimitExceeded",
            `this watcher fell more than ${changesKept} changes behind`,
            { hint: "Watch again and list the tasks once." },
          );
        }
        if (watcher.queue.length === 0) await new Promise<void>((resolve) => (watcher.wake = resolve));
        watcher.wake = undefined;
      }
    } finally {
      watchers.delete(watcher);
    }
  }

  return {
    get watched() {
      return watchers.size > 0;
    },
    publish(event, task) {
      const change = { seq: ++seq, event, task };
      for (const watcher of watchers) offer(watcher, change);
    },
    watch({ id, signal }) {
      // Registered now, not at the first `next()`: nothing between the call and the loop is missed.
      const watcher: Watcher = { id, queue: [], wake: undefined, overrun: false };
      watchers.add(watcher);
      const ended = (): void => {
        watchers.delete(watcher);
        watcher.wake?.();
      };
      if (signal.aborted) ended();
      else signal.addEventListener("abort", ended, { once: true });
      return read(watcher, signal);
    },
  };
}
