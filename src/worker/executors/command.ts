/**
 * Runs commands that the operator declared: argv without a shell, JSON on standard input, one JSON document on standard
 * output. The process has a clean environment and a group of its own, which is ended as a whole. What it writes on
 * standard error or on file descriptor 3 is progress (lines of JSON) or log. A command that declares a sandbox runs in tier T1;
 * any other does what its user may do, and a process of its that leaves the group (setsid) escapes the end.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { bodySizeBytes } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { inputShape, readInput } from "../../skills/input.ts";
import type { SkillSource } from "../../skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput, parseOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import { scratchInside } from "../sandbox/bubblewrap.ts";
import { converse } from "../sandbox/conversation.ts";
import { guarding } from "../sandbox/janitor.ts";
import { launchPlain, type Launched } from "../sandbox/launch.ts";
import { grantLimits, runCeilings, type AskedLimits, type RunLimits } from "../../skills/run-limits.ts";
import type { Sandboxes } from "../sandbox/sandboxes.ts";
import { transferable } from "./function.ts";
import { commandEnv } from "./process-group.ts";
import type { ThreadPool } from "./threads.ts";

export interface CommandExecutorOptions {
  /** Parses and checks what is too large for the node's own thread. Whoever made it closes it. */
  pool: ThreadPool;
  clock: Clock;
  sandboxes: Pick<Sandboxes, "janitor" | "t1">;
  /** Of one command with all that it starts, outside a sandbox. */
  memoryBytes?: number;
}

export function createCommandExecutor(options: CommandExecutorOptions): Executor {
  const closing = new AbortController();
  return {
    name: "command",
    canExecute: ({ source }) => source.kind === "command",
    async execute(execution, context) {
      try {
        return await guarding(options.sandboxes.janitor, context.scratchDir, () =>
          execute(execution, context, options, closing.signal),
        );
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : error;
      }
    },
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  options: CommandExecutorOptions,
  kill: AbortSignal,
): Promise<ExecutionResult> {
  const { pool, clock } = options;
  const { source, definition } = execution.skill;
  if (source.kind !== "command") throw new ErrandError("Internal", `${definition.id} is no command`);
  context.signal.throwIfAborted();
  const start = clock.monotonic();
  await mkdir(context.scratchDir, { recursive: true, mode: 0o700 });
  const stdin = await prepareInput(execution, context, pool);
  context.signal.throwIfAborted();
  const launched = await launch(source, execution, context, options);
  const { code, how, stdout, tail, usage } = await converse(launched, {
    stdin,
    outputBytes: Math.min(execution.outputBytes, limits.jsonBodyBytes),
    voice: createVoice(context, () => clock.monotonic()),
    signal: context.signal,
    kill,
    clock,
  });
  if (code !== 0) throw commandFailed(definition.id, code, how, tail);
  const bytes = await finishOutput(execution, stdout, pool);
  return {
    output: { bytes, type: "application/json" },
    usage: { wallMs: clock.monotonic() - start, ...usage },
  };
}

type CommandSource = Extract<SkillSource, { kind: "command" }>;

async function launch(
  source: CommandSource,
  execution: Execution,
  context: ExecutionContext,
  { sandboxes, memoryBytes = runCeilings.memoryBytes }: CommandExecutorOptions,
): Promise<Launched> {
  const { scratchDir } = context;
  try {
    if (source.sandbox !== undefined) {
      const { tier: _tier, network = false, mounts = [], ...wish } = source.sandbox;
      const t1 = await sandboxes.t1();
      const input = execution.inputPath ?? join(scratchDir, "input");
      return await t1.launch({
        argv: source.argv,
        env: { ...commandEnv(scratchInside), ...source.env },
        limits: sandboxLimits({ ...wish, ...execution.grant?.limits }, context.deadline - Date.now()),
        network: network || execution.grant?.network === true,
        mounts: [...mounts, ...(execution.grant?.mounts ?? []), ...named(source)],
        ...(existsSync(input) ? { input } : {}),
        ...(source.cwd === undefined ? {} : { cwd: source.cwd }),
      });
    }
    return await launchPlain({
      argv: source.argv as [string, ...string[]],
      cwd: source.cwd ?? scratchDir,
      env: { ...commandEnv(scratchDir), ...source.env },
      memoryBytes,
      janitor: sandboxes.janitor,
    });
  } catch (cause) {
    if (cause instanceof ErrandError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ErrandError("SkillFailed", `the command could not be started: ${why}`, {
      hint: "Check the command in the skill's YAML file and that it may be executed.",
      cause,
    });
  }
}

/** The operator's own command: what he declared, else the defaults, and the time that the task has. */
function sandboxLimits(wish: AskedLimits, leftMs: number): RunLimits {
  const wallMs = Math.max(1_000, Math.min(leftMs, runCeilings.wallMs));
  return { ...grantLimits(wish, runCeilings), wallMs };
}

/** Files that the command line names are there inside, to be read, as is the folder it runs in. */
function named({ argv, cwd }: CommandSource): { path: string }[] {
  const paths = argv.filter((word) => isAbsolute(word) && !word.startsWith("/usr/") && existsSync(word));
  return [...paths, ...(cwd === undefined ? [] : [cwd])].map((path) => ({ path }));
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

function commandFailed(
  id: string,
  code: number | null,
  how: NodeJS.Signals | null,
  tail: string,
): ErrandError {
  const end = code === null ? `was ended by ${how ?? "a signal"}` : `ended with exit code ${code}`;
  return new ErrandError("SkillFailed", `${id} ${end}${tail === "" ? "" : `: ${tail}`}`);
}
