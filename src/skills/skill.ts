/**
 * What a skill is: a definition that travels on the node's card, and the code that runs. An operator's module
 * default-exports the same shape that the built-in skills have.
 */
import { ErrandError } from "../core/errors.ts";
import { isSkillId } from "../core/ids.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { HttpSpec } from "./http-spec.ts";

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Record<string, unknown> | boolean;

export interface SkillDefinition {
  /** Lower-case words joined by dots: `text.stats`. What callers name, and what the DHT key is made of. */
  id: string;
  /** Semantic version. A breaking change of input or output raises the first number. */
  version: string;
  /** For people; default: the id. */
  name?: string;
  description: string;
  tags?: string[];
  /** What `run` takes and returns. */
  input: JsonSchema;
  output: JsonSchema;
  /** Inputs as JSON, one per example. */
  examples?: unknown[];
  /** Media types it takes besides `application/json`: `text/plain` reaches `run` as `{ text }`, any other (or a wildcard) as `{ file }`. */
  inputModes?: string[];
  /** Equal input gives equal output: results can be compared, cached and verified by hash. */
  deterministic?: boolean;
  /** Running it twice does no harm: it may be hedged and rerun freely. */
  idempotent?: boolean;
  /** Always done within about a millisecond and never blocks: runs on the node's own thread. For built-in skills. */
  cheap?: boolean;
  /** In credits for one task; 0 or absent is free. */
  price?: number;
  /** Upper bound of one run, ms; the attempt's own deadline holds too. */
  timeoutMs?: number;
}

/** A file that a skill was given: read it, do not change it. */
export interface FileInput {
  path: string;
  sizeBytes: number;
  /** SHA-256, hexadecimal. */
  hash: string;
  /** Media type as the submitter named it. */
  type: string;
}

/** Returned by `context.file(…)`: the output is the file's bytes instead of JSON. */
export interface FileOutput {
  readonly $file: string;
  readonly type: string;
}

export interface SkillContext {
  /** Aborted on cancel and at the deadline; code that ignores it is ended a second later. */
  signal: AbortSignal;
  /** 0–1. */
  progress: (fraction: number, message?: string) => void;
  /** A line for the operator's log. */
  log: (message: string) => void;
  /** Milliseconds since the Unix epoch. */
  deadline: number;
  /** An empty folder of this run, removed after it. */
  scratchDir: string;
  /** Makes a file in `scratchDir` the output. */
  file: (path: string, type: string) => FileOutput;
}

export interface Skill<Input = never, Output = unknown> {
  definition: SkillDefinition;
  /**
   * Throws to fail. The task is then tried again as its submitter's policy says, unless the skill is deterministic, or the
   * error has `retryable: false`, or its `code` is `InvalidInput` or `LimitExceeded`.
   */
  run(input: Input, context: SkillContext): Output | Promise<Output>;
}

/** What a run in a sandbox may do beyond the defaults, as the operator declares it for a skill of his own. */
export interface SandboxNeeds {
  tier: "T1";
  /** Default: none. */
  network?: boolean;
  /** Absolute host paths that it may read, and write if it says so. */
  mounts?: { path: string; write?: boolean }[];
  memoryMb?: number;
  cpuCores?: number;
  processes?: number;
  scratchMb?: number;
}

/**
 * How a skill's code is reached. `builtin`: name in the registry (src/skills/registry.ts), also importable inside a
 * worker thread; `native`: most of its work is native code, in which no thread can be ended. `module`: absolute path of a .ts or .js file. `command`: argv that speaks JSON on stdin and stdout.
 * `script`: JavaScript or Python in the sandbox, from a file of the operator's (`path`) or out of the input. `wasm`: a WASI
 * command module, likewise. `argv`: a command line out of the input, from the operator's allow-list. `process`: see below.
 * `container`: an image, declared by the operator or out of the input. `http`: an endpoint. `mcp`: a tool of a server that the
 * node talks to. `storage`: the node's own shelf of blobs.
 */
export type SkillSource =
  | { kind: "builtin"; id: string; native?: boolean }
  | { kind: "module"; path: string }
  | {
      kind: "command";
      argv: string[];
      cwd?: string;
      env?: Record<string, string>;
      sandbox?: SandboxNeeds;
    }
  | { kind: "script"; path: string; language: ScriptLanguage; submitted?: undefined }
  | { kind: "script"; submitted: "expression"; language: ScriptLanguage }
  | { kind: "script"; submitted: "program" }
  | { kind: "wasm"; path: string; argv?: string[] }
  | { kind: "wasm"; path?: undefined }
  | { kind: "argv" }
  | ProcessSource
  | { kind: "container"; container: ContainerSpec; submitted?: undefined }
  | { kind: "container"; submitted: true }
  | { kind: "http"; http: HttpSpec }
  | { kind: "mcp"; server: string; tool: string }
  | { kind: "storage"; act: "put" | "get" };

/** `process`: a long-lived process that serves many runs over its standard input and output (src/worker/SKILL-PROCESS.md). */
export interface ProcessSource {
  kind: "process";
  argv: string[];
  /** Absolute. */
  cwd: string;
  env?: Record<string, string>;
  /** Processes at most; default: as many as the worker has slots. */
  processes?: number;
  /** Resident memory of one process, with what it started; beyond it it is ended. */
  memoryBytes?: number;
  /** Ends when it has had nothing to do for so long. */
  idleMs?: number;
  /** From its start to its hello. */
  startMs?: number;
  /** From a run's cancel until the process is ended; default: what the protocol promises. */
  cancelMs?: number;
}

export type ScriptLanguage = "javascript" | "python";

/** A skill that this node offers: checked definition and where its code is. */
export interface OfferedSkill {
  definition: SkillDefinition;
  source: SkillSource;
}

const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:[-+][0-9A-Za-z.+-]+)?$/;

/** Throws `InvalidConfig` with the field and the rule it broke. Schemas are compiled elsewhere. */
export function checkDefinition(value: unknown, where: string): SkillDefinition {
  const fail = (rule: string): never => {
    throw new ErrandError("InvalidConfig", `${where}: ${rule}`, {
      hint: "See src/skills/README.md for the shape of a definition.",
    });
  };
  if (typeof value !== "object" || value === null) return fail("the definition is not an object");
  const d = value as Partial<SkillDefinition>;
  if (typeof d.id !== "string" || !isSkillId(d.id))
    return fail("definition.id must be lower-case words joined by dots, such as text.stats");
  if (typeof d.version !== "string" || !semver.test(d.version))
    return fail("definition.version must be a semantic version, such as 1.0.0");
  if (typeof d.description !== "string" || d.description === "" || d.description.length > 1_000)
    return fail("definition.description must be 1 to 1000 characters");
  for (const key of ["tags", "inputModes"] as const) {
    const list = d[key];
    if (
      list !== undefined &&
      !(
        Array.isArray(list) &&
        list.length <= 16 &&
        list.every((t) => typeof t === "string" && t.length <= 64)
      )
    ) {
      return fail(`definition.${key} must be at most 16 strings of at most 64 characters`);
    }
  }
  for (const key of ["input", "output"] as const) {
    const schema = d[key];
    if (
      typeof schema !== "boolean" &&
      (typeof schema !== "object" || schema === null || Array.isArray(schema))
    )
      return fail(`definition.${key} must be a JSON Schema`);
  }
  for (const key of ["price", "timeoutMs"] as const) {
    const number = d[key];
    if (number !== undefined && !(Number.isFinite(number) && number >= 0))
      return fail(`definition.${key} must be a number of at least 0`);
  }
  return d as SkillDefinition;
}
