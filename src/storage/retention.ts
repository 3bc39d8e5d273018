/**
 * Removing tasks that ended long ago, with everything that is theirs, and giving the room back. Every statement here is small:
 * the writer is shared with those who wait for their commit.
 */
import { taskIdFromBytes, taskIdToBytes, type TaskId } from "../core/ids.ts";
import type { BlobHash } from "../core/body.ts";
import type { Row, Store } from "./store.ts";

export interface OverTask {
  id: TaskId;
  skill: string;
  /** ms since the epoch. */
  finishedAt: number;
  /** What its row holds, about. */
  rowBytes: number;
  /** Names and sizes of its blobs. */
  blobs: { hash: BlobHash; sizeBytes: number }[];
}

/** Graphs that ended before these times (ms since the epoch) are over, by their state. */
export interface GraphCutoffs {
  completed: number;
  failed: number;
  cancelled: number;
}

// Rows have some 500 bytes besides texts and bodies, with history, attempts and indexes.
const fixedRowBytes = 1_500;

// A graph shows its tasks' results, and one that goes on needs them: they stay as long as it does.
const overSql = `SELECT id, skill, finished_at, input_blob, input_size, output_blob, output_size,
  length(spec) + coalesce(length(evidence), 0) + ${fixedRowBytes} AS row_bytes
  FROM tasks INDEXED BY tasks_ended
  WHERE finished_at IS NOT NULL AND state = ? AND id > ? AND finished_at < ? AND NOT EXISTS (
    SELECT 1 FROM graphs WHERE graphs.id = tasks.graph_id AND (graphs.finished_at IS NULL OR graphs.finished_at >=
      CASE graphs.state WHEN 'completed' THEN ? WHEN 'cancelled' THEN ? ELSE ? END))
  ORDER BY id LIMIT ?`;

/** Tasks in a terminal state that ended before `before`, by id, from `after` on. */
export async function tasksOver(
  store: Store,
  query: { state: string; before: number; graphs: GraphCutoffs; after: TaskId | ""; limit: number },
): Promise<OverTask[]> {
  const { state, before, graphs, after, limit } = query;
  const rows = await store.read(overSql, [
    state,
    after === "" ? new Uint8Array(0) : taskIdToBytes(after),
    before,
    graphs.completed,
    graphs.cancelled,
    graphs.failed,
    limit,
  ]);
  return rows.map(overTask);
}

function overTask(row: Row): OverTask {
  const blobs: OverTask["blobs"] = [];
  let rowBytes = row["row_bytes"] as number;
  for (const body of ["input", "output"]) {
    const hash = row[`${body}_blob`] as string;
    const sizeBytes = row[`${body}_size`] as number;
    if (hash === "") rowBytes += sizeBytes;
    else blobs.push({ hash, sizeBytes });
  }
  return {
    id: taskIdFromBytes(row["id"] as Uint8Array),
    skill: row["skill"] as string,
    finishedAt: row["finished_at"] as number,
    rowBytes,
    blobs,
  };
}

/** With its input, attempts, history and idempotency key. Leaves a task alone that has not ended. */
export function deleteTask(store: Store, task: TaskId): void {
  const id = [taskIdToBytes(task)];
  store.write("DELETE FROM tasks WHERE id = ? AND finished_at IS NOT NULL", id);
  store.write("DELETE FROM task_inputs WHERE task_id = ?", id);
  store.write("DELETE FROM attempts WHERE task_id = ?", id);
  store.write("DELETE FROM history WHERE task_id = ?", id);
  store.write("DELETE FROM idempotency WHERE task_id = ?", id);
  store.write("DELETE FROM verifications WHERE task_id = ?", id);
}

/** Graphs that are over, with the number of their nodes. */
export async function graphsOver(
  store: Store,
  cutoffs: GraphCutoffs,
  limit: number,
): Promise<{ id: TaskId; nodes: number }[]> {
  const rows = await store.read(
    `SELECT id, (SELECT count(*) FROM graph_nodes WHERE graph_id = graphs.id) AS nodes FROM graphs
     WHERE finished_at < CASE state WHEN 'completed' THEN ? WHEN 'cancelled' THEN ? ELSE ? END LIMIT ?`,
    [cutoffs.completed, cutoffs.cancelled, cutoffs.failed, limit],
  );
  return rows.map((row) => ({
    id: taskIdFromBytes(row["id"] as Uint8Array),
    nodes: row["nodes"] as number,
  }));
}

const deleteNodesSql = `DELETE FROM graph_nodes WHERE graph_id = ?1 AND node IN
  (SELECT node FROM graph_nodes WHERE graph_id = ?1 LIMIT ?2)`;

/** Some of its nodes. */
export function deleteGraphNodes(store: Store, graph: TaskId, limit: number): void {
  store.write(deleteNodesSql, [taskIdToBytes(graph), limit]);
}

/** The graph alone: its nodes go first. */
export function deleteGraph(store: Store, graph: TaskId): void {
  store.write("DELETE FROM graphs WHERE id = ? AND finished_at IS NOT NULL", [taskIdToBytes(graph)]);
}

// The conditions on '' are those of the indexes.
const unreferencedSql = `SELECT value AS hash FROM json_each(?)
  WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE input_blob = value AND input_blob <> '')
    AND NOT EXISTS (SELECT 1 FROM tasks WHERE output_blob = value AND output_blob <> '')
    AND NOT EXISTS (SELECT 1 FROM result_cache WHERE output_blob = value AND output_blob <> '')
    AND NOT EXISTS (SELECT 1 FROM held_answers WHERE output_blob = value)
    AND NOT EXISTS (SELECT 1 FROM schedules WHERE input_blob = value)`;

/** Those of `hashes` that nothing in the store names: the rows are the count of references. */
export async function unreferencedBlobs(store: Store, hashes: readonly BlobHash[]): Promise<BlobHash[]> {
  const rows = await store.read<{ hash: string }>(unreferencedSql, [JSON.stringify(hashes)]);
  return rows.map(({ hash }) => hash);
}

/** Pages of the database file, and those of them that are free; `shrinks` if the file can give them back. */
export async function storePages(store: Store): Promise<{ pages: number; free: number; shrinks: boolean }> {
  const pragma = async (name: string): Promise<number> =>
    Object.values((await store.read(`PRAGMA ${name}`))[0] ?? {})[0] as number;
  const [pages, free, mode] = await Promise.all([
    pragma("page_count"),
    pragma("freelist_count"),
    pragma("auto_vacuum"),
  ]);
  return { pages, free, shrinks: mode === 2 };
}

/** Moves the last pages of the file into free ones and cuts it: about 40 µs each. */
export function releasePages(store: Store, count: number): void {
  // A run of this statement frees one page, whatever number it is given: it is a step for each.
  for (let i = 0; i < count; i++) store.write("PRAGMA incremental_vacuum(1)", []);
}
