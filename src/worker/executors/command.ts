/**
 * Runs commands that the operator declared: argv without a shell, JSON on standard input, one JSON document on standard
 * output. The process has a clean environment and a group of its own, which is ended as a whole. What it writes on
 * standard error is progress (lines of JSON) or log. No sandbox: a command does what its user may do, and a process that
 * leaves its group (setsid) escapes the end.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { bodySizeBytes } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { inputShape, readInput } from "../../skills/input.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput, parseOutput, tooLarge } from "../output.ts";
import { createVoice } from "../pace.ts";
import { transferable } from "./function.ts";
import { endGroup, groupGone, startCommand } from "./process-group.ts";
import { watchUsage } from "./process-usage.ts";
import { readStderr } from "./stderr.ts";
import type { ThreadPool } from "./threads.ts";

export interface CommandExecutorOptions {
  /** Parses and checks what is too large for the node's own thread. Whoever made it closes it. */
  pool: ThreadPool;
  clock: Clock;
}

export function createCommandExecutor({ pool, clock }: CommandExecutorOptions): Executor {
  const running = new Set<AbortController>();
  return {
    name: "command",
    canExecute: ({ source }) => source.kind === "command",
    async execute(execution, context) {
      const kill = new AbortController();
      running.add(kill);
      try {
        return await execute(execution, context, pool, clock, kill.signal);
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : error;
      } finally {
        running.delete(kill);
      }
    },
    close() {
      for (const kill of running) kill.abort();
      return Promise.resolve();
    },
  };
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  pool: ThreadPool,
  clock: Clock,
  kill: AbortSignal,
): Promise<ExecutionResult> {
  const { source, definition } = execution.skill;
  if (source.kind !== "command") throw new ErrandError("Internal", `${definition.id} is no command`);
  context.signal.throwIfAborted();
  const start = clock.monotonic();
  await mkdir(context.scratchDir, { recursive: true, mode: 0o700 });
  const stdin = await prepareInput(execution, context, pool);
  context.signal.throwIfAborted();
  const child = await startCommand(source, context.scratchDir);
  const usage = watchUsage(child.pid);
  try {
    const stdout = await converse(child, stdin, execution, context, clock, kill);
    const bytes = await finishOutput(execution, stdout, pool);
    const { cpuMs, peakMemoryBytes } = usage.stop();
    return {
      output: { bytes, type: "application/json" },
      usage: { wallMs: clock.monotonic() - start, cpuMs, peakMemoryBytes },
    };
  } finally {
    usage.stop();
  }
}

/** The checked input as the bytes for standard input. */
async function prepareInput(
  execution: Execution,
  context: ExecutionContext,
  pool: ThreadPool,
): Promise<Uint8Array> {
  const { input, inputPath, skill } = execution;
  const shape = inputShape(skill.definition, input.type);
  if (shape === "file" || bodySizeBytes(input) <= limits.inlineBodyBytes) {
    const value =
      execution.checked === undefined
        ? await readInput(skill.definition, input, inputPath, context.scratchDir)
        : execution.checked.value;
    return Buffer.from(JSON.stringify(value));
  }
  const { input: body, transfer } = transferable(input);
  const request = {
    kind: "input" as const,
    definition: skill.definition,
    input: body,
    inputPath,
    scratchDir: context.scratchDir,
  };
  const { output } = await pool.run(request, { transfer, kill: context.signal });
  return output.bytes ?? new Uint8Array();
}

async function finishOutput(execution: Execution, stdout: Buffer, pool: ThreadPool): Promise<Uint8Array> {
  const { definition } = execution.skill;
  if (stdout.length <= limits.inlineBodyBytes) {
    return encodeOutput(definition, parseOutput(definition, stdout), execution.outputBytes);
  }
  const bytes = new Uint8Array(stdout);
  const request = { kind: "output" as const, definition, bytes, outputBytes: execution.outputBytes };
  const { output } = await pool.run(request, {
    transfer: [bytes.buffer],
    kill: new AbortController().signal,
  });
  return output.bytes ?? bytes;
}

/** Writes the input, reads the output, and sees to it that nothing of the group is left when it returns. */
async function converse(
  child: ChildProcessWithoutNullStreams,
  stdin: Uint8Array,
  execution: Execution,
  context: ExecutionContext,
  clock: Clock,
  kill: AbortSignal,
): Promise<Buffer> {
  const { signal } = context;
  const bound = Math.min(execution.outputBytes, limits.jsonBodyBytes);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let overflow: ErrandError | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= bound) chunks.push(chunk);
    else if (overflow === undefined) {
      overflow = tooLarge(undefined, bound);
      endGroup(child, "SIGKILL");
    }
  });
  const voice = createVoice(context, () => clock.monotonic());
  const stderr = readStderr(child.stderr, voice);
  // A command may end without reading its input; that alone is no failure.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);

  let cancelKill = (): void => {};
  const killNow = (): void => endGroup(child, "SIGKILL");
  const abort = (): void => {
    endGroup(child, "SIGTERM");
    cancelKill = clock.after(limits.cancelGraceMs, killNow);
  };
  signal.addEventListener("abort", abort, { once: true });
  kill.addEventListener("abort", killNow, { once: true });
  if (signal.aborted) abort();
  try {
    const { code, how } = await ended(child, clock);
    await groupGone(child);
    if (signal.aborted) throw signal.reason;
    if (overflow !== undefined) throw overflow;
    if (code !== 0) throw commandFailed(execution.skill.definition.id, code, how, stderr.tail());
    return Buffer.concat(chunks);
  } finally {
    cancelKill();
    voice.stop();
    signal.removeEventListener("abort", abort);
    kill.removeEventListener("abort", killNow);
  }
}

/** A process that outlives its leader may hold the pipes open: they get this long to run dry. */
const drainMs = 500;

function ended(
  child: ChildProcessWithoutNullStreams,
  clock: Clock,
): Promise<{ code: number | null; how: NodeJS.Signals | null }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; how: NodeJS.Signals | null }>();
  let cancelDrain = (): void => {};
  child.once("exit", () => {
    endGroup(child, "SIGKILL");
    cancelDrain = clock.after(drainMs, () => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.stdin.destroy();
    });
  });
  child.once("close", (code, how) => {
    cancelDrain();
    resolve({ code, how });
  });
  return promise;
}

function commandFailed(
  id: string,
  code: number | null,
  how: NodeJS.Signals | null,
  tail: string,
): ErrandError {
  const end = code === null ? `was ended by ${how ?? "a signal"}` : `ended with exit code ${code}`;
  return new ErrandError("SkillFailed", `${id} ${end}${tail === "" ? "" : `: ${tail}`}`);
}
