/**
 * Runs skills that long-lived processes serve (src/worker/SKILL-PROCESS.md), in any language: the input goes over as a line or
 * a file, the output comes back as one. A process stays warm between runs, which is what makes a run cost a message each way.
 * No sandbox: a process is the operator's own code with the rights of the node's user. Built-in skills of native code have one too.
 */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bodySizeBytes, jsonType } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { inputShape, readInput } from "../../skills/input.ts";
import type { ProcessResult } from "../../skills/process-messages.ts";
import type { OfferedSkill, ProcessSource } from "../../skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionOutput, Executor } from "../executor.ts";
import { checkFile, encodeOutput, parseOutput, tooLarge } from "../output.ts";
import { createVoice } from "../pace.ts";
import { transferable } from "./function.ts";
import { processSourceOf } from "./native-source.ts";
import { usageNow } from "./process-memory.ts";
import { createProcessPool, type ProcessPool, type WarmProcess } from "./process-pool.ts";
import type { ThreadPool } from "./threads.ts";

export interface ProcessExecutorOptions {
  /** Parses and checks what is too large for the node's own thread. Whoever made it closes it. */
  pool: ThreadPool;
  clock: Clock;
  /** Processes of one program at most: as many as there are slots. */
  processes: number;
}

export function createProcessExecutor(options: ProcessExecutorOptions): Executor {
  const pools = new Map<string, ProcessPool>();
  let runs = 0;
  let closing = false;

  /** Skills of one program share its processes. */
  function poolOf(source: ProcessSource): ProcessPool {
    const key = keyOf(source);
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = createProcessPool({ source, processes: options.processes, clock: options.clock });
      pools.set(key, pool);
    }
    return pool;
  }

  return {
    name: "process",
    canExecute: (skill) => processSourceOf(skill) !== undefined,
    isWarm(skill) {
      const source = processSourceOf(skill);
      return source !== undefined && (pools.get(keyOf(source))?.warm ?? 0) > 0;
    },
    async execute(execution, context) {
      const source = processSourceOf(execution.skill);
      if (source === undefined)
        throw new ErrandError("Internal", `${execution.skill.definition.id} is no process`);
      if (closing) throw new ErrandError("ShuttingDown", "this node is shutting down");
      context.signal.throwIfAborted();
      const start = options.clock.monotonic();
      const input = await prepareInput(execution, context, options.pool);
      const { process, release } = await poolOf(source).acquire(context.signal);
      let worked = false;
      try {
        const { result, usage } = await converse(process, String((runs += 1)), input, execution, context, {
          clock: options.clock,
          cancelMs: source.cancelMs ?? limits.cancelKillMs,
        });
        worked = true;
        const output = await finishOutput(result, execution, context, options.pool);
        return {
          output,
          usage: { ...usage, wallMs: Math.round((options.clock.monotonic() - start) * 1_000) / 1_000 },
        };
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : error;
      } finally {
        release(worked);
      }
    },
    async close() {
      closing = true;
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function keyOf({ argv, cwd, env }: ProcessSource): string {
  return JSON.stringify([argv, cwd, env]);
}

/** The checked input as JSON: in a line, or in a file where a line would be too long. */
type Input = { line: Uint8Array; file?: undefined } | { file: string };

async function prepareInput(
  execution: Execution,
  context: ExecutionContext,
  pool: ThreadPool,
): Promise<Input> {
  const { input, inputPath, skill } = execution;
  const shape = inputShape(skill.definition, input.type);
  if (shape === "file" || bodySizeBytes(input) <= limits.inlineBodyBytes) {
    const value =
      execution.checked === undefined
        ? await readInput(skill.definition, input, inputPath, context.scratchDir)
        : execution.checked.value;
    const line = Buffer.from(JSON.stringify(value));
    // Text grows when it is written as JSON: each control character becomes six.
    return line.length <= limits.inlineBodyBytes ? { line } : inFile(line, context);
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
  return inFile(output.bytes ?? new Uint8Array(), context);
}

async function inFile(bytes: Uint8Array, context: ExecutionContext): Promise<Input> {
  await mkdir(context.scratchDir, { recursive: true, mode: 0o700 });
  const file = join(context.scratchDir, "input.json");
  await writeFile(file, bytes);
  return { file };
}

interface Used {
  cpuMs: number;
  peakMemoryBytes: number;
}

/** Sends the run and waits for its reply. A process that ignores a cancel is ended, with all it started. */
async function converse(
  process: WarmProcess,
  id: string,
  input: Input,
  { skill, outputBytes }: Execution,
  context: ExecutionContext,
  { clock, cancelMs }: { clock: Clock; cancelMs: number },
): Promise<{ result: ProcessResult; usage: Used }> {
  const { signal } = context;
  const { connection } = process;
  signal.throwIfAborted();
  checkVersion(process, skill);
  const voice = createVoice(context, () => clock.monotonic());
  const alone = process.active.size === 0;
  const before = alone ? usageNow(connection.pid) : undefined;
  const reply = process.expect(id, voice);
  const message = {
    type: "run" as const,
    id,
    skill: skill.definition.id,
    deadline: Math.round(context.deadline),
    scratchDir: context.scratchDir,
    outputBytes,
  };
  if (input.file === undefined) connection.sendRun(message, input.line);
  else connection.send({ ...message, inputFile: input.file });
  let cancelKill = (): void => {};
  let condemned = false;
  const abort = (): void => {
    const reason = signal.reason instanceof Error ? signal.reason.message : "cancelled";
    connection.send({ type: "cancel", id, reason });
    cancelKill = clock.after(cancelMs, () => {
      condemned = true;
      process.condemn(id, signal.reason);
    });
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    const result = await reply;
    return { result, usage: usageOf(result, connection.pid, process.active.size === 0 ? before : undefined) };
  } finally {
    cancelKill();
    voice.stop();
    signal.removeEventListener("abort", abort);
    // The run's folder goes when this returns: by then nothing may write to it any more.
    if (condemned) await connection.gone;
  }
}

function checkVersion({ skills }: WarmProcess, { definition }: OfferedSkill): void {
  if (skills.get(definition.id) === definition.version) return;
  throw new ErrandError(
    "SkillFailed",
    `the process no longer offers ${definition.id} ${definition.version}`,
    { hint: "Its program changed since the node started; restart the node." },
  );
}

/** What the process says of the run, else what the kernel counted while the run had the process to itself. */
function usageOf({ usage = {} }: ProcessResult, pid: number, before: Used | undefined): Used {
  const { cpuMs, peakMemoryBytes } = usage;
  if (cpuMs !== undefined && peakMemoryBytes !== undefined) return { cpuMs, peakMemoryBytes };
  const now = before === undefined ? undefined : usageNow(pid);
  return {
    cpuMs: cpuMs ?? (now === undefined || before === undefined ? 0 : Math.max(0, now.cpuMs - before.cpuMs)),
    peakMemoryBytes: peakMemoryBytes ?? now?.peakMemoryBytes ?? 0,
  };
}

async function finishOutput(
  result: ProcessResult,
  execution: Execution,
  context: ExecutionContext,
  pool: ThreadPool,
): Promise<ExecutionOutput> {
  const { definition } = execution.skill;
  if (result.file !== undefined) {
    const { path, type } = result.file;
    return checkFile({ path, type }, context.scratchDir, execution.outputBytes);
  }
  if (result.outputFile === undefined)
    return { bytes: encodeOutput(definition, result.output, execution.outputBytes), type: jsonType };
  const bound = Math.min(execution.outputBytes, limits.jsonBodyBytes);
  const { file } = await checkFile({ path: result.outputFile, type: jsonType }, context.scratchDir, bound);
  const { size } = await stat(file);
  if (size > bound) throw tooLarge(size, bound);
  const bytes = new Uint8Array(await readFile(file));
  if (size <= limits.inlineBodyBytes)
    return {
      bytes: encodeOutput(definition, parseOutput(definition, bytes), execution.outputBytes),
      type: jsonType,
    };
  const request = { kind: "output" as const, definition, bytes, outputBytes: execution.outputBytes };
  const { output } = await pool.run(request, { transfer: [bytes.buffer], kill: context.signal });
  return output;
}
