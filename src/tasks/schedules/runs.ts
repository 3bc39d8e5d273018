/**
 * The runs of schedules: for each due time that due.ts names one task, in order, and the schedule's standing in the same
 * commit as the task. A run that cannot be submitted now (a full queue) stays due; one that never can is left out and said.
 */
import type { Clock } from "../../core/clock.ts";
import { toErrandError, type ErrandError } from "../../core/errors.ts";
import type { TaskId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { updateSchedule, type ScheduleRow } from "../../storage/schedules.ts";
import type { Store } from "../../storage/store.ts";
import type { TaskTable } from "../table.ts";
import type { Submission, TaskView } from "../task.ts";
import { decide, type Decision } from "./due.ts";
import { planOf, submissionOf } from "./schedule.ts";

export interface RunsOptions {
  store: Store;
  table: Pick<TaskTable, "onMove" | "committed" | "live">;
  submit: (submission: Submission) => Promise<TaskView>;
  clock: Clock;
  log: Log;
  /** Whether the schedule has not been removed meanwhile. */
  isKept: (row: ScheduleRow) => boolean;
}

export interface Runs {
  readonly counters: { scheduleRuns: number; scheduleSkipped: number };
  /** Makes what is due. Never rejects; at most one call at a time for each schedule. */
  make(row: ScheduleRow): Promise<void>;
  busy(row: ScheduleRow): boolean;
  /** For how long a refused run is not tried again. */
  waitMs(row: ScheduleRow): number;
  /** A run that no due time asked for. */
  extra(row: ScheduleRow, key: string): Promise<TaskView>;
  /** Whether the task of the last run has not ended. */
  goesOn(row: ScheduleRow): boolean;
  /** Begins to listen for the tasks of runs. */
  watch(): () => void;
}

const againMs = 5_000;

export function createRuns(options: RunsOptions): Runs {
  const { store, table, clock, log } = options;
  const counters = { scheduleRuns: 0, scheduleSkipped: 0 };
  const making = new Set<ScheduleRow>();
  /** Monotonic ms. */
  const refusedUntil = new Map<ScheduleRow, number>();
  /** By idempotency key: what to write when the task is added. */
  const expected = new Map<string, (task: TaskId) => void>();

  const goesOn = (row: ScheduleRow): boolean => row.lastTask !== null && table.live.has(row.lastTask);
  const goesAhead = (row: ScheduleRow): boolean => options.isKept(row) && row.enabled;

  async function make(row: ScheduleRow): Promise<void> {
    making.add(row);
    refusedUntil.delete(row);
    try {
      const decision = decide(planOf(row), clock.now());
      if (decision.runs.length > 0 || decision.nextAt !== row.nextAt) await carryOut(row, decision);
    } catch (error) {
      postpone(row, toErrandError(error));
    } finally {
      making.delete(row);
    }
  }

  async function carryOut(row: ScheduleRow, decision: Decision): Promise<void> {
    if (decision.skipped > 0) {
      leaveOut(row, decision.skipped, missedNote(decision));
      // Decided about: what follows may have to be tried again, and must not count them twice.
      row.nextAt = decision.runs[0] ?? decision.nextAt;
    }
    for (const [i, dueAt] of decision.runs.entries()) {
      if (!goesAhead(row)) return;
      const nextAt = decision.runs[i + 1] ?? decision.nextAt;
      if (row.overlap === "skip" && goesOn(row)) {
        leaveOut(row, 1, `${at(dueAt)} was left out: task ${row.lastTask} of the last run went on`);
        row.nextAt = nextAt;
      } else await runDue(row, dueAt, nextAt);
    }
    if (!goesAhead(row)) return;
    row.nextAt = decision.nextAt;
    updateSchedule(store, row);
  }

  async function runDue(row: ScheduleRow, dueAt: number, nextAt: number | null): Promise<void> {
    const done = (task: TaskId): void => {
      Object.assign(row, { lastAt: dueAt, lastTask: task, runs: row.runs + 1 });
      // Disabled in the meantime: that is the last word on the next time.
      if (row.enabled) row.nextAt = nextAt;
      counters.scheduleRuns++;
    };
    try {
      await submit(row, String(dueAt), done);
    } catch (cause) {
      const error = toErrandError(cause);
      if (error.code === "Conflict" && typeof error.details?.["id"] === "string") {
        // Its key was used before: the run was made.
        done(error.details["id"]);
      } else if (error.retryable || error.code === "StorageFailed") throw error;
      else {
        log.warn({ schedule: row.id, due: at(dueAt), err: error }, "a scheduled run was refused");
        leaveOut(row, 1, `${at(dueAt)} was left out: ${error.message}`);
        row.nextAt = nextAt;
      }
    }
  }

  /** Submits, and writes the standing that `done` makes in the turn in which the task is added. */
  async function submit(row: ScheduleRow, run: string, done: (task: TaskId) => void): Promise<TaskView> {
    const submission = submissionOf(row, run);
    const key = submission.idempotencyKey as string;
    let told = false;
    const write = (task: TaskId): void => {
      told = true;
      done(task);
      updateSchedule(store, row);
    };
    expected.set(key, write);
    try {
      const task = await options.submit(submission);
      if (!told) {
        // A former life made this run, and its commit did not take the standing with it.
        write(task.id);
        await store.committed();
      }
      return task;
    } finally {
      expected.delete(key);
    }
  }

  function leaveOut(row: ScheduleRow, count: number, note: string): void {
    row.skipped += count;
    row.note = note;
    counters.scheduleSkipped += count;
  }

  /** It stays due; by the time it is tried again it may count as missed. */
  function postpone(row: ScheduleRow, error: ErrandError): void {
    refusedUntil.set(
      row,
      clock.monotonic() + Math.min(error.retryAfterMs ?? againMs, limits.scheduleCheckMs),
    );
    row.note = `waits: ${error.message}`;
    if (error.code !== "ShuttingDown") log.warn({ schedule: row.id, err: error }, "a scheduled run waits");
  }

  return {
    counters,
    make,
    busy: (row) => making.has(row),
    waitMs: (row) => Math.max(0, (refusedUntil.get(row) ?? 0) - clock.monotonic()),
    goesOn,
    extra: (row, key) =>
      submit(row, `extra:${key}`, (task) => {
        row.lastTask = task;
      }),
    watch: () =>
      table.onMove((record, from) => {
        const key = record.spec.idempotencyKey;
        if (from !== "pending" || key === undefined) return;
        const write = expected.get(key);
        if (write === undefined) return;
        write(record.id);
        // Writes the task too, now: nothing may come between the two on their way to the disk.
        void table.committed().catch(() => undefined);
      }),
  };
}

function missedNote({ runs, skipped, manyMore }: Decision): string {
  if (manyMore && runs.length === limits.scheduleCatchUp)
    return `of the missed due times the newest ${runs.length} were run, those before were left out`;
  return `${manyMore ? "more than " : ""}${manyMore ? skipped - 1 : skipped} missed due ${skipped === 1 ? "time was" : "times were"} left out`;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
