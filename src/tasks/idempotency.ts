/**
 * The same idempotency key again is the same task: also when a hundred callers come at once, and after a restart. The key
 * is written in the same commit as the task, so there is never one without the other.
 */
import { ErrandError } from "../core/errors.ts";
import { taskIdFromBytes, taskIdToBytes, type TaskId } from "../core/ids.ts";
import type { Store } from "../storage/store.ts";

export interface Idempotency {
  /** The task that has this key, or the one that `make` submits now. `make` must call `bind` in the turn that adds the task. */
  once(key: string, make: () => Promise<TaskId>): Promise<{ id: TaskId; fresh: boolean }>;
  bind(key: string, id: TaskId, nowAt: number): void;
}

/** `committed`: resolves or rejects once everything written so far is on disk or will never be. */
export function createIdempotency(store: Store, committed: () => Promise<void>): Idempotency {
  // Submissions under way, whose row may not be readable yet.
  const underWay = new Map<string, Promise<TaskId>>();

  async function stored(key: string): Promise<TaskId | undefined> {
    const [row] = await store.read<{ task_id: Uint8Array }>("SELECT task_id FROM idempotency WHERE key = ?", [
      key,
    ]);
    return row === undefined ? undefined : taskIdFromBytes(row.task_id);
  }

  return {
    async once(key, make) {
      const running = underWay.get(key);
      if (running !== undefined) return { id: await running, fresh: false };
      let fresh = false;
      const submission = (async () => {
        const known = await stored(key);
        if (known !== undefined) return known;
        fresh = true;
        return make();
      })();
      underWay.set(key, submission);
      const forget = (): void => {
        if (underWay.get(key) === submission) underWay.delete(key);
      };
      try {
        const id = await submission;
        // Readers see the row only after its commit.
        if (fresh) committed().then(forget, forget);
        else forget();
        return { id, fresh };
      } catch (error) {
        forget();
        throw error;
      }
    },
    bind(key, id, nowAt) {
      // An old key whose task is gone (retention) gives way; a live one was found before.
      store.write("INSERT OR REPLACE INTO idempotency (key, task_id, created_at) VALUES (?, ?, ?)", [
        key,
        taskIdToBytes(id),
        nowAt,
      ]);
    },
  };
}

/** The key was used for something else: answering with that task would be a lie. */
export function keyConflict(key: string, id: TaskId): ErrandError {
  return new ErrandError(
    "Conflict",
    `the idempotency key "${key}" belongs to task ${id}, which asks for something else`,
    {
      hint: "Use a new key for a new task; equal keys are for retrying the same submission.",
      details: { id },
    },
  );
}
