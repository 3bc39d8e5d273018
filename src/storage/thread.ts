/**
 * A database thread as the main thread holds it: started, waited for, asked to end. It keeps the process alive only
 * while it starts, ends, or somebody waits for it.
 */
import { Worker } from "node:worker_threads";
import type { ReaderOptions } from "./reader-thread.ts";
import type { WriterOptions } from "./writer-thread.ts";
import { storageFailed, type SqlFailure } from "./connection.ts";

export interface Thread {
  readonly worker: Worker;
  /** Resolves when the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

/** Resolves once the thread has opened the database at `path`; rejects with `StorageFailed`. */
export async function startThread(
  name: "writer-thread" | "reader-thread",
  workerData: WriterOptions | ReaderOptions,
): Promise<Thread> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const script = new URL(`./${name}.${extension}`, import.meta.url);
  const worker = new Worker(script, { workerData, name: `errand ${name}` });
  const exit = Promise.withResolvers<void>();
  worker.once("exit", () => exit.resolve());
  await firstMessage(worker, workerData.path);
  worker.unref();
  return { worker, ended: exit.promise };
}

async function firstMessage(worker: Worker, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onMessage = (message: { failure?: SqlFailure }): void => {
    if (message.failure === undefined) resolve();
    else reject(storageFailed("open the database", message.failure, path));
  };
  const onEnd = (error: unknown): void =>
    reject(storageFailed("start a database thread", { message: String(error) }, path));
  worker.once("message", onMessage).once("error", onEnd).once("exit", onEnd);
  try {
    await promise;
  } finally {
    worker.off("message", onMessage).off("error", onEnd).off("exit", onEnd);
  }
}

/** Asks the thread to finish what it was given and to end; resolves when it has. */
export async function endThread(thread: Thread): Promise<void> {
  thread.worker.ref();
  thread.worker.postMessage({ kind: "close" });
  await thread.ended;
}
