/** One row of evidence as it is kept and stored: the numbers, and the last reasons for them. */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { decayed, newEvidence } from "./evidence.ts";
import type { Evidence } from "./evidence.ts";

/**
 * One row of the store. The row whose peer and skill are both "" is not a peer: `good` and `bad` are the first
 * encounters with strangers, S and F.
 */
export interface EvidenceRow extends Evidence {
  peer: PeerIdText;
  skill: string;
  /** When it began, ms since the epoch. */
  firstAt: number;
  /** Results still to be checked after an alarm, until the time given. */
  alarmChecks: number;
  alarmUntil: number;
  /** The last grounded ones, oldest first; bounded for each kind. */
  verdicts: Verdict[];
}

/** Why the numbers are as they are. */
export interface Verdict {
  /** ms since the epoch. */
  at: number;
  /** "" if it was not for one task. */
  taskId: string;
  good: boolean;
  reason: string;
}

/** What a verdict is about, for its reasons. */
export interface VerdictNote {
  taskId?: string;
  reason?: string;
}

/** Results checked after an alarm. One shows a turncoat; honest peers err too, and three cost every client a sixth more runs. */
export const checksAfterAlarm = 1;

export function newRow(peer: PeerIdText, skill: string, now: number): EvidenceRow {
  return {
    peer,
    skill,
    ...newEvidence(now),
    firstAt: now,
    alarmChecks: 0,
    alarmUntil: 0,
    verdicts: [],
  };
}

/** How much is lost with it. */
export function information(row: Evidence, now: number): number {
  const { good, bad, reliability } = decayed(row, now);
  return good + 2 * bad + (1 - reliability);
}

/** Whether a row that was stored can be used. */
export function sensible(row: EvidenceRow): boolean {
  return (
    row.good >= 0 &&
    row.bad >= 0 &&
    row.badCount >= 0 &&
    row.reliability > 0 &&
    row.reliability <= 1 &&
    row.right >= 0 &&
    row.wrong >= 0 &&
    row.valid >= 0 &&
    Array.isArray(row.verdicts) &&
    Number.isFinite(row.good + row.right + row.wrong + row.valid + row.bad + row.badCount + row.updatedAt)
  );
}

/** Grounded verdicts keep their reasons, the last few of each kind: good ones must not push out the bad. */
export function noteVerdict(
  row: EvidenceRow,
  good: boolean,
  at: number,
  { taskId = "", reason = "" }: VerdictNote,
): void {
  if (row.alarmChecks > 0) row.alarmChecks -= 1;
  row.verdicts.push({ at, taskId, good, reason: reason.slice(0, limits.verdictReasonChars) });
  const same = row.verdicts.filter((verdict) => verdict.good === good);
  if (same.length > limits.verdictsKept) row.verdicts.splice(row.verdicts.indexOf(same[0] as Verdict), 1);
}
