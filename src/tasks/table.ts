/**
 * The tasks of this home in memory, and the way of every change of theirs into the store: a change marks its task, and
 * at the end of the turn each marked task is written once, with all of its history. Terminal states are announced only after
 * their commit.
 */
import { ChurnMap, RecentMap } from "../core/churn.ts";
import type { Clock } from "../core/clock.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../storage/store.ts";
import type { Changes } from "./changes.ts";
import { saveRecord } from "./persist.ts";
import { viewOf, type TaskRecord } from "./record.ts";
import { isTerminal, mayMove, type TaskState } from "./states.ts";
import type { AttemptRecord, TaskChange } from "./task.ts";

// Finished tasks stay in memory this long in number, at least: waiters and lookups that come just after the end need no read.
const finishedKept = 128;

export interface TaskTable {
  readonly live: ReadonlyMap<TaskId, TaskRecord>;
  /** A live or recently finished task. */
  get(id: TaskId): TaskRecord | undefined;
  /** All in memory, live and recently finished. */
  ids(): Iterable<TaskId>;
  /** Whether it has ended, and that is not on disk yet. */
  isEnding(id: TaskId): boolean;
  /** Live tasks that name `id` as their parent. */
  childrenOf(id: TaskId): TaskRecord[];
  add(record: TaskRecord): void;
  /** Its rows are gone. Does nothing to a live task. */
  forget(id: TaskId): void;
  /** Takes up a task from the store, as it is. */
  adopt(record: TaskRecord): void;
  /** False, and nothing happens, when the table of states forbids it: the task has ended. */
  move(record: TaskRecord, to: TaskState, reason: string): boolean;
  progress(record: TaskRecord, fraction: number, message: string): void;
  recordAttempt(record: TaskRecord, attempt: AttemptRecord): void;
  /** Resolves when every change so far is on disk. */
  committed(): Promise<void>;
  /** Calls `done` once the task has ended and that is on disk. */
  whenEnded(record: TaskRecord, done: (error?: Error) => void): () => void;
  /** Called at every change of a state, in the same turn, before it is stored: what it writes is in the same commit. */
  onMove(listener: MoveListener): () => void;
  readonly counters: Record<
    "submitted" | "completed" | "failed" | "cancelled" | "timeout" | "rejected",
    number
  >;
}

export type MoveListener = (record: TaskRecord, from: TaskState) => void;

export interface TaskTableOptions {
  store: Store;
  changes: Changes;
  clock: Clock;
  self: PeerIdText;
  log: Log;
}

export function createTaskTable({ store, changes, clock, self, log }: TaskTableOptions): TaskTable {
  const live = new ChurnMap<TaskId, TaskRecord>();
  // Ended, and that is not on disk yet: nobody may look for them there.
  const ending = new ChurnMap<TaskId, TaskRecord>();
  const finished = new RecentMap<TaskId, TaskRecord>(finishedKept);
  let marked = new Set<TaskRecord>();
  const counters = { submitted: 0, completed: 0, failed: 0, cancelled: 0, timeout: 0, rejected: 0 };
  // Most tasks have no parent: only those that do are indexed.
  const children = new Map<TaskId, Set<TaskRecord>>();
  const listeners = new Set<MoveListener>();
  let saving = false;

  function mark(record: TaskRecord): void {
    marked.add(record);
    if (saving) return;
    saving = true;
    setImmediate(saveInTime);
  }

  /** At the end of a turn: what it wrote leaves with it, not with the next. */
  function saveInTime(): void {
    save();
    store.endTurn?.();
  }

  function save(): void {
    saving = false;
    if (marked.size === 0) return;
    const ended: TaskRecord[] = [];
    for (const record of marked) {
      saveRecord(store, record);
      if (isTerminal(record.state)) ended.push(record);
    }
    marked = new Set();
    if (ended.length > 0)
      store.committed().then(
        () => announce(ended),
        (error: Error) => announce(ended, error),
      );
  }

  function announce(ended: TaskRecord[], error?: Error): void {
    if (error !== undefined)
      log.error({ err: error, tasks: ended.length }, "the end of tasks could not be stored");
    for (const record of ended) {
      settle(record);
      const { waiters } = record;
      record.waiters = undefined;
      if (waiters !== undefined) for (const waiter of waiters) waiter(error);
      if (error === undefined && changes.watched) publish(record);
    }
  }

  function settle(record: TaskRecord): void {
    if (!ending.delete(record.id)) return;
    if (record.state === "completed") {
      // Only the store needs them any more, and it has them.
      record.evidence = undefined;
      record.lastDecision = undefined;
    }
    finished.set(record.id, record);
  }

  function publish(record: TaskRecord): void {
    changes.publish(eventOf(record), viewOf(record, self, clock.now()));
  }

  function enter(record: TaskRecord): void {
    live.set(record.id, record);
    const { parentId } = record.spec;
    if (parentId === undefined) return;
    const siblings = children.get(parentId);
    if (siblings === undefined) children.set(parentId, new Set([record]));
    else siblings.add(record);
  }

  function retire(record: TaskRecord): void {
    live.delete(record.id);
    const { parentId } = record.spec;
    if (parentId !== undefined) {
      const siblings = children.get(parentId);
      siblings?.delete(record);
      if (siblings?.size === 0) children.delete(parentId);
    }
    ending.set(record.id, record);
  }

  return {
    live,
    counters,
    get: (id) => live.get(id) ?? ending.get(id) ?? finished.get(id),
    *ids() {
      yield* live.keys();
      yield* ending.keys();
      yield* finished.keys();
    },
    isEnding: (id) => ending.has(id),
    childrenOf: (id) => [...(children.get(id) ?? [])],
    add(record) {
      enter(record);
      counters.submitted++;
      mark(record);
    },
    adopt: enter,
    forget: (id) => finished.delete(id),
    move(record, to, reason) {
      if (!mayMove(record.state, to)) return false;
      const at = clock.now();
      const from = record.state;
      record.unsavedHistory.push({
        at,
        from,
        to,
        attempt: record.attempt,
        peer: record.peer,
        reason,
      });
      record.state = to;
      record.reason = reason;
      record.updatedAt = at;
      mark(record);
      if (isTerminal(to)) {
        record.finishedAt = at;
        counters[to]++;
        retire(record);
      } else if (changes.watched) publish(record);
      for (const listener of listeners) listener(record, from);
      return true;
    },
    progress(record, fraction, message) {
      record.progress = fraction;
      record.progressMessage = message;
      if (changes.watched) changes.publish("TaskProgress", viewOf(record, self, clock.now()));
    },
    recordAttempt(record, attempt) {
      record.unsavedAttempts.push(attempt);
      mark(record);
    },
    committed() {
      save();
      return store.committed();
    },
    onMove(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    whenEnded(record, done) {
      if (!isTerminal(record.state)) {
        (record.waiters ??= []).push(done);
        return () => (record.waiters = record.waiters?.filter((waiter) => waiter !== done));
      }
      save();
      store.committed().then(() => done(), done);
      return () => {};
    },
  };
}

function eventOf({ state, attempt }: TaskRecord): TaskChange["event"] {
  switch (state) {
    case "queued":
      return attempt === 0 ? "TaskSubmitted" : "TaskState";
    case "assigned":
      return "TaskAssigned";
    case "completed":
      return "TaskCompleted";
    case "failed":
    case "timeout":
    case "rejected":
      return "TaskFailed";
    case "cancelled":
      return "TaskCancelled";
    default:
      return "TaskState";
  }
}
