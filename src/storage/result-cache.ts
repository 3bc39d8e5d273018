/** Outputs of deterministic skills, kept for tasks that ask for the same again. Written and deleted by tasks/result-cache.ts. */
import { taskIdFromBytes, taskIdToBytes, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Row, Store } from "./store.ts";

/** What is kept in memory of a result. Times are ms since the epoch. */
export interface CachedEntry {
  /** SHA-256 of what was asked: skill, version, type and hash of the input. */
  key: Uint8Array;
  skill: string;
  taskId: TaskId;
  peer: PeerIdText | "";
  /** Least trust in its worker that its task asked for, 0–1. */
  minTrust: number;
  executedVersion: string;
  /** Name of the blob, or "" when the row holds the output. */
  outputBlob: string;
  outputSize: number;
  outputType: string;
  outputHash: Uint8Array;
  createdAt: number;
  usedAt: number;
  expiresAt: number;
}

const putSql = `INSERT OR REPLACE INTO result_cache (key, skill, task_id, peer, min_trust, executed_version, output,
  output_blob, output_size, output_type, output_hash, created_at, used_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function putCached(store: Store, entry: CachedEntry, output: Uint8Array | null): void {
  store.write(putSql, [
    entry.key,
    entry.skill,
    taskIdToBytes(entry.taskId),
    entry.peer,
    entry.minTrust,
    entry.executedVersion,
    output,
    entry.outputBlob,
    entry.outputSize,
    entry.outputType,
    entry.outputHash,
    entry.createdAt,
    entry.usedAt,
    entry.expiresAt,
  ]);
}

export function touchCached(store: Store, key: Uint8Array, usedAt: number): void {
  store.write("UPDATE result_cache SET used_at = ? WHERE key = ?", [usedAt, key]);
}

export function deleteCached(store: Store, key: Uint8Array): void {
  store.write("DELETE FROM result_cache WHERE key = ?", [key]);
}

export async function cachedOutput(store: Store, key: Uint8Array): Promise<Uint8Array | undefined> {
  const [row] = await store.read<{ output: Uint8Array | null }>(
    "SELECT output FROM result_cache WHERE key = ?",
    [key],
  );
  return row?.output ?? undefined;
}

const pageSql = `SELECT key, skill, task_id, peer, min_trust, executed_version, output_blob, output_size, output_type,
  output_hash, created_at, used_at, expires_at, rowid AS position FROM result_cache
  WHERE (used_at, rowid) > (?, ?) ORDER BY used_at, rowid LIMIT ?`;
const loadPage = 1_000;

/** All entries without their outputs, those used longest ago first. */
export async function* cachedEntries(store: Store): AsyncGenerator<CachedEntry> {
  let after: [number, number] = [Number.MIN_SAFE_INTEGER, 0];
  for (;;) {
    const rows = await store.read(pageSql, [...after, loadPage]);
    for (const row of rows) yield entryOf(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < loadPage) return;
    after = [last["used_at"] as number, last["position"] as number];
  }
}

function entryOf(row: Row): CachedEntry {
  return {
    key: row["key"] as Uint8Array,
    skill: row["skill"] as string,
    taskId: taskIdFromBytes(row["task_id"] as Uint8Array),
    peer: row["peer"] as string,
    minTrust: row["min_trust"] as number,
    executedVersion: row["executed_version"] as string,
    outputBlob: row["output_blob"] as string,
    outputSize: row["output_size"] as number,
    outputType: row["output_type"] as string,
    outputHash: row["output_hash"] as Uint8Array,
    createdAt: row["created_at"] as number,
    usedAt: row["used_at"] as number,
    expiresAt: row["expires_at"] as number,
  };
}
