/**
 * The tasks of this home, one row each. The row says what was asked, where the task stands and how it ended; what the
 * JSON columns hold is their writer's business (tasks/). Ids are text here and 16 bytes in the database.
 *
 * `finishedAt` is set once, with a terminal state; from then on no statement of this file changes the row.
 */
import { taskIdFromBytes, taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Row, Store } from "./store.ts";

/** Times are ms since the epoch. "" is none for text, null for the rest. */
export interface TaskRow {
  id: TaskId;
  state: string;
  reason: string;
  skill: string;
  skillVersion: string;
  priority: number;
  /** Number of the current or last attempt; 0 before the first. */
  attempt: number;
  /** Attempts that a worker accepted. */
  attemptsMade: number;
  retriesMade: number;
  lossesMade: number;
  /** The life of this home that sent the current attempt. */
  sentEpoch: number;
  /** When the current attempt was sent; 0 before the first. */
  startedAt: number;
  peer: PeerIdText | "";
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
  /** Earliest start: of a scheduled task, or of the next attempt while retrying. */
  notBefore: number | null;
  deadlineAt: number | null;
  executedVersion: string;
  /** JSON of the specification. */
  spec: string;
  /** Bytes, or `inputBlob`. */
  input: Uint8Array | null;
  inputBlob: string;
  inputSize: number;
  inputType: string;
  inputHash: Uint8Array | null;
  output: Uint8Array | null;
  outputBlob: string;
  outputSize: number;
  outputType: string;
  outputHash: Uint8Array | null;
  /** JSON. */
  error: string | null;
  /** JSON. */
  usage: string | null;
  /** The worker's signed statement. */
  evidence: Uint8Array | null;
}

export type NewTask = { trail: string } & Omit<
  TaskRow,
  | "finishedAt"
  | "executedVersion"
  | "output"
  | "outputBlob"
  | "outputSize"
  | "outputType"
  | "outputHash"
  | "error"
  | "usage"
  | "evidence"
>;

// Larger inputs have a table of their own, so that a change of state does not write them again (schema-v1.ts).
const inlineInputBytes = 1024;

const inserted = `state, skill, priority, attempt, attempts_made, sent_epoch, started_at, peer, created_at, updated_at,
  input_size, input_type, input_hash, spec, trail, input, id`;
// What most tasks do not have at first, and every value less is one less to carry, to bind and to store.
const insertSql = `INSERT INTO tasks (${inserted}, reason, skill_version, retries_made, losses_made, not_before, deadline_at,
  input_blob, executed_version, output_blob, output_size, output_type)
  VALUES (${"?, ".repeat(17)}?, ?, ?, ?, ?, ?, ?, '', '', 0, '')`;
const insertPlainSql = `INSERT INTO tasks (${inserted}, reason, skill_version, retries_made, losses_made,
  input_blob, executed_version, output_blob, output_size, output_type)
  VALUES (${"?, ".repeat(17)}'', '', 0, 0, '', '', '', 0, '')`;
const insertInputSql = "INSERT INTO task_inputs (task_id, input) VALUES (?, ?)";

export function insertTask(store: Store, task: NewTask): void {
  const id = taskIdToBytes(task.id);
  const apart = task.input !== null && task.input.length > inlineInputBytes;
  const { reason, skillVersion, retriesMade, lossesMade, notBefore, deadlineAt, inputBlob } = task;
  const plain =
    reason === "" &&
    skillVersion === "" &&
    retriesMade === 0 &&
    lossesMade === 0 &&
    notBefore === null &&
    deadlineAt === null &&
    inputBlob === "";
  const params = [
    task.state,
    task.skill,
    task.priority,
    task.attempt,
    task.attemptsMade,
    task.sentEpoch,
    task.startedAt,
    task.peer,
    task.createdAt,
    task.updatedAt,
    task.inputSize,
    task.inputType,
    task.inputHash,
    task.spec,
    task.trail,
    apart ? null : task.input,
    id,
  ];
  if (!plain)
    params.push(
      reason,
      skillVersion,
      retriesMade,
      lossesMade,
      wholeMs(notBefore),
      wholeMs(deadlineAt),
      inputBlob,
    );
  store.write(plain ? insertPlainSql : insertSql, params);
  if (apart) store.write(insertInputSql, [id, task.input]);
}

