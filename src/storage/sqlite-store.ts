/**
 * The store over node:sqlite: a writer thread, a reader thread, and on the main thread only the gathering of statements
 * and the promises of those who wait (writer.ts, reader.ts). The contract is in store.ts.
 */
import type { Log } from "../core/log.ts";
import { createReader } from "./reader.ts";
import type { Store } from "./store.ts";
import { endThread, startThread, type Thread } from "./thread.ts";
import { createWriter } from "./writer.ts";

export interface StoreOptions {
  /** The database file; its folder exists. */
  path: string;
  log: Log;
  /** The database may not grow beyond this many pages of 8 KiB: a quota. Default: none. */
  maxPages?: number;
}

/**
 * Opens the store, or makes it, at its newest version. Throws `StorageFailed` when the file is damaged, is not
 * Errand's, was written by a newer errand, or cannot be opened; nothing is changed then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, maxPages } = options;
  const writerThread = await startThread("writer-thread", { path, maxPages });
  let readerThread: Thread;
  try {
    readerThread = await startThread("reader-thread", { path });
  } catch (error) {
    await endThread(writerThread);
    throw error;
  }
  const writer = createWriter(writerThread, path, options.log);
  const reader = createReader(readerThread, path, (failure) => writer.fail(failure));
  let closing: Promise<void> | undefined;
  return {
    write: (sql, params) => writer.write(sql, params),
    endTurn: () => writer.endTurn(),
    committed: () => writer.committed(),
    read: (sql, params) => reader.read(sql, params),
    get failed() {
      return writer.failed();
    },
    close() {
      // The reader goes first: the last checkpoint cannot empty a log that somebody reads.
      closing ??= reader.close().then(() => writer.close());
      return closing;
    },
  };
}
