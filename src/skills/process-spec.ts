/**
 * How an operator declares a long-lived skill process: the shape of `process:` in a YAML file, or a Python file by itself. What
 * it offers is not in the file: the process says it when it starts.
 */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { systemClock } from "../core/clock.ts";
import { toErrandError } from "../core/errors.ts";
import { wrongFile } from "./load-problem.ts";
import { connectProcess, pythonHelperDir } from "./process-connection.ts";
import type { JsonSchema, ProcessSource } from "./skill.ts";

const text = { type: "string", minLength: 1, maxLength: 4_096 };

export const processSchema: JsonSchema = {
  type: "object",
  required: ["command"],
  additionalProperties: false,
  properties: {
    command: { type: "array", items: text, minItems: 1, maxItems: 256 },
    cwd: text,
    env: { type: "object", maxProperties: 128, additionalProperties: { type: "string" } },
    processes: { type: "integer", minimum: 1, maximum: 256 },
    memoryMb: { type: "number", exclusiveMinimum: 0 },
    idleSeconds: { type: "number", minimum: 0, maximum: 2_000_000 },
    startSeconds: { type: "number", exclusiveMinimum: 0, maximum: 3_600 },
  },
};

interface Declared {
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
  processes?: number;
  memoryMb?: number;
  idleSeconds?: number;
  startSeconds?: number;
}

/** `value` meets `processSchema`. Relative paths are relative to `folder`, and so is the process by default. */
export function processSpec(value: unknown, folder: string): ProcessSource {
  const { command, cwd, env, processes, memoryMb, idleSeconds, startSeconds } = value as Declared;
  const argv = command.map((arg, index) =>
    /^\.{1,2}\//.test(arg) || (index === 0 && arg.includes("/")) ? resolve(folder, arg) : arg,
  );
  return {
    kind: "process",
    argv,
    cwd: cwd === undefined ? folder : isAbsolute(cwd) ? cwd : resolve(folder, cwd),
    ...(env !== undefined && { env }),
    ...(processes !== undefined && { processes }),
    ...(memoryMb !== undefined && { memoryBytes: memoryMb * 1024 ** 2 }),
    ...(idleSeconds !== undefined && { idleMs: idleSeconds * 1_000 }),
    ...(startSeconds !== undefined && { startMs: startSeconds * 1_000 }),
  };
}

/** A Python file, run by the interpreter of the `.venv` beside it, else by the system's. */
export function pythonSource(path: string): ProcessSource {
  const cwd = dirname(path);
  const own = join(cwd, ".venv", "bin", "python");
  const python = existsSync(own) ? own : process.platform === "win32" ? "python" : "python3";
  // By its path and not as a module: that would look for Python's own modules beside the skill's file first, where there may be
  // a `types.py`.
  return { kind: "process", argv: [python, join(pythonHelperDir, "errand_skill.py"), path], cwd };
}

/** The definitions that a process says hello with, unchecked. It is started for this alone, and ended. Throws `InvalidConfig`. */
export async function askProcess(source: ProcessSource, spec: string): Promise<unknown[]> {
  try {
    const connection = await connectProcess(source, {
      clock: systemClock,
      signal: new AbortController().signal,
      onMessage: () => {},
    });
    await connection.end(1_000);
    return connection.hello.skills;
  } catch (cause) {
    const { message, hint } = toErrandError(cause);
    throw wrongFile(spec, message, hint ?? "Run it by itself to see all that it says.", cause);
  }
}
