/**
 * Runs JavaScript and Python in tier T0: what a peer sends (`eval.js`, `eval.python`, `script.run`), and files of the operator's
 * own. What a peer sends runs inside T1 as well where that is there.
 */
import { readFile } from "node:fs/promises";
import { bodySizeBytes } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { readInput } from "../../skills/input.ts";
import {
  grantLimits,
  operatorLimits,
  runCeilings,
  type AskedLimits,
  type RunLimits,
} from "../../skills/run-limits.ts";
import type { ScriptLanguage, SkillSource } from "../../skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import { guarding } from "../sandbox/janitor.ts";
import type { Sandboxes } from "../sandbox/sandboxes.ts";
import type { GuestResult } from "../sandbox/t0.ts";

type ScriptSource = Extract<SkillSource, { kind: "script" }>;

export interface ScriptExecutorOptions {
  /** Closed with this executor. */
  sandboxes: Sandboxes;
  clock: Clock;
}

/** Parsed by the node's own thread, code and input together. */
const largestInputBytes = 4 * 1024 * 1024;

export function createScriptExecutor({ sandboxes, clock }: ScriptExecutorOptions): Executor {
  return {
    name: "script",
    canExecute: ({ source }) => source.kind === "script",
    execute: (execution, context) =>
      guarding(sandboxes.janitor, context.scratchDir, () => execute(execution, context, sandboxes, clock)),
    close: () => sandboxes.close(),
  };
}

interface Script {
  language: ScriptLanguage;
  form: "expression" | "program";
  code: string;
  input: unknown;
  limits: RunLimits;
  /** From a peer. */
  submitted: boolean;
  output: (done: GuestResult) => unknown;
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  sandboxes: Sandboxes,
  clock: Clock,
): Promise<ExecutionResult> {
  const { signal } = context;
  const { definition } = execution.skill;
  signal.throwIfAborted();
  const value = await inputOf(execution, context);
  const script = await scriptOf(execution, value, context);
  await requireT0(sandboxes);
  const within = script.submitted ? await sandboxes.around() : undefined;
  const voice = createVoice(context, () => clock.monotonic());
  try {
    const done = await sandboxes.t0.run({
      guest: { kind: script.language, form: script.form, code: script.code, input: script.input },
      limits: { ...script.limits, outputBytes: Math.min(script.limits.outputBytes, execution.outputBytes) },
      within,
      signal,
      progress: (fraction, message) => voice.progress(fraction, message),
      log: (line) => voice.log(line),
    });
    const bytes = encodeOutput(definition, script.output(done), execution.outputBytes);
    return { output: { bytes, type: "application/json" }, usage: done.usage };
  } finally {
    voice.stop();
  }
}

/** The checked input of a skill that is run in T0, parsed here. Throws `InvalidInput`. */
export function inputOf(execution: Execution, context: ExecutionContext): unknown {
  const { skill, input, inputPath } = execution;
  if (execution.checked !== undefined) return execution.checked.value;
  const isFile = input.type !== "" && (skill.definition.inputModes ?? []).includes(input.type);
  if (!isFile && bodySizeBytes(input) > largestInputBytes) {
    throw new ErrandError(
      "InvalidInput",
      `input of ${bodySizeBytes(input)} bytes is larger than ${largestInputBytes}`,
      {
        hint: "Send less; a module goes as a file of type application/wasm.",
      },
    );
  }
  return readInput(skill.definition, input, inputPath, context.scratchDir);
}

/** Throws `UnsupportedSkill` when the canary of T0 has failed. */
export async function requireT0({ tiers }: Sandboxes): Promise<void> {
  const report = await tiers.report("T0");
  if (!report.ok)
    throw new ErrandError("UnsupportedSkill", `it needs sandbox tier T0 here: ${report.message}`);
}

async function scriptOf(execution: Execution, value: unknown, context: ExecutionContext): Promise<Script> {
  const source = execution.skill.source as ScriptSource;
  const valueOf = ({ result }: GuestResult): unknown => JSON.parse(Buffer.from(result).toString("utf8"));
  if (source.submitted === undefined) {
    return {
      language: source.language,
      form: "program",
      code: await readFile(source.path, "utf8"),
      input: value,
      limits: ownLimits(execution, context),
      submitted: false,
      output: valueOf,
    };
  }
  const sent = value as {
    expression?: string;
    language?: ScriptLanguage;
    code?: string;
    input?: unknown;
    limits?: AskedLimits;
  };
  const common = {
    input: sent.input ?? null,
    limits: grantLimits(sent.limits, operatorLimits(execution.grant?.limits)),
    submitted: true,
  };
  if (source.submitted === "expression") {
    const output = (done: GuestResult): unknown => ({ value: valueOf(done) });
    return { ...common, language: source.language, form: "expression", code: sent.expression ?? "", output };
  }
  return {
    ...common,
    language: sent.language ?? "javascript",
    form: "program",
    code: sent.code ?? "",
    output: (done) => ({ value: valueOf(done), stdout: done.stdout, stderr: done.stderr }),
  };
}

/** An operator's own code has the time that its task has; of everything else what he grants it, or the defaults. */
export function ownLimits({ grant }: Execution, context: ExecutionContext): RunLimits {
  const wallMs = Math.max(1_000, Math.min(context.deadline - Date.now(), runCeilings.wallMs));
  return operatorLimits(grant?.limits, { outputBytes: runCeilings.outputBytes, wallMs });
}
