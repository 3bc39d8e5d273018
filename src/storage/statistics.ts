/** What statistics are counted from: the tasks that have ended, a page at a time, without their bodies. */
import { taskIdFromBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface EndedRow {
  id: TaskId;
  state: string;
  skill: string;
  peer: PeerIdText | "";
  /** ms since the epoch. */
  createdAt: number;
  finishedAt: number;
  attemptsMade: number;
  /** As the worker measured the run, or null. */
  wallMs: number | null;
}

// The JSON is read in the reader's thread. In the order of the table's own pages: ids would jump.
const pageSql = `SELECT rowid AS position, id, state, skill, peer, created_at AS createdAt, finished_at AS finishedAt,
  attempts_made AS attemptsMade, usage ->> '$.wallMs' AS wallMs FROM tasks
  WHERE rowid > ? AND finished_at IS NOT NULL ORDER BY rowid LIMIT ?`;
// About a millisecond of the main thread; between two pages it is free.
const pageRows = 500;

/** Every task that has ended and is kept. What ends while this goes on may or may not be among them. */
export async function* endedTasks(store: Store): AsyncGenerator<EndedRow[]> {
  let after = 0;
  for (;;) {
    const rows = await store.read(pageSql, [after, pageRows]);
    yield rows.map((row) => ({
      ...(row as unknown as EndedRow),
      id: taskIdFromBytes(row["id"] as Uint8Array),
      wallMs: typeof row["wallMs"] === "number" ? row["wallMs"] : null,
    }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = last["position"] as number;
  }
}
