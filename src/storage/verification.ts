/**
 * Verification on disk: answers that wait for their verdict (so that a crash of this node costs nobody a second run), what
 * each rule said, and the signed results that proved wrong. Texts named JSON are their writer's business (tasks/verification/).
 */
import { taskIdFromBytes, taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Row, Store } from "./store.ts";

export interface HeldAnswerRow {
  taskId: TaskId;
  attempt: number;
  peer: PeerIdText;
  /** JSON of what else is known of the answer. */
  held: string;
  /** Bytes, or `outputBlob`. */
  output: Uint8Array | null;
  outputBlob: string;
  outputHash: Uint8Array;
  /** The worker's signature as tasks keep it; null from this node itself. */
  evidence: Uint8Array | null;
}

const holdSql = `INSERT OR REPLACE INTO held_answers
  (task_id, attempt, peer, held, output, output_blob, output_hash, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

export function holdAnswer(store: Store, row: HeldAnswerRow): void {
  store.write(holdSql, [
    taskIdToBytes(row.taskId),
    row.attempt,
    row.peer,
    row.held,
    row.output,
    row.outputBlob,
    row.outputHash,
    row.evidence,
  ]);
}

export function releaseAnswer(store: Store, taskId: TaskId): void {
  store.write("DELETE FROM held_answers WHERE task_id = ?", [taskIdToBytes(taskId)]);
}

const heldPage = 64;

/** At the start; what its task has outlived is left out. */
export async function heldAnswers(store: Store): Promise<HeldAnswerRow[]> {
  const all: HeldAnswerRow[] = [];
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const rows = await store.read(
      `SELECT task_id, attempt, peer, held, output, output_blob, output_hash, evidence FROM held_answers
       WHERE task_id > ? ORDER BY task_id LIMIT ${heldPage}`,
      [after],
    );
    for (const row of rows) all.push(heldOf(row));
    if (rows.length < heldPage) return all;
    after = rows.at(-1)?.["task_id"] as Uint8Array;
  }
}

function heldOf(row: Row): HeldAnswerRow {
  return {
    taskId: taskIdFromBytes(row["task_id"] as Uint8Array),
    attempt: row["attempt"] as number,
    peer: row["peer"] as string,
    held: row["held"] as string,
    output: row["output"] as Uint8Array | null,
    outputBlob: row["output_blob"] as string,
    outputHash: row["output_hash"] as Uint8Array,
    evidence: row["evidence"] as Uint8Array | null,
  };
}

/** Ids of the tasks that name `parent`, ended or not. */
export async function childTaskIds(store: Store, parent: TaskId): Promise<TaskId[]> {
  const rows = await store.read("SELECT id FROM tasks WHERE parent_id = ? ORDER BY id", [
    taskIdToBytes(parent),
  ]);
  return rows.map((row) => taskIdFromBytes(row["id"] as Uint8Array));
}

export interface VerificationRow {
  taskId: TaskId;
  attempt: number;
  /** Whose answer. */
  peer: PeerIdText;
  rule: string;
  /** passed, failed, undecided. */
  verdict: string;
  grounded: boolean;
  /** For people. */
  reason: string;
  /** JSON: who else was asked, and what each said; "" for none. */
  detail: string;
  at: number;
}

const insertSql = `INSERT INTO verifications (task_id, attempt, peer, rule, verdict, grounded, reason, detail, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function insertVerification(store: Store, row: VerificationRow): void {
  store.write(insertSql, [
    taskIdToBytes(row.taskId),
    row.attempt,
    row.peer,
    row.rule,
    row.verdict,
    row.grounded ? 1 : 0,
    row.reason,
    row.detail,
    row.at,
  ]);
}

export async function verificationsOf(store: Store, taskId: TaskId): Promise<VerificationRow[]> {
  const rows = await store.read(
    `SELECT task_id, attempt, peer, rule, verdict, grounded, reason, detail, at FROM verifications
     WHERE task_id = ? ORDER BY rowid`,
    [taskIdToBytes(taskId)],
  );
  return rows.map((row) => ({
    taskId,
    attempt: row["attempt"] as number,
    peer: row["peer"] as string,
    rule: row["rule"] as string,
    verdict: row["verdict"] as string,
    grounded: row["grounded"] === 1,
    reason: row["reason"] as string,
    detail: row["detail"] as string,
    at: row["at"] as number,
  }));
}

export async function countVerifications(
  store: Store,
): Promise<{ rule: string; verdict: string; count: number }[]> {
  return store.read(
    "SELECT rule, verdict, count(*) AS count FROM verifications INDEXED BY verifications_by_rule GROUP BY rule, verdict",
  );
}

export interface FaultRow {
  peer: PeerIdText;
  skill: string;
  taskId: TaskId;
  /** What was wrong, for people. */
  reason: string;
  /** JSON of the proof. */
  proof: string;
  at: number;
}

export function insertFault(store: Store, row: FaultRow): void {
  store.write("INSERT INTO faults (peer, skill, task_id, reason, proof, at) VALUES (?, ?, ?, ?, ?, ?)", [
    row.peer,
    row.skill,
    taskIdToBytes(row.taskId),
    row.reason,
    row.proof,
    row.at,
  ]);
}

/** The newest stay: of each peer `perPeer`, of all `total`. */
export function pruneFaults(store: Store, peer: PeerIdText, perPeer: number, total: number): void {
  store.write(
    `DELETE FROM faults WHERE peer = ?1 AND id <= coalesce(
       (SELECT id FROM faults WHERE peer = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2), -1)`,
    [peer, perPeer],
  );
  store.write(
    "DELETE FROM faults WHERE id <= coalesce((SELECT id FROM faults ORDER BY id DESC LIMIT 1 OFFSET ?), -1)",
    [total],
  );
}

/** Newest first. */
export async function faultsOf(store: Store, peer: PeerIdText): Promise<FaultRow[]> {
  const rows = await store.read(
    "SELECT skill, task_id, reason, proof, at FROM faults WHERE peer = ? ORDER BY id DESC",
    [peer],
  );
  return rows.map((row) => ({
    peer,
    skill: row["skill"] as string,
    taskId: taskIdFromBytes(row["task_id"] as Uint8Array),
    reason: row["reason"] as string,
    proof: row["proof"] as string,
    at: row["at"] as number,
  }));
}
