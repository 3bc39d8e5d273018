/** Single facts about this node that must survive a restart. */
import type { SqlValue, Store } from "./store.ts";

const setSql = `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

export function setMeta(store: Store, key: string, value: Exclude<SqlValue, null>): void {
  store.write(setSql, [key, value]);
}

export async function getMeta(store: Store, key: string): Promise<SqlValue | undefined> {
  const [row] = await store.read<{ value: SqlValue }>("SELECT value FROM meta WHERE key = ?", [key]);
  return row?.value;
}

const bootEpoch = "boot-epoch";
const nextSql = `INSERT INTO meta (key, value) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`;

/** The count of this node's starts, from 1, on disk before it is used: it fences the attempts of former lives. */
export async function nextBootEpoch(store: Store): Promise<number> {
  store.write(nextSql, [bootEpoch]);
  await store.committed();
  return (await getMeta(store, bootEpoch)) as number;
}
