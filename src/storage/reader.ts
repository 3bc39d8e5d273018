/**
 * The main thread's side of the reader: gathers the queries of one turn into a message and gives each caller its rows.
 */
import { ErrandError } from "../core/errors.ts";
import { storageFailed, type SqlFailure } from "./connection.ts";
import type { FromReader, QueryResult, ToReader } from "./reader-thread.ts";
import type { Row, SqlValue, Store } from "./store.ts";
import { endThread, type Thread } from "./thread.ts";

interface Query {
  sql: string;
  params: readonly SqlValue[];
  resolve: (rows: Row[]) => void;
  reject: (reason: unknown) => void;
}

/** `fail` is told when the thread ends by itself. */
export function createReader(
  thread: Thread,
  path: string,
  fail: (failure: SqlFailure) => void,
): Pick<Store, "read" | "close"> {
  const { worker } = thread;
  const asked: Query[] = [];
  let gathering: Query[] = [];
  let ended: ErrandError | undefined;

  const flush = (): void => {
    const queries = gathering;
    gathering = [];
    if (ended !== undefined) {
      for (const query of queries) query.reject(ended);
      return;
    }
    if (asked.length === 0) worker.ref();
    for (const query of queries) asked.push(query);
    worker.postMessage({
      kind: "queries",
      queries: queries.map(({ sql, params }) => ({ sql, params })),
    } satisfies ToReader);
  };

  const end = (reason: ErrandError): void => {
    if (ended !== undefined) return;
    ended = reason;
    for (const query of asked.splice(0)) query.reject(reason);
  };

  const crash = (failure: SqlFailure): void => {
    if (ended !== undefined) return;
    end(storageFailed("read", failure, path));
    fail(failure);
  };

  worker.on("message", (message: FromReader) => {
    if (message.kind !== "results") return;
    const queries = asked.splice(0, message.results.length);
    if (asked.length === 0) worker.unref();
    queries.forEach((query, i) => settle(query, message.results[i] as QueryResult, path));
  });
  worker.on("error", (error) => crash({ message: `the reader thread ended: ${String(error)}` }));
  worker.on("exit", () => crash({ message: "the reader thread ended" }));

  return {
    read<T extends Row>(sql: string, params: readonly SqlValue[] = []): Promise<T[]> {
      const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
      if (gathering.length === 0) setImmediate(flush);
      gathering.push({ sql, params: params.map(unpooled), resolve, reject });
      return promise as Promise<T[]>;
    },
    async close() {
      // Those who asked are still answered; those who ask from now on are not.
      if (gathering.length > 0) flush();
      ended ??= new ErrandError("ShuttingDown", "the store is closed");
      await endThread(thread);
      for (const query of asked.splice(0)) query.reject(ended);
    },
  };
}

// A view of Node's Buffer pool would be cloned with the whole pool.
function unpooled(value: SqlValue): SqlValue {
  return value instanceof Uint8Array && value.buffer.byteLength > value.length
    ? new Uint8Array(value)
    : value;
}

function settle(query: Query, result: QueryResult, path: string): void {
  if (result.failure !== undefined) {
    query.reject(storageFailed("read", result.failure, path));
    return;
  }
  const { columns, rows } = result;
  query.resolve(
    rows.map((values) => {
      const row: Row = {};
      for (let i = 0; i < columns.length; i++) row[columns[i] as string] = values[i] as SqlValue;
      return row;
    }),
  );
}
