/**
 * Graphs and their nodes, a row each. The rows of a graph's tasks say more of what has run than its nodes' do: those are
 * written in the same turn or later, never earlier.
 */
import { taskIdFromBytes, taskIdToBytes, type TaskId } from "../core/ids.ts";
import type { Row, SqlValue, Store } from "./store.ts";

export interface GraphRow {
  id: string;
  name: string;
  /** JSON. */
  spec: string;
  state: string;
  reason: string;
  /** ms since the epoch. */
  createdAt: number;
  /** null until every node has ended. */
  finishedAt: number | null;
}

export interface GraphNodeRow {
  /** With [index] for an item of a fan-out. */
  node: string;
  state: string;
  taskId: TaskId | null;
  reason: string;
}

export function insertGraph(store: Store, row: Omit<GraphRow, "finishedAt">): void {
  store.write(
    "INSERT INTO graphs (id, name, spec, state, reason, created_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, NULL)",
    [taskIdToBytes(row.id), row.name, row.spec, row.state, row.reason, row.createdAt],
  );
}

/** The first end stays. */
export function updateGraph(
  store: Store,
  { id, state, reason, finishedAt }: Pick<GraphRow, "id" | "state" | "reason" | "finishedAt">,
): void {
  store.write(
    "UPDATE graphs SET state = ?, reason = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL",
    [state, reason, finishedAt, taskIdToBytes(id)],
  );
}

const putNodeSql = `INSERT INTO graph_nodes (graph_id, node, state, task_id, reason) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (graph_id, node) DO UPDATE SET state = excluded.state, task_id = excluded.task_id, reason = excluded.reason`;

export function putGraphNode(store: Store, graphId: string, row: GraphNodeRow): void {
  store.write(putNodeSql, [
    taskIdToBytes(graphId),
    row.node,
    row.state,
    row.taskId === null ? null : taskIdToBytes(row.taskId),
    row.reason,
  ]);
}

const columns = "id, name, spec, state, reason, created_at, finished_at";

export async function getGraph(store: Store, id: string): Promise<GraphRow | undefined> {
  const [row] = await store.read(`SELECT ${columns} FROM graphs WHERE id = ?`, [taskIdToBytes(id)]);
  return row === undefined ? undefined : fromRow(row);
}

/** Those that have not ended, oldest first. */
export async function unfinishedGraphs(store: Store): Promise<GraphRow[]> {
  const rows = await store.read(`SELECT ${columns} FROM graphs WHERE finished_at IS NULL ORDER BY id`);
  return rows.map(fromRow);
}

export interface GraphListing extends Omit<GraphRow, "spec"> {
  /** Rows by state; the items of a fan-out instead of itself. */
  nodes: Record<string, number>;
}

/** Newest first. */
export async function listGraphs(
  store: Store,
  { states, before, limit }: { states?: readonly string[]; before?: string; limit: number },
): Promise<GraphListing[]> {
  const where: string[] = ["TRUE"];
  const params: SqlValue[] = [];
  if (before !== undefined) {
    where.push("id < ?");
    params.push(taskIdToBytes(before));
  }
  if (states !== undefined && states.length > 0) {
    where.push("state IN (SELECT value FROM json_each(?))");
    params.push(JSON.stringify(states));
  }
  const rows = await store.read(
    `SELECT id, name, '' AS spec, state, reason, created_at, finished_at,
       (SELECT json_group_object(state, n) FROM
         (SELECT state, count(*) AS n FROM graph_nodes AS one WHERE graph_id = graphs.id AND NOT EXISTS
           (SELECT 1 FROM graph_nodes WHERE graph_id = graphs.id AND node = one.node || '[0]')
          GROUP BY state)) AS nodes
     FROM graphs WHERE ${where.join(" AND ")} ORDER BY id DESC LIMIT ?`,
    [...params, limit],
  );
  return rows.map((row) =>
    Object.assign(fromRow(row), { nodes: JSON.parse(row["nodes"] as string) as Record<string, number> }),
  );
}

