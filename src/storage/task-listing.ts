/**
 * Finding tasks: listings with filters, shortened ids, counts. Newest first is by id, since ids grow with time.
 */
import type { BlobHash } from "../core/body.ts";
import { taskIdFromBytes, taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { SqlValue, Store } from "./store.ts";
import { taskFromRow, type TaskRow } from "./tasks.ts";

export interface TaskListFilter {
  states?: readonly string[];
  skill?: string;
  /** The current or last worker. */
  peer?: PeerIdText;
  label?: readonly [key: string, value: string];
  /** Reason code. */
  reason?: string;
  /** Ids below this one: the last id of the page before. */
  before?: TaskId;
  limit: number;
}

/** Outputs up to this size come with a listing: what a person can read in one, and 1,000 of them stay under 16 MiB. */
const listedOutputBytes = 16 * 1024;

const columns = `id, state, reason, skill, skill_version, priority, attempt, attempts_made, retries_made, losses_made,
  sent_epoch, started_at, peer, created_at, updated_at, finished_at,
  not_before, deadline_at, executed_version, spec, NULL AS input, input_blob, input_size, input_type, input_hash,
  CASE WHEN output_size <= ${listedOutputBytes} THEN output END AS output, output_blob, output_size, output_type,
  output_hash, error, usage, NULL AS evidence`;

/**
 * Newest first. `input` and `evidence` are always null, and `output` is when it is larger than 16 KiB: see
 * `getTask`. By state it costs what it returns; the other filters go through the rows one by one.
 */
export async function listTasks(store: Store, filter: TaskListFilter): Promise<TaskRow[]> {
  const { sql, params } = listing(filter);
  const rows = await store.read(sql, params);
  return rows.map(taskFromRow);
}

function listing(filter: TaskListFilter): { sql: string; params: SqlValue[] } {
  const { where, values } = conditions(filter);
  if (filter.states === undefined || filter.states.length === 0) {
    const sql = `SELECT ${columns} FROM tasks WHERE ${where} ORDER BY id DESC LIMIT ?`;
    return { sql, params: [...values, filter.limit] };
  }
  // Open tasks have an index without their state, ended ones an index by state: a branch for each, each in order and
  // cut at the limit, so that a rare state is not looked for among all tasks.
  const states = [...new Set(filter.states)];
  const branch = (condition: string): string =>
    `SELECT * FROM (SELECT id FROM tasks WHERE ${condition} AND ${where} ORDER BY id DESC LIMIT ?)`;
  const branches = [branch(`finished_at IS NULL AND state IN (${states.map(() => "?").join(", ")})`)];
  const params: SqlValue[] = [...states, ...values, filter.limit];
  for (const state of states) {
    branches.push(branch("finished_at IS NOT NULL AND state = ?"));
    params.push(state, ...values, filter.limit);
  }
  params.push(filter.limit);
  const sql = `SELECT ${columns} FROM tasks WHERE id IN (${branches.join(" UNION ALL ")})
    ORDER BY id DESC LIMIT ?`;
  return { sql, params };
}

function conditions(filter: TaskListFilter): { where: string; values: SqlValue[] } {
  const where: string[] = [];
  const values: SqlValue[] = [];
  if (filter.before !== undefined) {
    where.push("id < ?");
    values.push(taskIdToBytes(filter.before));
  }
  if (filter.skill !== undefined) {
    where.push("skill = ?");
    values.push(filter.skill);
  }
  if (filter.peer !== undefined) {
    where.push("peer = ?");
    values.push(filter.peer);
  }
  if (filter.reason !== undefined) {
    where.push("reason = ?");
    values.push(filter.reason);
  }
  if (filter.label !== undefined) {
    where.push("EXISTS (SELECT 1 FROM json_each(spec, '$.labels') WHERE key = ? AND value = ?)");
    values.push(...filter.label);
  }
  return { where: where.length === 0 ? "TRUE" : where.join(" AND "), values };
}

const idBytes = 16;

/**
 * Ids that begin or end with `text` (hexadecimal digits, dashes as one likes), at most `limit`. Endings too, because
 * tasks of the same minute share the beginning of a UUIDv7. Nothing when `text` cannot be part of an id.
 */
export async function findTaskIds(store: Store, text: string, limit = 10): Promise<TaskId[]> {
  const digits = text.toLowerCase().replaceAll("-", "");
  if (!/^[0-9a-f]{1,32}$/.test(digits)) return [];
  const least = Buffer.from(digits.padEnd(2 * idBytes, "0"), "hex");
  const most = Buffer.from(digits.padEnd(2 * idBytes, "f"), "hex");
  const rows = await store.read(
    `SELECT id FROM (SELECT id FROM tasks WHERE id BETWEEN ? AND ? LIMIT ?)
     UNION SELECT id FROM (SELECT id FROM tasks WHERE substr(hex(id), ?) = ? LIMIT ?) LIMIT ?`,
    [least, most, limit, -digits.length, digits.toUpperCase(), limit, limit],
  );
  return rows.map((row) => taskIdFromBytes(row["id"] as Uint8Array));
}

/** How many tasks are in each state; states without any are absent. */
export async function countTasksByState(store: Store): Promise<Record<string, number>> {
  const rows = await store.read<{ state: string; tasks: number }>(
    `SELECT state, count(*) AS tasks FROM tasks WHERE finished_at IS NULL GROUP BY state
     UNION ALL SELECT state, count(*) FROM tasks WHERE finished_at IS NOT NULL GROUP BY state`,
  );
  const counts: Record<string, number> = {};
  for (const { state, tasks } of rows) counts[state] = (counts[state] ?? 0) + tasks;
  return counts;
}

/** Blobs that a task of this home has as input or output, or a schedule as input. */
export async function blobsOfTasks(store: Store): Promise<Set<BlobHash>> {
  const rows = await store.read<{ hash: string }>(
    `SELECT input_blob AS hash FROM tasks WHERE input_blob <> ''
     UNION SELECT output_blob FROM tasks WHERE output_blob <> ''
     UNION SELECT input_blob FROM schedules WHERE input_blob <> ''`,
  );
  return new Set(rows.map(({ hash }) => hash));
}
