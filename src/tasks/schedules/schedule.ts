/**
 * A schedule as it is asked for, kept and shown. What was asked never changes; the standing (`ScheduleStanding`) does with
 * every run, and is written in the same commit as the task of that run.
 */
import { bodySizeBytes, jsonType, type Body } from "../../core/body.ts";
import { ErrandError } from "../../core/errors.ts";
import type { TaskId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { ScheduleRow } from "../../storage/schedules.ts";
import { fillSpec } from "../submission.ts";
import type { Submission } from "../task.ts";
import { calendarOf } from "./calendar.ts";
import { firstDue, MISSED_POLICIES, type MissedPolicy, type Plan } from "./due.ts";

export const OVERLAP_POLICIES = ["allow", "skip"] as const;
/** While the last run goes on: run beside it, or leave the due time out. */
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** Either `cron` or `everyMs`. */
export interface ScheduleRequest {
  /** Unique among the schedules of this node; none by default. */
  name?: string;
  submission: Submission;
  cron?: string;
  /** IANA name; default UTC. */
  timezone?: string;
  everyMs?: number;
  /** Default `once`. */
  missed?: MissedPolicy;
  /** Default `allow`. */
  overlap?: OverlapPolicy;
  /** ms since the epoch. */
  until?: number;
  maxRuns?: number;
}

/** JSON shape of a schedule in the API and in `-o json`. Times are ISO 8601. */
export interface ScheduleView {
  id: string;
  name: string;
  skill: string;
  cron: string | null;
  timezone: string;
  everyMs: number | null;
  missed: MissedPolicy;
  overlap: OverlapPolicy;
  until: string | null;
  maxRuns: number | null;
  /** `ended`: it will not run again. */
  state: "active" | "disabled" | "ended";
  nextAt: string | null;
  lastAt: string | null;
  lastTask: TaskId | null;
  runs: number;
  skipped: number;
  /** What was last left out, and why. */
  note: string;
  createdAt: string;
  /** What is submitted, without its input. */
  submission: Omit<Submission, "input">;
  input: { type: string; sizeBytes: number; hash: string | null };
}

const longestMs = 10 * 366 * 24 * 3_600_000;

/** `input`: the submission's, small enough to be kept in the row. Throws `InvalidInput`. */
export function newSchedule(id: string, request: ScheduleRequest, input: Body, nowAt: number): ScheduleRow {
  const {
    submission,
    cron = "",
    timezone = "UTC",
    everyMs = 0,
    missed = "once",
    overlap = "allow",
  } = request;
  checkRequest(request);
  const { input: _input, ...rest } = submission;
  const row: ScheduleRow = {
    id,
    name: request.name ?? "",
    submission: JSON.stringify(rest),
    input: input.bytes ?? null,
    inputBlob: input.blob?.hash ?? "",
    inputSize: bodySizeBytes(input),
    inputType: input.type,
    cron: cron.trim(),
    timezone,
    intervalMs: everyMs,
    missed,
    overlap,
    maxRuns: request.maxRuns ?? 0,
    untilAt: request.until ?? null,
    createdAt: nowAt,
    enabled: true,
    nextAt: null,
    lastAt: null,
    lastTask: null,
    runs: 0,
    skipped: 0,
    note: "",
  };
  row.nextAt = firstDue(planOf(row), nowAt);
  check(
    row.nextAt !== null,
    "this schedule would never run",
    "See when it is due: errand schedule next EXPR",
  );
  return row;
}

function checkRequest(request: ScheduleRequest): void {
  const { submission, cron, everyMs, name = "", maxRuns, until } = request;
  check((cron === undefined) !== (everyMs === undefined), "a schedule has either cron or everyMs");
  check(
    name === "" || /^[\w][\w .:/-]{0,63}$/.test(name),
    "the name must be 1 to 64 letters, digits, - _ . : /",
  );
  const least = limits.scheduleIntervalMs;
  if (everyMs !== undefined) {
    const ok = Number.isInteger(everyMs) && everyMs >= least && everyMs <= longestMs;
    check(ok, `everyMs must be a whole number from ${least} to ${longestMs}`);
  }
  check(
    maxRuns === undefined || (Number.isInteger(maxRuns) && maxRuns > 0),
    "maxRuns must be a whole number above 0",
  );
  check(until === undefined || Number.isFinite(until), "until must be a time");
  check(MISSED_POLICIES.includes(request.missed ?? "once"), `missed must be ${MISSED_POLICIES.join(", ")}`);
  check(OVERLAP_POLICIES.includes(request.overlap ?? "allow"), `overlap must be allow or skip`);
  for (const key of ["idempotencyKey", "notBefore", "parentId", "graph"] as const)
    check(submission[key] === undefined, `${key} belongs to one task and not to a schedule`);
  // The label of the schedule is added to each run.
  fillSpec({ ...submission, labels: { ...submission.labels, schedule: "" } });
  if (cron !== undefined) calendarOf({ cron, timezone: request.timezone ?? "UTC", intervalMs: 0 }, 0);
}

function check(ok: boolean, message: string, hint?: string): void {
  if (!ok) throw new ErrandError("InvalidInput", message, { hint });
}

export function planOf(row: ScheduleRow): Plan {
  return {
    cron: row.cron,
    timezone: row.timezone,
    intervalMs: row.intervalMs,
    missed: row.missed as MissedPolicy,
    untilAt: row.untilAt,
    maxRuns: row.maxRuns,
    runs: row.runs,
    nextAt: row.nextAt,
  };
}

/** The task of one run. Equal keys are the same run: a crash between two writes can neither double nor lose it. */
export function submissionOf(row: ScheduleRow, run: string): Submission {
  const stored = JSON.parse(row.submission) as Omit<Submission, "input">;
  return {
    ...stored,
    input: inputOf(row),
    labels: { ...stored.labels, schedule: row.id },
    idempotencyKey: `schedule:${row.id}:${run}`,
  };
}

function inputOf({ input, inputBlob, inputSize, inputType }: ScheduleRow): Body {
  if (input !== null) return { bytes: input, type: inputType };
  return { blob: { hash: inputBlob, sizeBytes: inputSize }, type: inputType };
}

export function viewOfSchedule(row: ScheduleRow): ScheduleView {
  const submission = JSON.parse(row.submission) as Omit<Submission, "input">;
  return {
    id: row.id,
    name: row.name,
    skill: submission.skill,
    cron: row.cron === "" ? null : row.cron,
    timezone: row.timezone,
    everyMs: row.intervalMs === 0 ? null : row.intervalMs,
    missed: row.missed as MissedPolicy,
    overlap: row.overlap as OverlapPolicy,
    until: iso(row.untilAt),
    maxRuns: row.maxRuns === 0 ? null : row.maxRuns,
    state: !row.enabled ? "disabled" : row.nextAt === null ? "ended" : "active",
    nextAt: iso(row.nextAt),
    lastAt: iso(row.lastAt),
    lastTask: row.lastTask,
    runs: row.runs,
    skipped: row.skipped,
    note: row.note,
    createdAt: new Date(row.createdAt).toISOString(),
    submission,
    input: {
      type: row.inputType === "" ? jsonType : row.inputType,
      sizeBytes: row.inputSize,
      hash: row.inputBlob === "" ? null : row.inputBlob,
    },
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
