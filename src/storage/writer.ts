/**
 * The main thread's side of the writer: gathers statements into groups and tells callers when theirs are on disk.
 *
 * A group leaves at the end of a turn (`setImmediate`), so that all writes of one turn, and of the many frames that one
 * read of a socket may hold, share a commit. At most two groups are out: the writer takes up the second without
 * waiting for this thread, and everything written meanwhile gathers into the next.
 */
import { ErrandError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { storageFailed, type SqlFailure } from "./connection.ts";
import { createBatcher, transferList } from "./statement-batch.ts";
import type { Store } from "./store.ts";
import { endThread, type Thread } from "./thread.ts";
import type { FromWriter, ToWriter } from "./writer-thread.ts";

interface Group {
  /** Made when somebody asks: most groups have one who waits, some none. */
  promise: Promise<void> | undefined;
  resolve: (() => void) | undefined;
  reject: ((reason: unknown) => void) | undefined;
}

export interface Writer extends Pick<Store, "write" | "committed" | "close"> {
  endTurn(): void;
  failed(): Error | undefined;
  fail(failure: SqlFailure): void;
}

// Two keep the writer busy while this thread is; more would only make groups smaller.
const groupsOut = 2;
const nothing = Promise.resolve();

export function createWriter(thread: Thread, path: string, log: Log): Writer {
  const { worker } = thread;
  const batcher = createBatcher();
  const out: Group[] = [];
  let gathering: Group = newGroup();
  let scheduled = false;
  let failed: ErrandError | undefined;
  let closed = false;

  const post = (message: ToWriter, transfer: ArrayBuffer[]): void => worker.postMessage(message, transfer);

  const flush = (): void => {
    if (batcher.statements === 0 || out.length >= groupsOut || failed !== undefined) return;
    if (out.length === 0) worker.ref();
    out.push(gathering);
    gathering = newGroup();
    const message = batcher.take();
    post(message, transferList(message));
  };

  const onTurnEnd = (): void => {
    scheduled = false;
    flush();
  };

  const fail = (failure: SqlFailure): void => {
    if (failed !== undefined) return;
    failed = storageFailed("commit", failure, path);
    // Not everybody waits for what they write: said here once, and to each who waits.
    log.error({ component: "storage", err: failed, hint: failed.hint }, "nothing is stored any more");
    worker.unref();
    for (const group of [...out.splice(0), gathering]) group.reject?.(failed);
    batcher.take();
  };

  worker.on("message", (message: FromWriter) => {
    if (message.kind === "failed") fail(message.failure);
    if (message.kind !== "committed") return;
    const done = out.splice(0, message.groups);
    // What gathered goes first: the disk then works while the callers go on.
    flush();
    if (out.length === 0) worker.unref();
    for (const group of done) group.resolve?.();
  });
  worker.on("error", (error) => fail({ message: `the writer thread ended: ${String(error)}` }));
  worker.on("exit", () => {
    if (!closed) fail({ message: "the writer thread ended" });
  });

  return {
    write(sql, params) {
      if (failed !== undefined || closed) return;
      batcher.add(sql, params);
      if (!scheduled && out.length < groupsOut) {
        scheduled = true;
        setImmediate(onTurnEnd);
      }
    },
    endTurn: flush,
    committed() {
      if (failed !== undefined) return Promise.reject(failed);
      if (closed) return Promise.reject(storeClosed());
      const last = batcher.statements > 0 ? gathering : out.at(-1);
      return last === undefined ? nothing : promiseOf(last);
    },
    async close() {
      const last = this.committed();
      closed = true;
      // Whoever waits for it is told of a failure, and the log.
      await last.catch(() => {});
      await endThread(thread);
    },
    failed: () => failed,
    fail,
  };
}

function newGroup(): Group {
  return { promise: undefined, resolve: undefined, reject: undefined };
}

function promiseOf(group: Group): Promise<void> {
  if (group.promise === undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    Object.assign(group, { promise, resolve, reject });
    return promise;
  }
  return group.promise;
}

function storeClosed(): ErrandError {
  return new ErrandError("ShuttingDown", "the store is closed");
}
