/**
 * The writer thread: the only connection that changes the database. It runs one transaction for all groups that wait in
 * its port, and acknowledges them with one message. After a failed commit it runs nothing any more: what followed may
 * rest on what was lost.
 */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { configureWriter, openWriter, toFailure, type SqlFailure } from "./connection.ts";
import { checkDatabase, migrate } from "./migrations.ts";
import type { SqlValue } from "./store.ts";
import { eachStatement, type StatementMessage } from "./statement-batch.ts";

export interface WriterOptions {
  path: string;
  maxPages: number | undefined;
}

export type ToWriter = StatementMessage | { kind: "close" };

/** `committed` counts groups, since the last such message. */
export type FromWriter =
  | { kind: "ready" }
  | { kind: "committed"; groups: number }
  | { kind: "failed"; failure: SqlFailure };

function serve(port: MessagePort, db: DatabaseSync): void {
  const statements: StatementSync[] = [];
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  let failed = false;
  const post = (message: FromWriter): void => port.postMessage(message);
  const run = (text: number, params: SqlValue[]): void => {
    (statements[text] as StatementSync).run(...params);
  };

  const runGroup = (message: StatementMessage): void => {
    for (const text of message.texts) statements.push(db.prepare(text));
    eachStatement(message, run);
  };

  const close = (): void => {
    try {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      db.close();
    } catch {
      // The log stays beside the database and the next start reads it back.
    }
    port.close();
  };

  // Whatever arrived while the last commit was on its way to the disk goes into this one.
  port.on("message", (first: ToWriter) => {
    let next: ToWriter | undefined = first;
    let groups = 0;
    try {
      while (next?.kind === "statements") {
        if (!failed) {
          if (groups === 0) begin.run();
          runGroup(next);
          groups += 1;
        }
        next = receiveMessageOnPort(port)?.message as ToWriter | undefined;
      }
      if (groups > 0) {
        commit.run();
        post({ kind: "committed", groups });
      }
    } catch (error) {
      failed = true;
      post({ kind: "failed", failure: toFailure(error) });
      // A full disk has rolled back already; anything else is undone here.
      if (db.isTransaction) db.exec("ROLLBACK");
    }
    if (next?.kind === "close") close();
  });
}

function start(port: MessagePort, options: WriterOptions): void {
  try {
    const db = openWriter(options.path);
    checkDatabase(db);
    configureWriter(db, options.maxPages);
    migrate(db);
    serve(port, db);
    port.postMessage({ kind: "ready" } satisfies FromWriter);
  } catch (error) {
    port.postMessage({ kind: "failed", failure: toFailure(error) } satisfies FromWriter);
    port.close();
  }
}

if (parentPort !== null) start(parentPort, workerData as WriterOptions);
