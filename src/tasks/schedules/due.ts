/**
 * What a schedule has to do now: a pure function of its plan and of the wall clock, which may have jumped.
 *
 * `nextAt` is the first due time that nobody has decided about. It only grows, so no due time is run twice; what lies
 * between it and now is due or missed. A clock that is set back by up to three hours (a change of the clocks, a wrong
 * zone) makes an expression wait until the time is reached again, as Vixie cron does; set back further, it was wrong before
 * and the schedule starts anew from now. An interval is about elapsed time and starts anew at once.
 */
import { limits } from "../../core/limits.ts";
import { calendarOf, type Timing } from "./calendar.ts";

export const MISSED_POLICIES = ["skip", "once", "all"] as const;
/**
 * Due times that passed while nobody could run them: leave them out, run one for all of them, or run each of the newest
 * `limits.scheduleCatchUp`.
 */
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

export interface Plan extends Timing {
  missed: MissedPolicy;
  /** No due time after it; null for none. */
  untilAt: number | null;
  /** 0 for no bound. */
  maxRuns: number;
  /** Due times run so far. */
  runs: number;
  nextAt: number | null;
}

export interface Decision {
  /** Due times to run now, oldest first. */
  runs: number[];
  /** Due times left out; with `manyMore` there were more, too many to count. */
  skipped: number;
  manyMore: boolean;
  /** null: it will not run again. */
  nextAt: number | null;
}

// Timers and the event loop are late too; a due time is missed only beyond this.
const lateMs = 5_000;
const correctionMs = 3 * 3_600_000;

export function decide(plan: Plan, nowAt: number): Decision {
  const { nextAt } = plan;
  if (nextAt === null) return { runs: [], skipped: 0, manyMore: false, nextAt };
  if (nowAt < nextAt)
    return { runs: [], skipped: 0, manyMore: false, nextAt: corrected(plan, nextAt, nowAt) };
  const calendar = calendarOf(plan, nextAt);
  const most = limits.scheduleCatchUp;
  const due = calendar.newest(nextAt, Math.min(nowAt, plan.untilAt ?? nowAt), most + 1);
  const manyMore = due.length > most;
  const left = plan.maxRuns === 0 ? Infinity : plan.maxRuns - plan.runs;
  const runs = chosen(plan.missed, due, nowAt).slice(-most).slice(0, Math.max(left, 0));
  const ended = runs.length >= left;
  return {
    runs,
    skipped: due.length - runs.length,
    manyMore,
    nextAt: ended ? null : bounded(calendar.after(nowAt), plan.untilAt),
  };
}

function chosen(policy: MissedPolicy, due: readonly number[], nowAt: number): readonly number[] {
  if (policy === "all") return due;
  const onTime = due.filter((at) => nowAt - at <= lateMs);
  // A run that is due now stands for those before it.
  return policy === "once" && onTime.length === 0 ? due.slice(-1) : onTime;
}

function corrected(plan: Plan, nextAt: number, nowAt: number): number | null {
  if (plan.cron === "") {
    if (nextAt - nowAt <= plan.intervalMs + lateMs) return nextAt;
    // On a grid of its own, a millisecond beside the last one: times of the hours that come again have been run on the
    // grids before, and an equal time would be taken for the same run.
    const earliest = nowAt + plan.intervalMs;
    const offset = (nextAt + 1 - earliest) % plan.intervalMs;
    return bounded(earliest + (offset < 0 ? offset + plan.intervalMs : offset), plan.untilAt);
  }
  const calendar = calendarOf(plan, nextAt);
  // `nextAt` was the first after the wall time at which it was decided: so that time was not before this one.
  const before = calendar.before(nextAt);
  if (before === null || nowAt >= before - correctionMs) return nextAt;
  return bounded(calendar.after(nowAt), plan.untilAt);
}

/** The first due time of a schedule that is made or enabled at `nowAt`. */
export function firstDue(plan: Plan, nowAt: number): number | null {
  if (plan.maxRuns !== 0 && plan.runs >= plan.maxRuns) return null;
  return bounded(calendarOf(plan, nowAt).after(nowAt), plan.untilAt);
}

/** The next `count` due times. */
export function upcoming(timing: Timing, fromAt: number, untilAt: number | null, count: number): number[] {
  const found: number[] = [];
  const calendar = calendarOf(timing, fromAt);
  let at: number | null = fromAt;
  while (found.length < count) {
    at = bounded(calendar.after(at), untilAt);
    if (at === null) break;
    found.push(at);
  }
  return found;
}

function bounded(at: number | null, untilAt: number | null): number | null {
  return at === null || (untilAt !== null && at > untilAt) ? null : at;
}
