/**
 * Runs WASI command modules in tier T0: the operator's own, which speak JSON as commands do, and those that a peer sends, as
 * base64 or as a file. What a peer sends runs inside T1 as well where that is there.
 */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { grantLimits, operatorLimits, type AskedLimits } from "../../skills/run-limits.ts";
import type { FileInput, SkillSource } from "../../skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput, parseOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import { guarding } from "../sandbox/janitor.ts";
import type { Sandboxes } from "../sandbox/sandboxes.ts";
import type { GuestResult } from "../sandbox/t0.ts";
import { inputOf, ownLimits, requireT0 } from "./script.ts";

/** Compiling is bounded by the child's limits; this bounds what is read and sent there. */
const moduleBytes = 64 * 1024 * 1024;

export function createWasmExecutor({ sandboxes, clock }: { sandboxes: Sandboxes; clock: Clock }): Executor {
  return {
    name: "wasm",
    canExecute: ({ source }) => source.kind === "wasm",
    execute: (execution, context) =>
      guarding(sandboxes.janitor, context.scratchDir, () => execute(execution, context, sandboxes, clock)),
    // What runs is ended by whoever owns the sandboxes.
    close: () => Promise.resolve(),
  };
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
  const job = await jobOf(execution, value, context);
  await requireT0(sandboxes);
  const within = job.submitted ? await sandboxes.around() : undefined;
  const voice = createVoice(context, () => clock.monotonic());
  try {
    const done = await sandboxes.t0.run({
      guest: { kind: "wasm", module: job.module, argv: job.argv, stdin: job.stdin },
      limits: { ...job.limits, outputBytes: Math.min(job.limits.outputBytes, execution.outputBytes) },
      within,
      signal,
      progress: (fraction, message) => voice.progress(fraction, message),
      log: (line) => voice.log(line),
    });
    const output = job.submitted ? streamsOf(done) : jsonOf(definition.id, done, execution);
    const bytes = encodeOutput(definition, output, execution.outputBytes);
    return { output: { bytes, type: "application/json" }, usage: done.usage };
  } finally {
    voice.stop();
  }
}

async function jobOf(execution: Execution, value: unknown, context: ExecutionContext) {
  const source = execution.skill.source as Extract<SkillSource, { kind: "wasm" }>;
  if (source.path !== undefined) {
    return {
      module: await readModule(source.path),
      argv: [basename(source.path), ...(source.argv ?? [])],
      stdin: Buffer.from(JSON.stringify(value)),
      limits: ownLimits(execution, context),
      submitted: false,
    };
  }
  const sent = value as StandardInput & {
    module?: string;
    file?: FileInput;
    argv?: string[];
    limits?: AskedLimits;
  };
  return {
    module:
      sent.file === undefined ? fromBase64(sent.module ?? "", "module") : await readModule(sent.file.path),
    argv: sent.argv ?? ["module"],
    stdin: standardInput(sent),
    limits: grantLimits(sent.limits, operatorLimits(execution.grant?.limits)),
    submitted: true,
  };
}

export interface StandardInput {
  stdin?: string;
  stdinBase64?: string;
}

export function standardInput({ stdin, stdinBase64 }: StandardInput): Buffer {
  return stdinBase64 === undefined ? Buffer.from(stdin ?? "") : fromBase64(stdinBase64, "stdinBase64");
}

function fromBase64(text: string, name: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text))
    throw new ErrandError("InvalidInput", `input.${name} is not base64`);
  return Buffer.from(text, "base64");
}

async function readModule(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > moduleBytes) {
    throw new ErrandError("InvalidInput", `the module of ${size} bytes is larger than ${moduleBytes}`);
  }
  return readFile(path);
}

/** What a program printed and how it ended, for callers who brought the program. */
export function streamsOf(done: Pick<GuestResult, "exitCode" | "result" | "stderr">) {
  let streams: { stdout: string } | { stdoutBase64: string };
  try {
    streams = { stdout: new TextDecoder("utf-8", { fatal: true }).decode(done.result) };
  } catch {
    streams = { stdoutBase64: Buffer.from(done.result).toString("base64") };
  }
  return { exitCode: done.exitCode, ...streams, stderr: done.stderr };
}

function jsonOf(id: string, { exitCode, stderr, result }: GuestResult, { skill }: Execution): unknown {
  if (exitCode === 0) return parseOutput(skill.definition, result);
  const last = stderr === "" ? "" : `: ${stderr.slice(-400)}`;
  throw new ErrandError("SkillFailed", `${id} ended with exit code ${exitCode}${last}`);
}
