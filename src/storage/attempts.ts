/**
 * The attempts of each task: who got it, why that peer (the routing decision), and how it ended. Those that come with the
 * task's end, mostly its only one, are stored in the task's row, as JSON (`attemptsText`, schema-v3.ts); others have rows.
 */
import { taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Row, Store } from "./store.ts";

export interface AttemptRow {
  attempt: number;
  peer: PeerIdText;
  /** ms since the epoch. */
  startedAt: number;
  /** null while it runs. */
  finishedAt: number | null;
  /** "" while it runs. */
  outcome: string;
  /** JSON. */
  error: string | null;
  /** JSON. */
  usage: string | null;
  /** JSON; of routing/decision-text.ts, or the whole decision in rows of older versions. */
  decision: string | null;
}

/** As read: the JSON columns as values. */
export type StoredAttempt = Omit<AttemptRow, "error" | "usage" | "decision"> &
  Record<"error" | "usage" | "decision", unknown>;

const insertSql = `INSERT INTO attempts (task_id, attempt, peer, started_at, finished_at, outcome, error, usage, decision)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function insertAttempt(store: Store, taskId: TaskId, row: AttemptRow): void {
  store.write(insertSql, [
    taskIdToBytes(taskId),
    row.attempt,
    row.peer,
    row.startedAt,
    row.finishedAt,
    row.outcome,
    row.error,
    row.usage,
    row.decision,
  ]);
}

/** For the column `last_attempts` of a task that ended with `peer`. */
export function attemptsText(rows: readonly AttemptRow[], peer: PeerIdText | ""): string {
  let text = "";
  for (const row of rows) {
    const who = row.peer === peer ? 1 : JSON.stringify(row.peer);
    text += `${text === "" ? "" : ","}[${row.attempt},${who},${row.startedAt},${row.finishedAt},"${row.outcome}",${row.error},${row.usage},${row.decision}]`;
  }
  return text;
}

const ofTaskSql = `SELECT attempt, peer, started_at AS startedAt, finished_at AS finishedAt, outcome, error, usage, decision
  FROM attempts WHERE task_id = ? ORDER BY attempt`;

/** In order. */
export async function attemptsOf(store: Store, taskId: TaskId): Promise<StoredAttempt[]> {
  const id = [taskIdToBytes(taskId)];
  const [rows, [task]] = await Promise.all([
    store.read(ofTaskSql, id),
    store.read("SELECT peer, last_attempts FROM tasks WHERE id = ?", id),
  ]);
  return [...rows.map(fromRow), ...(task === undefined ? [] : fromTask(task))];
}

function fromRow(row: Row): StoredAttempt {
  const attempt = row as unknown as AttemptRow;
  const { error, usage, decision } = attempt;
  return { ...attempt, error: parsed(error), usage: parsed(usage), decision: parsed(decision) };
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

type Packed = [number, PeerIdText | 1, number, number | null, string, unknown, unknown, unknown];

function fromTask(task: Row): StoredAttempt[] {
  const packed = JSON.parse(`[${String(task["last_attempts"])}]`) as Packed[];
  return packed.map(([attempt, peer, startedAt, finishedAt, outcome, error, usage, decision]) => ({
    attempt,
    peer: peer === 1 ? String(task["peer"]) : peer,
    startedAt,
    finishedAt,
    outcome,
    error,
    usage,
    decision,
  }));
}
