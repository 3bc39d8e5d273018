/**
 * The schedules of this node: kept in memory and in the store, looked at when one is due. It decides nothing about times
 * (due.ts) and knows of tasks only how to submit one.
 *
 * A run and the schedule's new standing are one commit: the standing is written in the turn in which the task is added,
 * told by the table. Where that fails, the run's idempotency key makes the second submission the first task again.
 */
import type { Body } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { newTaskId, type TaskId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import {
  deleteSchedule,
  insertSchedule,
  loadSchedules,
  updateSchedule,
  type ScheduleRow,
} from "../../storage/schedules.ts";
import type { Store } from "../../storage/store.ts";
import type { BlobAccess } from "../blob-access.ts";
import type { TaskTable } from "../table.ts";
import type { Submission, TaskView } from "../task.ts";
import type { Timing } from "./calendar.ts";
import { firstDue, upcoming } from "./due.ts";
import { createRuns } from "./runs.ts";
import { newSchedule, planOf, viewOfSchedule, type ScheduleRequest, type ScheduleView } from "./schedule.ts";

export interface Schedules {
  /** Resolves once it is on disk. Throws `InvalidInput`, `Conflict` for a name in use, `LimitExceeded`. */
  add(request: ScheduleRequest): Promise<ScheduleView>;
  /** Oldest first. */
  list(): ScheduleView[];
  /** By id, by name, or by a unique beginning or end of an id. Throws `NotFound`, `Ambiguous`. */
  get(id: string): ScheduleView;
  /** Its tasks stay. */
  remove(id: string): Promise<ScheduleView>;
  /** Due times while it was disabled are not missed: it goes on from now. */
  enable(id: string): Promise<ScheduleView>;
  disable(id: string): Promise<ScheduleView>;
  /** A run now, beside those that are due. Throws `Conflict` when the last run goes on and `overlap` is `skip`. */
  trigger(id: string): Promise<TaskView>;
  /** The next due times, ISO 8601, of a schedule or of a timing that is none yet. */
  next(of: string | Partial<Timing>, count: number): string[];
}

export interface ScheduleService {
  readonly api: Schedules;
  readonly counters: { scheduleRuns: number; scheduleSkipped: number };
  /** Reads the schedules; before `start`. */
  load(): Promise<void>;
  /** After the tasks of the last life have been taken up. The returned function ends it. */
  start(): () => void;
}

export interface ScheduleOptions {
  store: Store;
  table: Pick<TaskTable, "onMove" | "committed" | "live">;
  submit: (submission: Submission) => Promise<TaskView>;
  blobs: Pick<BlobAccess, "putBytes">;
  clock: Clock;
  log: Log;
}

export function createSchedules(options: ScheduleOptions): ScheduleService {
  const { store, clock } = options;
  const rows = new Map<string, ScheduleRow>();
  const runs = createRuns({ ...options, isKept: (row) => rows.get(row.id) === row });
  let cancelWake: (() => void) | undefined;
  let started = false;
  let seen = { wallAt: clock.now(), ms: clock.monotonic() };

  function wake(): void {
    const nowAt = clock.now();
    const ms = clock.monotonic();
    const setBack = nowAt < seen.wallAt + (ms - seen.ms) - 1_000;
    seen = { wallAt: nowAt, ms };
    for (const row of rows.values()) {
      const due = row.enabled && row.nextAt !== null && (setBack || row.nextAt <= nowAt);
      if (due && !runs.busy(row) && runs.waitMs(row) === 0) void runs.make(row).then(arm);
    }
    arm();
  }

  function arm(): void {
    cancelWake?.();
    cancelWake = undefined;
    if (!started) return;
    const nowAt = clock.now();
    let delayMs = Infinity;
    for (const row of rows.values()) {
      if (row.enabled && row.nextAt !== null && !runs.busy(row))
        delayMs = Math.min(delayMs, Math.max(row.nextAt - nowAt, runs.waitMs(row)));
    }
    if (delayMs !== Infinity)
      cancelWake = clock.after(Math.min(Math.max(delayMs, 1), limits.scheduleCheckMs), wake);
  }

  function find(text: string): ScheduleRow {
    const exact = rows.get(text.toLowerCase());
    if (exact !== undefined) return exact;
    const all = [...rows.values()];
    const named = all.find(({ name }) => name === text && name !== "");
    if (named !== undefined) return named;
    const part = text.toLowerCase();
    const found = part.length < 4 ? [] : all.filter(({ id }) => id.startsWith(part) || id.endsWith(part));
    if (found.length > 1) {
      throw new ErrandError("Ambiguous", `${found.length} schedules begin or end with "${text}"`, {
        hint: "Give more characters, or the name.",
        details: { ids: found.slice(0, 10).map(({ id }) => id) },
      });
    }
    if (found[0] === undefined) {
      throw new ErrandError("NotFound", `there is no schedule "${text.slice(0, 64)}" on this node`, {
        hint: "See `errand schedule list`.",
      });
    }
    return found[0];
  }

  /** Large inputs go into the blob store: every schedule is in memory. */
  async function kept(input: Body): Promise<Body> {
    if (input.bytes === undefined || input.bytes.length <= limits.scheduleInputBytes) return input;
    return { blob: await options.blobs.putBytes(input.bytes), type: input.type };
  }

  async function add(request: ScheduleRequest): Promise<ScheduleView> {
    if (store.failed !== undefined) throw toErrandError(store.failed, "StorageFailed");
    const row = newSchedule(newTaskId(), request, await kept(request.submission.input), clock.now());
    if (rows.size >= limits.schedules) {
      throw new ErrandError("LimitExceeded", `this node has ${rows.size} schedules already`, {
        hint: "Remove one: errand schedule remove ID",
      });
    }
    if (row.name !== "" && [...rows.values()].some(({ name }) => name === row.name))
      throw new ErrandError("Conflict", `there is a schedule "${row.name}" already`, {
        hint: "Choose another name, or remove that one first.",
      });
    rows.set(row.id, row);
    insertSchedule(store, row);
    await store.committed();
    arm();
    return viewOfSchedule(row);
  }

  async function changed(row: ScheduleRow): Promise<ScheduleView> {
    updateSchedule(store, row);
    await store.committed();
    arm();
    return viewOfSchedule(row);
  }

  return {
    counters: runs.counters,
    async load() {
      for (const row of await loadSchedules(store)) rows.set(row.id, row);
    },
    start() {
      started = true;
      const unwatch = runs.watch();
      // All are looked at once: the clock may have been set while nobody was there.
      for (const row of rows.values()) if (row.enabled && row.nextAt !== null) void runs.make(row).then(arm);
      return () => {
        started = false;
        cancelWake?.();
        unwatch();
      };
    },
    api: {
      add,
      list: () => [...rows.values()].map(viewOfSchedule),
      get: (id) => viewOfSchedule(find(id)),
      async remove(id) {
        const row = find(id);
        rows.delete(row.id);
        deleteSchedule(store, row.id);
        await store.committed();
        arm();
        return { ...viewOfSchedule(row), nextAt: null };
      },
      async enable(id) {
        const row = find(id);
        if (row.enabled) return viewOfSchedule(row);
        row.enabled = true;
        row.nextAt = firstDue(planOf(row), clock.now());
        return changed(row);
      },
      async disable(id) {
        const row = find(id);
        row.enabled = false;
        row.nextAt = null;
        return changed(row);
      },
      async trigger(id) {
        const row = find(id);
        if (row.overlap === "skip" && runs.goesOn(row)) {
          throw new ErrandError("Conflict", `the last run of this schedule goes on: task ${row.lastTask}`, {
            hint: "Wait for it or cancel it; this schedule does not overlap.",
            details: { task: row.lastTask as TaskId },
          });
        }
        return runs.extra(row, newTaskId());
      },
      next(of, count) {
        const nowAt = clock.now();
        if (typeof of !== "string") {
          const timing = { cron: "", timezone: "UTC", intervalMs: 0, ...of };
          return upcoming(timing, nowAt, null, count).map(iso);
        }
        const row = find(of);
        if (row.nextAt === null) return [];
        // The interval's grid is where its next time is.
        return [row.nextAt, ...upcoming(planOf(row), row.nextAt, row.untilAt, count - 1)].map(iso);
      },
    },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
