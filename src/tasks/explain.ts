/** Why a task is where it is, in one paragraph for people. */
import type { PeerIdText } from "../core/ids.ts";
import { summaryParagraph } from "../routing/explain.ts";
import type { TaskRecord } from "./record.ts";
import { isTerminal, type TaskState } from "./states.ts";
import type { AttemptRecord, HistoryEntry } from "./task.ts";
import type { VerificationView } from "./verification/ledger.ts";

export interface TaskExplanation {
  id: string;
  status: TaskState;
  summary: string;
  attempts: AttemptRecord[];
  /** What each rule said of each answer. */
  verification: VerificationView[];
  history: HistoryEntry[];
}

export interface ExplainContext {
  self: PeerIdText;
  nowAt: number;
  discoveryWindowMs: number;
}

export function explainRecord(
  record: TaskRecord,
  stored: AttemptRecord[],
  verification: VerificationView[],
  history: HistoryEntry[],
  context: ExplainContext,
): TaskExplanation {
  // Of two that were out at once the later may have ended first.
  const attempts = stored.toSorted((a, b) => a.attempt - b.attempt);
  const waiting =
    record.lastDecision !== undefined &&
    attempts.every((one) => one.attempt !== record.attempt || one.decision === undefined);
  const shown =
    waiting && record.attempt > 0 && record.finishedAt === undefined
      ? [...attempts, ...currentAttempts(record)]
      : attempts;
  const withSearch =
    shown.length === 0 && record.lastDecision !== undefined ? currentAttempts(record) : shown;
  return {
    id: record.id,
    status: record.state,
    summary: summarise(record, attempts, context),
    attempts: withSearch,
    verification,
    history,
  };
}

/** The attempts that are not over, mostly one, with their decisions; or the search that found nobody. */
function currentAttempts(record: TaskRecord): AttemptRecord[] {
  const { attempt, peer, startedAt, hedge } = record;
  const outcome = record.finishedAt === undefined ? "" : "none";
  const first = { attempt, peer, startedAt, finishedAt: 0, outcome, decision: record.lastDecision };
  if (hedge === undefined) return [first];
  const { decision } = hedge;
  return [
    first,
    {
      attempt: hedge.attempt,
      peer: hedge.peer,
      startedAt: hedge.startedAt,
      finishedAt: 0,
      outcome: "",
      decision,
    },
  ];
}

function summarise(record: TaskRecord, attempts: AttemptRecord[], context: ExplainContext): string {
  const paragraph = summaryParagraph({
    status: record.state,
    reason: record.reason,
    skill: record.spec.skill,
    attempts: attempts.map((one) => ({
      attempt: one.attempt,
      peer: one.peer === context.self ? "this node" : one.peer,
      outcome: one.outcome,
      message: one.error?.message,
      decision: one.decision,
    })),
    waiting:
      isTerminal(record.state) && record.error?.code !== "NoCapablePeer" ? undefined : record.lastDecision,
  });
  return [paragraph, whatComesNext(record, context)].filter((part) => part !== "").join(" ");
}

/** What will move the task on from where it is. */
function whatComesNext(record: TaskRecord, { self, nowAt, discoveryWindowMs }: ExplainContext): string {
  const who = record.peer === self ? "this node" : record.peer;
  switch (record.state) {
    case "queued":
      return record.lastDecision?.order.length === 0
        ? `The node looks for providers for up to ${discoveryWindowMs / 1_000} s before it gives up.`
        : "It waits for its turn: tasks of higher priority, and older ones of the same, go first.";
    case "assigned":
      return `${who} has not begun it; without a word within the lease it goes elsewhere.`;
    case "running":
      return `It runs at ${who} for ${Math.round((nowAt - record.startedAt) / 100) / 10} s so far.`;
    case "verifying":
      return `${who} has answered; the output is fetched and checked.`;
    default:
      return "";
  }
}
