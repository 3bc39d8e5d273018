/**
 * The worker threads, as a pool (piscina) that starts with the first run. Threads stay warm, so that a run costs a message
 * each way; one that was ended by force is replaced.
 */
import { getCompileCacheDir } from "node:module";
import { Piscina } from "piscina";
import { ErrandError } from "../../core/errors.ts";
import type { SkillSettings } from "../../skills/registry.ts";
import type { ExecutionOutput, ResourceUsage } from "../executor.ts";
import type { ThreadReply, ThreadRequest } from "./thread-messages.ts";

export interface ThreadPoolOptions {
  settings: SkillSettings;
  /** Threads at most: as many as there are slots. */
  threads: number;
  /** JavaScript heap of one thread, MiB. Buffers are not in it: a guard against accidents, no sandbox. */
  heapMb?: number;
}

export interface ThreadPool {
  /** Throws the run's `ErrandError`. Aborting `kill` ends the thread that runs it. */
  run(
    request: ThreadRequest,
    options: { transfer: readonly Transferable[]; kill: AbortSignal },
  ): Promise<{ output: ExecutionOutput; usage: ResourceUsage }>;
  close(): Promise<void>;
}

type Transferable = ArrayBufferLike | import("node:worker_threads").MessagePort;

/** A thread without work ends after this; its next start costs some 50 ms. */
const idleMs = 60_000;
const defaultHeapMb = 512;

export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  let pool: Piscina<ThreadRequest, ThreadReply> | undefined;
  let closed = false;

  function start(): Piscina<ThreadRequest, ThreadReply> {
    const started = new Piscina<ThreadRequest, ThreadReply>({
      filename: new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url)
        .href,
      minThreads: 1,
      maxThreads: options.threads,
      idleTimeout: idleMs,
      // With Atomics an idle thread sleeps in a wait that stops its event loop, and with it the sockets it keeps.
      atomics: "disabled",
      recordTiming: false,
      env: threadEnvironment(),
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb ?? defaultHeapMb, stackSizeMb: 4 },
      workerData: { settings: options.settings },
    });
    // A thread that dies without a run has nobody to tell; the pool replaces it.
    started.on("error", () => {});
    return started;
  }

  return {
    async run(request, { transfer, kill }) {
      if (closed) throw new ErrandError("ShuttingDown", "this node is shutting down");
      pool ??= start();
      let reply: ThreadReply;
      try {
        reply = await pool.run(request, { transferList: transfer as never, signal: kill });
      } catch (error) {
        throw threadError(error);
      }
      if ("error" in reply) throw ErrandError.fromJSON(reply.error);
      return reply;
    },
    async close() {
      closed = true;
      await pool?.destroy();
    },
  };
}

/** A thread takes the process's compile cache only from its environment; with it a start costs half. */
function threadEnvironment(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir();
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache };
}

/** Why a thread ended without a reply. */
function threadError(error: unknown): ErrandError {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    return new ErrandError("LimitExceeded", "the skill used more memory than one run may", {
      hint: "Give it less to do at once.",
      cause: error,
    });
  }
  return new ErrandError("SkillFailed", `the skill ended its thread: ${message ?? "without a message"}`, {
    cause: error,
  });
}
