/** Every change of a task's state, in order: appended with the change, never changed. */
import { taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface HistoryRow {
  /** From 1, in order; given by the store. */
  seq: number;
  /** ms since the epoch. */
  at: number;
  from: string;
  to: string;
  attempt: number;
  peer: PeerIdText | "";
  reason: string;
}

// The number comes from the rows, so that no counter has to survive a restart.
const insertSql = `INSERT INTO history (task_id, seq, at, from_state, to_state, attempt, peer, reason)
  SELECT ?1, coalesce((SELECT max(seq) FROM history WHERE task_id = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7`;

export function insertHistory(store: Store, taskId: TaskId, entry: Omit<HistoryRow, "seq">): void {
  const { at, from, to, attempt, peer, reason } = entry;
  store.write(insertSql, [taskIdToBytes(taskId), at, from, to, attempt, peer, reason]);
}

export async function historyOf(store: Store, taskId: TaskId): Promise<HistoryRow[]> {
  const rows = await store.read(
    `SELECT seq, at, from_state AS "from", to_state AS "to", attempt, peer, reason
     FROM history WHERE task_id = ? ORDER BY seq`,
    [taskIdToBytes(taskId)],
  );
  return rows as unknown as HistoryRow[];
}