/** Ids that begin or end with these hexadecimal digits, at most ten. */
export async function findGraphIds(store: Store, text: string): Promise<string[]> {
  const digits = text.toUpperCase().replaceAll("-", "");
  const rows = await store.read(
    "SELECT id FROM graphs WHERE substr(hex(id), 1, ?1) = ?2 OR substr(hex(id), -?1) = ?2 LIMIT 10",
    [digits.length, digits],
  );
  return rows.map((row) => taskIdFromBytes(row["id"] as Uint8Array));
}

export async function nodesOfGraph(store: Store, id: string): Promise<GraphNodeRow[]> {
  const rows = await store.read("SELECT node, state, task_id, reason FROM graph_nodes WHERE graph_id = ?", [
    taskIdToBytes(id),
  ]);
  return rows.map((row) => ({
    node: row["node"] as string,
    state: row["state"] as string,
    taskId: row["task_id"] === null ? null : taskIdFromBytes(row["task_id"] as Uint8Array),
    reason: row["reason"] as string,
  }));
}

export interface GraphTaskRow extends Omit<GraphNodeRow, "taskId"> {
  taskId: TaskId;
  /** Of its error, or "". */
  message: string;
}

/** The tasks that were made for the nodes of a graph, oldest first. */
export async function tasksOfGraph(store: Store, id: string): Promise<GraphTaskRow[]> {
  const rows = await store.read(
    `SELECT graph_node, state, id, reason, json_extract(error, '$.message') AS message FROM tasks
     WHERE graph_id = ? ORDER BY id`,
    [taskIdToBytes(id)],
  );
  return rows.map((row) => ({
    node: row["graph_node"] as string,
    state: row["state"] as string,
    taskId: taskIdFromBytes(row["id"] as Uint8Array),
    reason: row["reason"] as string,
    message: (row["message"] as string | null) ?? "",
  }));
}

/** Tasks that go on although their graph has ended: a crash came between. */
export async function orphansOfGraphs(store: Store): Promise<TaskId[]> {
  const rows = await store.read(
    `SELECT tasks.id AS id FROM tasks JOIN graphs ON graphs.id = tasks.graph_id
     WHERE tasks.finished_at IS NULL AND graphs.finished_at IS NOT NULL`,
  );
  return rows.map((row) => taskIdFromBytes(row["id"] as Uint8Array));
}

export interface OutputRow {
  output: Uint8Array | null;
  outputBlob: string;
  outputSize: number;
  /** "" when there is none. */
  outputType: string;
}

// At 256 KiB of output each, a page stays under 16 MiB.
const outputPage = 64;

/** Outputs of tasks, a page at a time. What is gone is left out. */
export async function* outputsOfTasks(
  store: Store,
  ids: readonly TaskId[],
): AsyncGenerator<OutputRow & { taskId: TaskId }> {
  for (let at = 0; at < ids.length; at += outputPage) {
    const digits = ids.slice(at, at + outputPage).map((id) => id.replaceAll("-", ""));
    const rows = await store.read(
      `SELECT id, output, output_blob, output_size, output_type FROM tasks
       WHERE id IN (SELECT unhex(value) FROM json_each(?))`,
      [JSON.stringify(digits)],
    );
    for (const row of rows)
      yield {
        taskId: taskIdFromBytes(row["id"] as Uint8Array),
        output: row["output"] as Uint8Array | null,
        outputBlob: row["output_blob"] as string,
        outputSize: row["output_size"] as number,
        outputType: row["output_type"] as string,
      };
  }
}

function fromRow(row: Row): GraphRow {
  return {
    id: taskIdFromBytes(row["id"] as Uint8Array),
    name: row["name"] as string,
    spec: row["spec"] as string,
    state: row["state"] as string,
    reason: row["reason"] as string,
    createdAt: row["created_at"] as number,
    finishedAt: row["finished_at"] as number | null,
  };
}
