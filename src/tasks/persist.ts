/** Between a task's record and its rows: what is written, when, and how a record is made again from them. */
import { bodySizeBytes, type Body } from "../core/body.ts";
import type { ErrorJson } from "../core/errors.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { Usage } from "../network/messages.ts";
import type { Decision } from "../routing/candidate.ts";
import { decisionFrom, decisionText } from "../routing/decision-text.ts";
import { attemptsOf, attemptsText, insertAttempt, type AttemptRow } from "../storage/attempts.ts";
import { entriesInRow, historyOf, historyText, insertHistory } from "../storage/history.ts";
import type { Store } from "../storage/store.ts";
import { findTaskIds, listTasks, type TaskListFilter } from "../storage/task-listing.ts";
import {
  finishTask,
  getTask,
  insertTask,
  linkTask,
  unfinishedTasks,
  updateTaskState,
  type TaskRow,
} from "../storage/tasks.ts";
import { newRecord, type TaskRecord } from "./record.ts";
import { isTerminal, type TaskState } from "./states.ts";
import { specFromText, specToText } from "./submission.ts";
import type { AttemptRecord, HistoryEntry } from "./task.ts";

export type RecordFilter = Partial<TaskListFilter>;

const listedByDefault = 50;
const listedAtMost = 1_000;

/** Queues everything of the record that the store does not have yet. */
export function saveRecord(store: Store, r: TaskRecord): void {
  const ended = isTerminal(r.state);
  const trail = historyInRow(store, r, ended ? r.peer : "");
  if (r.fresh) {
    r.fresh = false;
    insertRecord(store, r, ended ? "" : trail);
    if (ended) finishRecord(store, r, trail);
  } else if (ended) finishRecord(store, r, trail);
  else updateTaskState(store, r, trail);
  // Those that come with the end are in its statement.
  if (r.unsavedAttempts.length > 0) {
    if (!ended) for (const attempt of r.unsavedAttempts) insertAttempt(store, r.id, rowOf(attempt));
    r.unsavedAttempts = [];
  }
}

/** What goes into the row of the entries that are new; queues the rows of those that do not. `peer`: as in `historyText`. */
function historyInRow(store: Store, r: TaskRecord, peer: PeerIdText | ""): string {
  const { unsavedHistory: entries, savedHistory: saved } = r;
  if (entries.length === 0) return "";
  r.unsavedHistory = [];
  if (saved !== undefined) r.savedHistory = saved + entries.length;
  if (saved !== undefined && saved + entries.length <= entriesInRow) return historyText(entries, saved, peer);
  insertHistory(store, r.id, entries, saved);
  return "";
}

function rowOf(attempt: AttemptRecord): AttemptRow {
  return {
    attempt: attempt.attempt,
    peer: attempt.peer,
    startedAt: attempt.startedAt,
    finishedAt: attempt.finishedAt,
    outcome: attempt.outcome,
    error: json(attempt.error),
    usage: usageText(attempt.usage),
    decision:
      attempt.decision === undefined ? null : decisionText(attempt.decision as Decision, attempt.peer),
  };
}

function insertRecord(store: Store, r: TaskRecord, trail: string): void {
  insertTask(store, {
    trail,
    id: r.id,
    // A row ends by `finishTask` alone, which sets what an end has.
    state: isTerminal(r.state) ? "pending" : r.state,
    reason: r.reason,
    skill: r.spec.skill,
    skillVersion: r.spec.skillVersion,
    priority: r.priority,
    attempt: r.attempt,
    attemptsMade: r.attemptsMade,
    retriesMade: r.retriesMade,
    lossesMade: r.lossesMade,
    sentEpoch: r.sentEpoch,
    startedAt: r.startedAt,
    peer: r.peer,
    createdAt: r.createdAt,
    updatedAt: r.updatedAt,
    notBefore: r.notBefore ?? null,
    deadlineAt: r.deadlineAt ?? null,
    spec: specToText(r.spec),
    input: r.input.bytes ?? null,
    inputBlob: r.input.blob?.hash ?? "",
    inputSize: bodySizeBytes(r.input),
    inputType: r.input.type,
    inputHash: r.inputHash,
  });
  if (r.spec.parentId !== undefined || r.spec.graph !== undefined) linkTask(store, r.id, r.spec);
}

