/** A real database in memory whose commits are kept one by one, so that a test can go on from any of them as after a crash. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { migrate } from "../../src/storage/migrations.ts";
import type { SqlValue, Store } from "../../src/storage/store.ts";

export type Commit = [sql: string, params: readonly SqlValue[]][];

export interface GroupingStore extends Store {
  readonly commits: Commit[];
}

/** On what `before` left. Groups writes into commits as the writer does: at the end of the turn of the first. */
export function groupingStore(before: readonly Commit[] = []): GroupingStore {
  const commits = [...before];
  const db = new DatabaseSync(":memory:");
  migrate(db);
  const write = (commit: Commit): void => {
    db.exec("BEGIN");
    for (const [sql, params] of commit) db.prepare(sql).run(...(params as SQLInputValue[]));
    db.exec("COMMIT");
  };
  for (const commit of before) write(commit);
  let group: Commit = [];
  const flush = (): void => {
    const full = group;
    group = [];
    commits.push(full);
    write(full);
  };
  return {
    commits,
    failed: undefined,
    write(sql, params) {
      if (group.length === 0) setImmediate(flush);
      group.push([sql, params]);
    },
    committed: async () => {
      while (group.length > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    read: async (sql, params = []) => db.prepare(sql).all(...(params as SQLInputValue[])) as never,
    close: async () => db.close(),
  };
}
