/** The attempts of each task: who got it, why that peer (the routing decision), and how it ended. */
import { taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Store } from "./store.ts";

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
  /** JSON. */
  decision: string | null;
}

export type AttemptEnd = Pick<AttemptRow, "attempt" | "outcome" | "error" | "usage"> & { finishedAt: number };

const insertSql = `INSERT INTO attempts (task_id, attempt, peer, started_at, finished_at, outcome, error, usage, decision)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const finishSql = `UPDATE attempts SET finished_at = ?, outcome = ?, error = ?, usage = ?
  WHERE task_id = ? AND attempt = ? AND finished_at IS NULL`;

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

/** The first end stays. */
export function finishAttempt(store: Store, taskId: TaskId, end: AttemptEnd): void {
  const { finishedAt, outcome, error, usage, attempt } = end;
  store.write(finishSql, [finishedAt, outcome, error, usage, taskIdToBytes(taskId), attempt]);
}

export async function attemptsOf(store: Store, taskId: TaskId): Promise<AttemptRow[]> {
  const rows = await store.read(
    `SELECT attempt, peer, started_at AS startedAt, finished_at AS finishedAt, outcome, error, usage, decision
     FROM attempts WHERE task_id = ? ORDER BY attempt`,
    [taskIdToBytes(taskId)],
  );
  return rows as unknown as AttemptRow[];
}
