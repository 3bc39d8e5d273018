/**
 * Runs skills that are JavaScript functions, built-in or from an operator's module, in worker threads: whatever they do,
 * the network's thread goes on. A cancel reaches the code as an AbortSignal; code that does not listen loses its thread.
 * A thread is no sandbox: this is for code that the operator chose.
 */
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { Body } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { toErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { skillError } from "../output.ts";
import type { ThreadAbort, ThreadReport } from "./thread-messages.ts";
import type { ThreadPool } from "./threads.ts";

/** An endpoint that an operator declared is a function too: the one that makes the request (src/skills/http-skill.ts). */
const kinds: ReadonlySet<string> = new Set(["builtin", "module", "http"]);

export function createFunctionExecutor({ pool, clock }: { pool: ThreadPool; clock: Clock }): Executor {
  return {
    name: "function",
    canExecute: ({ source }) =>
      kinds.has(source.kind) && !(source.kind === "builtin" && source.native === true),
    execute: (execution, context) => execute(execution, context, pool, clock),
    close: () => pool.close(),
  };
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  pool: ThreadPool,
  clock: Clock,
): Promise<ExecutionResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const { port1: ours, port2: theirs } = new MessageChannel();
  const hear = (report: ThreadReport): void => {
    if ("log" in report) context.log(report.log);
    else context.progress(report.progress, report.message);
  };
  ours.on("message", hear);
  const kill = new AbortController();
  let cancelKill = (): void => {};
  const abort = (): void => {
    ours.postMessage({ abort: toErrandError(signal.reason, "Cancelled").toJSON() } satisfies ThreadAbort);
    cancelKill = clock.after(limits.cancelKillMs, () => kill.abort());
  };
  signal.addEventListener("abort", abort, { once: true });
  const { input, transfer } = transferable(execution.input);
  try {
    return await pool.run(
      {
        kind: "run",
        skill: execution.skill,
        input,
        inputPath: execution.inputPath,
        outputBytes: execution.outputBytes,
        deadline: context.deadline,
        scratchDir: context.scratchDir,
        port: theirs,
      },
      { transfer: [theirs, ...transfer], kill: kill.signal },
    );
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toErrandError(error, skillError(error).code);
  } finally {
    cancelKill();
    signal.removeEventListener("abort", abort);
    // The result comes by another way and may be first.
    for (let next = receiveMessageOnPort(ours); next !== undefined; next = receiveMessageOnPort(ours))
      hear(next.message as ThreadReport);
    ours.close();
  }
}

/** The body with its own copy of its bytes: cloning a view would clone the whole network buffer that it looks into. */
export function transferable(body: Body): { input: Body; transfer: ArrayBuffer[] } {
  if (body.bytes === undefined) return { input: body, transfer: [] };
  const bytes = new Uint8Array(body.bytes);
  return { input: { bytes, type: body.type }, transfer: [bytes.buffer] };
}
