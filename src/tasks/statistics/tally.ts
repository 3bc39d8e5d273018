/** Counts of tasks by how they ended, and how long they took: of a node, a skill or a peer, over some stretch of time. */
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { TerminalState } from "../states.ts";
import {
  addDuration,
  mergeDurations,
  noDurations,
  viewDurations,
  type Durations,
  type DurationsView,
  type Figures,
} from "./durations.ts";

/** What is counted of a task that has ended; the same from a record and from its row. Times are ms since the epoch. */
export interface CountedEnd {
  id: TaskId;
  state: TerminalState;
  skill: string;
  /** The last worker, or "". */
  peer: PeerIdText | "";
  createdAt: number;
  finishedAt: number;
  /** As the last worker measured it; undefined when none did. */
  wallMs: number | undefined;
  /** Its result was there already. */
  cached: boolean;
}

export interface Tally extends Record<TerminalState, number> {
  /** Those of them that have ended by now. */
  submitted: number;
  cached: number;
  execution: Durations;
  total: Durations;
}

export interface TallyView extends Record<TerminalState, number> {
  submitted: number;
  /** Completed without a run; part of `completed`. */
  cached: number;
  /** Of those that ended otherwise than by a cancel; null when there are none. */
  successRate: number | null;
  failureRate: number | null;
  /** Running alone, of completed tasks that ran. */
  execution: DurationsView | null;
  /** From submission to the end, of completed tasks. */
  total: DurationsView | null;
}

export function newTally(): Tally {
  const counts = { submitted: 0, completed: 0, failed: 0, cancelled: 0, timeout: 0, rejected: 0, cached: 0 };
  return { ...counts, execution: noDurations(), total: noDurations() };
}

export function countEnd(tally: Tally, end: CountedEnd, figures: Figures): void {
  tally[end.state]++;
  if (end.state !== "completed") return;
  // The wall clock may have been set back meanwhile.
  const totalMs = Math.max(0, end.finishedAt - end.createdAt);
  addDuration(tally.total, totalMs, figures);
  if (end.cached) tally.cached++;
  // The worker's word, which cannot be more than the whole.
  else if (end.wallMs !== undefined)
    addDuration(tally.execution, Math.min(Math.max(0, end.wallMs), totalMs), figures);
}

export function mergeTally(to: Tally, from: Tally): void {
  to.submitted += from.submitted;
  to.completed += from.completed;
  to.failed += from.failed;
  to.cancelled += from.cancelled;
  to.timeout += from.timeout;
  to.rejected += from.rejected;
  to.cached += from.cached;
  mergeDurations(to.execution, from.execution);
  mergeDurations(to.total, from.total);
}

/** `live`: tasks of the same stretch of time that have not ended. */
export function viewTally(tally: Tally, live: number): TallyView {
  const { completed, failed, cancelled, timeout, rejected, cached } = tally;
  const judged = completed + failed + timeout + rejected;
  return {
    submitted: tally.submitted + live,
    completed,
    failed,
    timeout,
    cancelled,
    rejected,
    cached,
    successRate: judged === 0 ? null : completed / judged,
    failureRate: judged === 0 ? null : 1 - completed / judged,
    execution: viewDurations(tally.execution),
    total: viewDurations(tally.total),
  };
}
