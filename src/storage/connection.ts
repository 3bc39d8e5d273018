/**
 * How a thread opens the database, and what SQLite's error codes mean to a person. Used inside the two threads (open,
 * prepare) and on the main thread (errors only).
 */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ErrandError } from "../core/errors.ts";

/** An error as it crosses from a thread. */
export interface SqlFailure {
  message: string;
  /** SQLite's primary result code, or undefined when the error is not SQLite's. */
  code?: number;
  /** When the failing side knows better than the table below. */
  hint?: string;
}

// Holds the ends of all indexes and the rows of some thousand live tasks. SQLite 3.53 walks through all of it at each commit:
// with 32 MiB that was a tenth of the writer's time.
const writerCacheKiB = 8 * 1024;
// Some pages of listings.
const readerCacheKiB = 32 * 1024;
// Half as many pages to touch for rows of about 1 KiB: a fifth more tasks a second than with SQLite's 4 KiB.
const pageBytes = 8 * 1024;
// A checkpoint costs two syncs and a sorted write: with one every 16 MiB they are rare, and the log that a restart reads
// back stays short.
const checkpointBytes = 16 * 1024 * 1024;
// Only another program (sqlite3 on the command line) can hold the lock: the node is alone by its own lock.
const busyTimeoutMs = 5_000;

/** Opens the database, or makes it, readable by its owner alone. Changes nothing in it yet. */
export function openWriter(path: string): DatabaseSync {
  // SQLite gives its log and its index the mode of the database file. Never opened here when it exists: closing a
  // second descriptor would drop the locks that this process holds on it.
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: busyTimeoutMs });
}

/** Makes `db` durable and fast. No mmap, here or in the reader: an I/O error there is a SIGBUS that ends the process. */
export function configureWriter(db: DatabaseSync, maxPages: number | undefined): void {
  // So that a file can become smaller again; it costs nothing that could be measured. An old file would only be written to.
  if (db.prepare("PRAGMA page_count").get()?.["page_count"] === 0)
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec(`
    PRAGMA page_size = ${pageBytes};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${writerCacheKiB};
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${checkpointBytes / pageBytes};
    PRAGMA journal_size_limit = ${checkpointBytes};
  `);
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
}

export function openReader(path: string): DatabaseSync {
  const db = new DatabaseSync(path, {
    readOnly: true,
    enableForeignKeyConstraints: false,
    timeout: busyTimeoutMs,
    returnArrays: true,
  });
  db.exec(`PRAGMA cache_size = -${readerCacheKiB}; PRAGMA temp_store = MEMORY;`);
  return db;
}

// Listings with filters have a few dozen shapes; more than this means that somebody writes values into the SQL.
const statementsKept = 256;

/** `prepare` that keeps statements by their text; the oldest leave. */
export function statementCache(db: DatabaseSync): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    if (kept.size >= statementsKept) kept.delete(kept.keys().next().value as string);
    kept.set(sql, statement);
    return statement;
  };
}

export function toFailure(error: unknown): SqlFailure {
  const { message, errcode, hint } = error as { message?: string; errcode?: number; hint?: string };
  const failure: SqlFailure = { message: message ?? String(error) };
  if (errcode !== undefined) failure.code = errcode & 0xff;
  if (hint !== undefined) failure.hint = hint;
  return failure;
}

// By SQLite's primary result code, https://www.sqlite.org/rescode.html
const hints: Record<number, string> = {
  5: "Another program holds the database: close it, then start the node again.",
  8: "The database is read-only: check the owner and the mode of the data folder.",
  10: "The disk reported an error: check it, then start the node again; acknowledged tasks are kept.",
  11: "The database is damaged: move it away and restore a backup; it was not changed.",
  13: "The disk is full: free some space, then start the node again; acknowledged tasks are kept.",
  14: "The database cannot be opened: check that the data folder exists and belongs to this user.",
  19: "This is a bug: a statement broke a constraint. Please report it with the message.",
  26: "The file is not an Errand database: move it away or choose another data folder; it was not changed.",
};

/** `StorageFailed` with what to do next. `doing` completes "could not …". */
export function storageFailed(doing: string, failure: SqlFailure, path: string): ErrandError {
  return new ErrandError("StorageFailed", `could not ${doing}: ${failure.message}`, {
    hint:
      failure.hint ??
      (failure.code === undefined ? undefined : hints[failure.code]) ??
      "Start the node again; acknowledged tasks are kept.",
    details: { path, ...(failure.code === undefined ? {} : { sqliteCode: failure.code }) },
  });
}
