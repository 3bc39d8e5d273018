/**
 * What comes out of a skill's code: its value checked and turned into bytes, its file checked to be inside the run's own
 * folder, its errors turned into the node's. Shared by every executor, in the node's thread and in worker threads.
 */
import { mkdirSync } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { jsonType } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import { limits, safeMessage } from "../core/limits.ts";
import { problemWith } from "../skills/schema.ts";
import type { FileOutput, SkillContext, SkillDefinition } from "../skills/skill.ts";
import type { ExecutionOutput } from "./executor.ts";

/** The output's bytes. Throws `SkillFailed` (breaks the schema, is no JSON) or `LimitExceeded`. */
export function encodeOutput(definition: SkillDefinition, value: unknown, outputBytes: number): Buffer {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "null";
  } catch (cause) {
    throw new ErrandError("SkillFailed", `the output of ${definition.id} cannot be written as JSON`, {
      cause,
    });
  }
  const problem = problemWith(definition.output, value === undefined ? null : value, "output");
  if (problem !== undefined)
    throw new ErrandError("SkillFailed", `${definition.id} returned a wrong result: ${problem}`);
  const bytes = Buffer.from(text);
  const bound = Math.min(outputBytes, limits.jsonBodyBytes);
  if (bytes.length > bound) throw tooLarge(bytes.length, bound);
  return bytes;
}

/** What a command wrote, parsed. Throws `SkillFailed`. */
export function parseOutput(definition: SkillDefinition, bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ErrandError("SkillFailed", `${definition.id} wrote no JSON on its standard output`, {
      hint: "A command writes one JSON document on standard output, and everything else on standard error.",
      cause,
    });
  }
}

export function tooLarge(sizeBytes: number | undefined, bound: number): ErrandError {
  const size = sizeBytes === undefined ? "the output" : `the output of ${sizeBytes} bytes`;
  return new ErrandError("LimitExceeded", `${size} is larger than ${bound} bytes`, {
    hint: "Ask for less, or write it to a file if the skill can.",
  });
}

/** Files that the code has made its output. Only what `file()` itself made counts: an echo of `{"$file": …}` does not. */
export interface FileOutputs {
  file(path: string, type: string): FileOutput;
  /** The file that `value` stands for, checked, or undefined when it is a plain value. */
  take(value: unknown, outputBytes: number): Promise<ExecutionOutput> | undefined;
}

function createFileOutputs(scratchDir: string): FileOutputs {
  const made = new WeakSet();
  return {
    file(path, type) {
      const output: FileOutput = { $file: isAbsolute(path) ? path : join(scratchDir, path), type };
      made.add(output);
      return output;
    },
    take(value, outputBytes) {
      if (typeof value !== "object" || value === null || !made.has(value)) return undefined;
      const { $file: path, type } = value as FileOutput;
      return checkFile({ path, type }, scratchDir, outputBytes);
    },
  };
}

/** A file that code has named as its output. Throws `SkillFailed` unless it is a regular file inside `scratchDir`, `LimitExceeded`. */
export async function checkFile(
  { path, type }: { path: string; type: string },
  scratchDir: string,
  outputBytes: number,
): Promise<Extract<ExecutionOutput, { file: string }>> {
  const wrong = (why: string): ErrandError => new ErrandError("SkillFailed", `the output file ${why}`);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) throw wrong("does not exist");
  if (!found.isFile()) throw wrong("is not a regular file");
  // The folder above may be reached through a link (the temporary folder often is): compare what both really are.
  const real = await realpath(path);
  const inside = relative(await realpath(resolve(scratchDir)), real);
  if (inside.startsWith("..") || isAbsolute(inside)) throw wrong("is outside the scratch folder");
  if (found.size > outputBytes) throw tooLarge(found.size, outputBytes);
  return { file: real, type };
}

const ownCodes = new Set(["InvalidInput", "SkillFailed", "LimitExceeded"]);

/** Whatever a skill's code threw, as an error about the skill: code cannot claim that a queue is full or a peer gone. */
export function skillError(error: unknown): ErrandError {
  const { code, retryable } = (typeof error === "object" && error !== null ? error : {}) as {
    code?: unknown;
    retryable?: unknown;
  };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ErrandError && ownCodes.has(error.code)) return error;
  return new ErrandError(
    code === "InvalidInput" || code === "LimitExceeded" ? code : "SkillFailed",
    safeMessage(message === "" ? "the skill failed without a message" : message),
    // What failed once may work the next time, unless the code says otherwise.
    { retryable: retryable !== false && code !== "InvalidInput" && code !== "LimitExceeded", cause: error },
  );
}

/** What a skill's code is handed. The folder is made when it first asks for it. */
export function createSkillContext(parts: {
  signal: AbortSignal;
  deadline: number;
  scratchDir: () => string;
  progress: (fraction: number, message: string) => void;
  log: (message: string) => void;
}): { context: SkillContext; outputs: () => FileOutputs | undefined } {
  const context = new RunContext(parts);
  return { context, outputs: () => context.outputs };
}

type RunParts = Parameters<typeof createSkillContext>[0];

/**
 * A class for the sake of its getter: an object literal with one gets a hidden class of its own each time, which lives until a
 * full collection and keeps alive whatever the getter sees. Its functions are its own properties, because code takes them apart.
 */
class RunContext implements SkillContext {
  readonly signal: AbortSignal;
  readonly deadline: number;
  readonly #parts: RunParts;
  #folder: string | undefined;
  #outputs: FileOutputs | undefined;

  constructor(parts: RunParts) {
    this.signal = parts.signal;
    this.deadline = parts.deadline;
    this.#parts = parts;
  }
  readonly progress = (fraction: number, message = ""): void => this.#parts.progress(fraction, message);
  readonly log = (message: string): void => this.#parts.log(message);
  readonly file = (path: string, type: string): FileOutput =>
    (this.#outputs ??= createFileOutputs(this.scratchDir)).file(path, type);

  get scratchDir(): string {
    if (this.#folder === undefined) {
      this.#folder = this.#parts.scratchDir();
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    }
    return this.#folder;
  }
  get outputs(): FileOutputs | undefined {
    return this.#outputs;
  }
}

/** A run's value as its output: the file that it stands for, or its JSON. */
export function toOutput(
  definition: SkillDefinition,
  value: unknown,
  outputs: FileOutputs | undefined,
  outputBytes: number,
): ExecutionOutput | Promise<ExecutionOutput> {
  return (
    outputs?.take(value, outputBytes) ?? {
      bytes: encodeOutput(definition, value, outputBytes),
      type: jsonType,
    }
  );
}
