/**
 * The executors of a node, one line each, in order of preference: the first that can run a skill does. To add one: a
 * file beside this, a line here; tests/contracts/executor.test.ts covers it.
 */
import { availableParallelism } from "node:os";
import type { Clock } from "../../core/clock.ts";
import type { SkillSettings } from "../../skills/registry.ts";
import { createLog } from "../../core/log.ts";
import type { Executor } from "../executor.ts";
import { createSandboxes, type Sandboxes } from "../sandbox/sandboxes.ts";
import { createArgvExecutor } from "./argv.ts";
import { createCommandExecutor } from "./command.ts";
import { createFunctionExecutor } from "./function.ts";
import { createInlineExecutor } from "./inline.ts";
import { createProcessExecutor } from "./process.ts";
import { createScriptExecutor } from "./script.ts";
import { createThreadPool } from "./threads.ts";
import { createWasmExecutor } from "./wasm.ts";

export interface ExecutorOptions {
  settings: SkillSettings;
  clock: Clock;
  /** As many threads as the worker has slots; default: one per core. */
  slots?: number;
  /** JavaScript heap of one thread, MiB. */
  heapMb?: number;
  /** Closed with the executors. Default: ones that run no code of peers. */
  sandboxes?: Sandboxes;
  /** Memory of one command with all that it starts, outside a sandbox, bytes. */
  commandMemoryBytes?: number;
}

/** Nothing starts before the first run. Closing all of them ends every thread and process. */
export function createExecutors(options: ExecutorOptions): Executor[] {
  const { clock, settings, heapMb, commandMemoryBytes: memoryBytes } = options;
  const sandboxes = options.sandboxes ?? createSandboxes({ clock, log: createLog("silent") });
  const threads = Math.max(1, options.slots ?? availableParallelism());
  const pool = createThreadPool({ settings, threads, ...(heapMb === undefined ? {} : { heapMb }) });
  return [
    createInlineExecutor({ settings }),
    createFunctionExecutor({ pool, clock }),
    createCommandExecutor({ pool, clock, sandboxes, ...(memoryBytes === undefined ? {} : { memoryBytes }) }),
    createScriptExecutor({ sandboxes, clock }),
    createWasmExecutor({ sandboxes, clock }),
    createArgvExecutor({ sandboxes, clock }),
    createProcessExecutor({ pool, clock, processes: threads }),
  ];
}
