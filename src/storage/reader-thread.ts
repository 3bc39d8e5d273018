/**
 * The reader thread: a read-only connection, so that a long listing keeps neither the event loop nor the writer. Each
 * query sees the last commit.
 */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { openReader, statementCache, toFailure, type SqlFailure } from "./connection.ts";
import type { SqlValue } from "./store.ts";

export interface ReaderOptions {
  path: string;
}

/** Queries made in one turn travel together. */
export type ToReader =
  | { kind: "queries"; queries: { sql: string; params: readonly SqlValue[] }[] }
  | { kind: "close" };

/** Column names once, then rows as arrays: cheaper for the main thread to take over than objects. */
export type QueryResult =
  | { columns: string[]; rows: SqlValue[][]; failure?: undefined }
  | { failure: SqlFailure };

export type FromReader =
  | { kind: "ready" }
  /** Answers in the order of the queries. */
  | { kind: "results"; results: QueryResult[] }
  | { kind: "failed"; failure: SqlFailure };

// Below this a copy is cheaper than handing over one more buffer.
const transferBytes = 16 * 1024;

function serve(port: MessagePort, path: string): void {
  const db = openReader(path);
  const prepare = statementCache(db);

  const answer = (sql: string, params: readonly SqlValue[]): QueryResult => {
    try {
      const statement = prepare(sql);
      const rows = statement.all(...params) as unknown as SqlValue[][];
      return { columns: statement.columns().map((column) => column.name), rows };
    } catch (error) {
      return { failure: toFailure(error) };
    }
  };

  port.on("message", (message: ToReader) => {
    if (message.kind === "close") {
      db.close();
      port.close();
      return;
    }
    const results = message.queries.map(({ sql, params }) => answer(sql, params));
    port.postMessage({ kind: "results", results } satisfies FromReader, largeBuffers(results));
  });
}

function largeBuffers(results: readonly QueryResult[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const result of results) {
    for (const row of result.failure === undefined ? result.rows : []) {
      for (const value of row) {
        if (value instanceof Uint8Array && value.length >= transferBytes)
          buffers.push(value.buffer as ArrayBuffer);
      }
    }
  }
  return buffers;
}

function start(port: MessagePort, options: ReaderOptions): void {
  try {
    serve(port, options.path);
    port.postMessage({ kind: "ready" } satisfies FromReader);
  } catch (error) {
    port.postMessage({ kind: "failed", failure: toFailure(error) } satisfies FromReader);
    port.close();
  }
}

if (parentPort !== null) start(parentPort, workerData as ReaderOptions);