// Computed with jitter; the columns hold whole numbers and refuse others.
function wholeMs(time: number | null): number | null {
  return time === null ? null : Math.round(time);
}

/** What a task belongs to, where it belongs to something: looked up by index. */
export interface TaskLinks {
  parentId?: TaskId;
  graph?: { id: TaskId; node: string };
}

/** Right after `insertTask`; most tasks need none. */
export function linkTask(store: Store, id: TaskId, { parentId, graph }: TaskLinks): void {
  store.write("UPDATE tasks SET parent_id = ?, graph_id = ?, graph_node = ? WHERE id = ?", [
    parentId === undefined ? null : taskIdToBytes(parentId),
    graph === undefined ? null : taskIdToBytes(graph.id),
    graph?.node ?? "",
    taskIdToBytes(id),
  ]);
}

export interface TaskStateUpdate {
  id: TaskId;
  state: string;
  reason: string;
  attempt: number;
  attemptsMade: number;
  retriesMade: number;
  lossesMade: number;
  sentEpoch: number;
  startedAt: number;
  peer: PeerIdText | "";
  updatedAt: number;
  /** When it goes on by itself; none when absent. */
  notBefore?: number | null;
}

const stateColumns = `state = ?, reason = ?, attempt = ?, attempts_made = ?, retries_made = ?, losses_made = ?,
  sent_epoch = ?, started_at = ?, peer = ?, updated_at = ?`;
const stateSql = `UPDATE tasks SET ${stateColumns}, not_before = ?, trail = trail || ? WHERE id = ? AND finished_at IS NULL`;

/** For states that are not terminal. Does nothing to a task that has ended. `trail`: entries to be added to its history. */
export function updateTaskState(store: Store, update: TaskStateUpdate, trail: string): void {
  store.write(stateSql, [
    update.state,
    update.reason,
    update.attempt,
    update.attemptsMade,
    update.retriesMade,
    update.lossesMade,
    update.sentEpoch,
    update.startedAt,
    update.peer,
    update.updatedAt,
    wholeMs(update.notBefore ?? null),
    trail,
    taskIdToBytes(update.id),
  ]);
}

export type TaskEnd = Pick<
  TaskRow,
  | "id"
  | "state"
  | "reason"
  | "attempt"
  | "attemptsMade"
  | "retriesMade"
  | "lossesMade"
  | "peer"
  | "executedVersion"
  | "output"
  | "outputBlob"
  | "outputSize"
  | "outputType"
  | "outputHash"
  | "error"
  | "usage"
  | "evidence"
> & {
  finishedAt: number;
  /** Entries to be added to its history (history.ts), and its attempts that have no rows (attempts.ts). */
  trail: string;
  lastAttempts: string;
};

const finished = `state = ?, attempt = ?, attempts_made = ?, peer = ?, updated_at = ?5, finished_at = ?5, not_before = NULL,
  executed_version = ?, output = ?, output_size = ?, output_type = ?, output_hash = ?, usage = ?, evidence = ?,
  trail = trail || ?, last_attempts = ?`;
const finishSql = `UPDATE tasks SET ${finished}, reason = ?, retries_made = ?, losses_made = ?, output_blob = ?, error = ?
  WHERE id = ? AND finished_at IS NULL`;
// For a result at the first try: what it leaves out is as it was inserted.
const finishPlainSql = `UPDATE tasks SET ${finished}, reason = '' WHERE id = ? AND finished_at IS NULL`;

