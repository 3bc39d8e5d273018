/** The worker's outbox: answers kept until their submitter has acknowledged them, also over a restart. */
import { taskIdFromBytes, taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface ResultKey {
  submitter: PeerIdText;
  taskId: TaskId;
  attempt: number;
}

export interface ResultRow extends ResultKey {
  /** The encoded response. */
  response: Uint8Array;
  /** ms since the epoch. */
  createdAt: number;
}

const putSql = `INSERT INTO results (submitter, task_id, attempt, response, created_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (submitter, task_id, attempt) DO UPDATE SET response = excluded.response, created_at = excluded.created_at`;

export function putResult(store: Store, row: ResultRow): void {
  store.write(putSql, [row.submitter, taskIdToBytes(row.taskId), row.attempt, row.response, row.createdAt]);
}

export function deleteResult(store: Store, key: ResultKey): void {
  store.write("DELETE FROM results WHERE submitter = ? AND task_id = ? AND attempt = ?", [
    key.submitter,
    taskIdToBytes(key.taskId),
    key.attempt,
  ]);
}

/** For submitters that never came back. `before`: ms since the epoch. */
export function deleteResultsBefore(store: Store, before: number): void {
  store.write("DELETE FROM results WHERE created_at < ?", [before]);
}

// A response holds at most 256 KiB of output inline: a page stays under 16 MiB.
const loadPage = 64;

/** All of them, a page at a time. */
export async function* loadResults(store: Store): AsyncGenerator<ResultRow> {
  let after = 0;
  for (;;) {
    const rows = await store.read(
      `SELECT rowid AS position, submitter, task_id, attempt, response, created_at FROM results
       WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      [after, loadPage],
    );
    for (const row of rows) {
      after = row["position"] as number;
      yield {
        submitter: row["submitter"] as string,
        taskId: taskIdFromBytes(row["task_id"] as Uint8Array),
        attempt: row["attempt"] as number,
        response: row["response"] as Uint8Array,
        createdAt: row["created_at"] as number,
      };
    }
    if (rows.length < loadPage) return;
  }
}