function finishRecord(store: Store, r: TaskRecord, trail: string): void {
  const { output } = r;
  finishTask(store, {
    id: r.id,
    state: r.state,
    reason: r.reason,
    attempt: r.attempt,
    attemptsMade: r.attemptsMade,
    retriesMade: r.retriesMade,
    lossesMade: r.lossesMade,
    peer: r.peer,
    finishedAt: r.finishedAt ?? r.updatedAt,
    executedVersion: r.executedVersion,
    output: output?.bytes ?? null,
    outputBlob: output?.blob?.hash ?? "",
    outputSize: output === undefined ? 0 : bodySizeBytes(output),
    outputType: output?.type ?? "",
    outputHash: r.outputHash ?? null,
    error: json(r.error),
    usage: usageText(r.usage),
    evidence: r.evidence ?? null,
    trail,
    lastAttempts: attemptsText(r.unsavedAttempts.map(rowOf), r.peer),
  });
}

/** As JSON; written by hand, since every task has one, twice. */
function usageText(usage: Usage | undefined): string | null {
  if (usage === undefined) return null;
  const { wallMs, cpuMs, peakMemoryBytes } = usage;
  if (!Number.isFinite(wallMs + cpuMs + peakMemoryBytes)) return JSON.stringify(usage);
  return `{"wallMs":${wallMs},"cpuMs":${cpuMs},"peakMemoryBytes":${peakMemoryBytes}}`;
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function parsed(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text);
}

function bodyOf(
  bytes: Uint8Array | null,
  blob: string,
  sizeBytes: number,
  type: string,
  hash: Uint8Array | null,
): Body | undefined {
  if (type === "") return undefined;
  if (blob !== "") return { blob: { hash: blob, sizeBytes }, type };
  if (bytes !== null) return { bytes, type };
  // A listing leaves large bodies out; their name and size are enough to show and to fetch them.
  return { blob: { hash: Buffer.from(hash ?? new Uint8Array(0)).toString("hex"), sizeBytes }, type };
}

function recordOf(row: TaskRow): TaskRecord {
  const input = bodyOf(row.input, row.inputBlob, row.inputSize, row.inputType, row.inputHash) as Body;
  return {
    ...newRecord(row.id, specFromText(row.spec, row), input, row.createdAt, row.inputHash ?? undefined),
    state: row.state as TaskState,
    reason: row.reason,
    updatedAt: row.updatedAt,
    finishedAt: row.finishedAt ?? undefined,
    attempt: row.attempt,
    attemptsMade: row.attemptsMade,
    retriesMade: row.retriesMade,
    lossesMade: row.lossesMade,
    sentEpoch: row.sentEpoch,
    startedAt: row.startedAt,
    peer: row.peer,
    progress: row.state === "completed" ? 1 : 0,
    output: bodyOf(row.output, row.outputBlob, row.outputSize, row.outputType, row.outputHash),
    outputHash: row.outputHash ?? undefined,
    error: parsed(row.error) as ErrorJson | undefined,
    usage: parsed(row.usage) as Usage | undefined,
    executedVersion: row.executedVersion,
    notBefore: row.notBefore ?? undefined,
    // What ran nowhere and is complete took its output from elsewhere.
    cached: row.state === "completed" && row.attemptsMade === 0,
    evidence: row.evidence ?? undefined,
    fresh: false,
    savedHistory: undefined,
    attemptUsed: row.attempt > 0,
  };
}

export async function loadRecord(store: Store, id: TaskId): Promise<TaskRecord | undefined> {
  const row = await getTask(store, id);
  return row === undefined ? undefined : recordOf(row);
}

/** Newest first; at most 1,000. Large outputs are left out: their views carry a reference. */
export async function listRecords(store: Store, filter: RecordFilter): Promise<TaskRecord[]> {
  const limit = Math.min(Math.max(1, filter.limit ?? listedByDefault), listedAtMost);
  return (await listTasks(store, { ...filter, limit })).map(recordOf);
}

/** Every task that has not ended, oldest first. */
export async function unfinishedRecords(store: Store): Promise<TaskRecord[]> {
  const records: TaskRecord[] = [];
  for await (const row of unfinishedTasks(store)) records.push(recordOf(row));
  return records;
}

export function findTasks(store: Store, part: string): Promise<TaskId[]> {
  return findTaskIds(store, part);
}

export async function loadAttempts(store: Store, id: TaskId): Promise<AttemptRecord[]> {
  return (await attemptsOf(store, id)).map((row) => ({
    attempt: row.attempt,
    peer: row.peer,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt ?? 0,
    outcome: row.outcome,
    error: (row.error ?? undefined) as ErrorJson | undefined,
    usage: (row.usage ?? undefined) as Usage | undefined,
    decision: decisionFrom(row.decision ?? undefined, row.peer),
  }));
}

export async function loadHistory(store: Store, id: TaskId): Promise<HistoryEntry[]> {
  return (await historyOf(store, id)) as unknown as HistoryEntry[];
}