/** For terminal states. The first end stays. */
export function finishTask(store: Store, end: TaskEnd): void {
  const { reason, retriesMade, lossesMade, outputBlob, error } = end;
  const plain = reason === "" && retriesMade === 0 && lossesMade === 0 && outputBlob === "" && error === null;
  const params = [
    end.state,
    end.attempt,
    end.attemptsMade,
    end.peer,
    end.finishedAt,
    end.executedVersion,
    end.output,
    end.outputSize,
    end.outputType,
    end.outputHash,
    end.usage,
    end.evidence,
    end.trail,
    end.lastAttempts,
  ];
  if (!plain) params.push(reason, retriesMade, lossesMade, outputBlob, error);
  params.push(taskIdToBytes(end.id));
  store.write(plain ? finishPlainSql : finishSql, params);
}

const getSql = `SELECT tasks.*, coalesce(tasks.input, task_inputs.input) AS whole_input
  FROM tasks LEFT JOIN task_inputs ON task_inputs.task_id = tasks.id WHERE tasks.id = ?`;

export async function getTask(store: Store, id: TaskId): Promise<TaskRow | undefined> {
  const [row] = await store.read(getSql, [taskIdToBytes(id)]);
  return row === undefined
    ? undefined
    : { ...taskFromRow(row), input: row["whole_input"] as Uint8Array | null };
}

const unfinishedSql = `SELECT tasks.*, coalesce(tasks.input, task_inputs.input) AS whole_input
  FROM tasks LEFT JOIN task_inputs ON task_inputs.task_id = tasks.id
  WHERE tasks.finished_at IS NULL AND tasks.id > ? ORDER BY tasks.id LIMIT ?`;

// At 256 KiB of input each, a page stays under 16 MiB.
const recoveryPage = 64;

/** Every task that has not ended, oldest first, a page of rows at a time: a restart may find many, with their inputs. */
export async function* unfinishedTasks(store: Store): AsyncGenerator<TaskRow> {
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const rows = await store.read(unfinishedSql, [after, recoveryPage]);
    for (const row of rows) {
      yield { ...taskFromRow(row), input: row["whole_input"] as Uint8Array | null };
    }
    if (rows.length < recoveryPage) return;
    after = (rows.at(-1) as Row)["id"] as Uint8Array;
  }
}

/** A row of `tasks` as it is; an input that has a table of its own is null. */
export function taskFromRow(row: Row): TaskRow {
  return {
    id: taskIdFromBytes(row["id"] as Uint8Array),
    state: row["state"] as string,
    reason: row["reason"] as string,
    skill: row["skill"] as string,
    skillVersion: row["skill_version"] as string,
    priority: row["priority"] as number,
    attempt: row["attempt"] as number,
    attemptsMade: row["attempts_made"] as number,
    retriesMade: row["retries_made"] as number,
    lossesMade: row["losses_made"] as number,
    sentEpoch: row["sent_epoch"] as number,
    startedAt: row["started_at"] as number,
    peer: row["peer"] as string,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
    finishedAt: row["finished_at"] as number | null,
    notBefore: row["not_before"] as number | null,
    deadlineAt: row["deadline_at"] as number | null,
    executedVersion: row["executed_version"] as string,
    spec: row["spec"] as string,
    input: row["input"] as Uint8Array | null,
    inputBlob: row["input_blob"] as string,
    inputSize: row["input_size"] as number,
    inputType: row["input_type"] as string,
    inputHash: row["input_hash"] as Uint8Array | null,
    output: row["output"] as Uint8Array | null,
    outputBlob: row["output_blob"] as string,
    outputSize: row["output_size"] as number,
    outputType: row["output_type"] as string,
    outputHash: row["output_hash"] as Uint8Array | null,
    error: row["error"] as string | null,
    usage: row["usage"] as string | null,
    evidence: row["evidence"] as Uint8Array | null,
  };
}
