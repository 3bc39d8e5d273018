/**
 * Every change of a task's state, in order: appended with the change, never changed. The first entries stay in the task's row,
 * as JSON (`historyText`, schema-v3.ts); the few tasks with a longer history have rows for the rest.
 */
import { taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { SqlValue, Store } from "./store.ts";

export interface HistoryRow {
  /** From 1, in order. */
  seq: number;
  /** ms since the epoch. */
  at: number;
  from: string;
  to: string;
  attempt: number;
  peer: PeerIdText | "";
  reason: string;
}

export type HistoryEntry = Omit<HistoryRow, "seq">;

const columns = "(task_id, seq, at, from_state, to_state, attempt, peer, reason)";
// For a task whose number of entries only the rows know.
const appendSql = `INSERT INTO history ${columns}
  SELECT ?1, coalesce((SELECT max(seq) FROM task_history WHERE task_id = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7`;
// A task writes two entries at a time, mostly. Asking for the last number is half of an insert's cost, and each statement
// beyond the first a quarter.
const rowsAtOnce = 4;
const numberedSql = Array.from({ length: rowsAtOnce + 1 }, (_, rows) => {
  const row = (i: number): string => `(?1, ?2 + ${i}${", ?".repeat(6)})`;
  return `INSERT INTO history ${columns} VALUES ${Array.from({ length: rows }, (_row, i) => row(i)).join(", ")}`;
});

/** So many stay in the task's row: it is written anew with each, so a history without end must not be in it. */
export const entriesInRow = 16;

/** What is to be added to the column `trail`, which holds `before` entries. `peer` is written short: the row's, if that will not change. */
export function historyText(entries: readonly HistoryEntry[], before: number, peer = ""): string {
  let text = before > 0 && entries.length > 0 ? "," : "";
  for (const entry of entries) {
    if (text.length > 1) text += ",";
    const who = entry.peer !== "" && entry.peer === peer ? "1" : quoted(entry.peer);
    text += `[${entry.at},"${entry.from}","${entry.to}",${entry.attempt},${who},${quoted(entry.reason)}]`;
  }
  return text;
}

const plain = /^[\w .,:;-]*$/;

// Nearly all are words: looking costs less than writing what would be the same.
function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Appends rows. `before`: how many entries the task has already, where the caller knows. */
export function insertHistory(
  store: Store,
  taskId: TaskId,
  entries: readonly HistoryEntry[],
  before?: number,
): void {
  const id = taskIdToBytes(taskId);
  if (before === undefined) {
    for (const { at, from, to, attempt, peer, reason } of entries)
      store.write(appendSql, [id, at, from, to, attempt, peer, reason]);
    return;
  }
  for (let done = 0; done < entries.length; done += rowsAtOnce) {
    const rows = entries.slice(done, done + rowsAtOnce);
    const params: SqlValue[] = [id, before + done + 1];
    for (const { at, from, to, attempt, peer, reason } of rows)
      params.push(at, from, to, attempt, peer, reason);
    store.write(numberedSql[rows.length] as string, params);
  }
}

export async function historyOf(store: Store, taskId: TaskId): Promise<HistoryRow[]> {
  const rows = await store.read(
    `SELECT seq, at, from_state AS "from", to_state AS "to", attempt, peer, reason
     FROM task_history WHERE task_id = ? ORDER BY seq`,
    [taskIdToBytes(taskId)],
  );
  return rows as unknown as HistoryRow[];
}
