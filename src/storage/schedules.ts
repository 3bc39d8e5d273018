/**
 * Repeating submissions, one row each; what the JSON of the submission holds is its writer's business (tasks/schedules/).
 * Times are ms since the epoch. Ids are text here and 16 bytes in the database.
 */
import { taskIdFromBytes, taskIdToBytes, type TaskId } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface ScheduleRow {
  id: string;
  /** "" for none. */
  name: string;
  /** JSON, without the input. */
  submission: string;
  /** Bytes, or `inputBlob`. */
  input: Uint8Array | null;
  inputBlob: string;
  inputSize: number;
  inputType: string;
  /** "" with an interval. */
  cron: string;
  timezone: string;
  /** 0 with a cron expression. */
  intervalMs: number;
  missed: string;
  overlap: string;
  /** 0 for none. */
  maxRuns: number;
  untilAt: number | null;
  createdAt: number;
  enabled: boolean;
  /** null when it will not run again. */
  nextAt: number | null;
  /** The last due time that was run. */
  lastAt: number | null;
  lastTask: TaskId | null;
  runs: number;
  /** Due times that were not run. */
  skipped: number;
  /** What was last left out, and why. */
  note: string;
}

/** What changes from run to run. */
export type ScheduleStanding = Pick<
  ScheduleRow,
  "id" | "enabled" | "nextAt" | "lastAt" | "lastTask" | "runs" | "skipped" | "note"
>;

const insertSql = `INSERT INTO schedules (id, name, submission, input, input_blob, input_size, input_type, cron, timezone,
  interval_ms, missed, overlap, max_runs, until_at, created_at, enabled, next_at, last_at, last_task, runs, skipped, note)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const updateSql = `UPDATE schedules SET enabled = ?, next_at = ?, last_at = ?, last_task = ?, runs = ?, skipped = ?, note = ?
  WHERE id = ?`;

export function insertSchedule(store: Store, row: ScheduleRow): void {
  store.write(insertSql, [
    taskIdToBytes(row.id),
    row.name,
    row.submission,
    row.input,
    row.inputBlob,
    row.inputSize,
    row.inputType,
    row.cron,
    row.timezone,
    row.intervalMs,
    row.missed,
    row.overlap,
    row.maxRuns,
    row.untilAt,
    row.createdAt,
    row.enabled ? 1 : 0,
    row.nextAt,
    row.lastAt,
    row.lastTask === null ? null : taskIdToBytes(row.lastTask),
    row.runs,
    row.skipped,
    row.note,
  ]);
}

/** Nothing happens when the row has been deleted. */
export function updateSchedule(store: Store, row: ScheduleStanding): void {
  store.write(updateSql, [
    row.enabled ? 1 : 0,
    row.nextAt,
    row.lastAt,
    row.lastTask === null ? null : taskIdToBytes(row.lastTask),
    row.runs,
    row.skipped,
    row.note,
    taskIdToBytes(row.id),
  ]);
}

export function deleteSchedule(store: Store, id: string): void {
  store.write("DELETE FROM schedules WHERE id = ?", [taskIdToBytes(id)]);
}

/** Oldest first. */
export async function loadSchedules(store: Store): Promise<ScheduleRow[]> {
  const rows = await store.read("SELECT * FROM schedules ORDER BY id");
  return rows.map((row) => ({
    id: taskIdFromBytes(row["id"] as Uint8Array),
    name: row["name"] as string,
    submission: row["submission"] as string,
    input: row["input"] as Uint8Array | null,
    inputBlob: row["input_blob"] as string,
    inputSize: row["input_size"] as number,
    inputType: row["input_type"] as string,
    cron: row["cron"] as string,
    timezone: row["timezone"] as string,
    intervalMs: row["interval_ms"] as number,
    missed: row["missed"] as string,
    overlap: row["overlap"] as string,
    maxRuns: row["max_runs"] as number,
    untilAt: row["until_at"] as number | null,
    createdAt: row["created_at"] as number,
    enabled: row["enabled"] === 1,
    nextAt: row["next_at"] as number | null,
    lastAt: row["last_at"] as number | null,
    lastTask: row["last_task"] === null ? null : taskIdFromBytes(row["last_task"] as Uint8Array),
    runs: row["runs"] as number,
    skipped: row["skipped"] as number,
    note: row["note"] as string,
  }));
}
