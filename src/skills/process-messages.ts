/**
 * What a node and a long-lived skill process say to each other: one JSON object for each line. The words of the protocol
 * are explained in src/worker/SKILL-PROCESS.md; here is their shape, and what of a process's line is believed.
 */
import type { ErrorCode } from "../core/errors.ts";

export const processProtocol = 1;

export type ToProcess =
  | {
      type: "run";
      id: string;
      skill: string;
      /** One of both: the value itself, or the path of a file that holds it as JSON. */
      input?: unknown;
      inputFile?: string;
      /** Milliseconds since the Unix epoch. */
      deadline: number;
      /** This run's own folder. Not there yet: whoever needs it makes it. The node removes it. */
      scratchDir: string;
      /** Largest output, bytes. */
      outputBytes: number;
    }
  | { type: "cancel"; id: string; reason: string };

export interface ProcessHello {
  type: "hello";
  protocol: number;
  /** Runs that the process takes at once. */
  concurrency: number;
  /** As sent: the loader checks each. */
  skills: unknown[];
}

export interface ProcessResult {
  type: "result";
  id: string;
  /** One of the three: the value; the path of a file with the value as JSON; a file that is itself the output. */
  output?: unknown;
  outputFile?: string;
  file?: { path: string; type: string };
  usage?: { cpuMs?: number; peakMemoryBytes?: number };
}

export interface ProcessError {
  type: "error";
  id: string;
  code: Extract<ErrorCode, "SkillFailed" | "InvalidInput" | "LimitExceeded">;
  message: string;
  retryable?: boolean;
}

export type FromProcess =
  | ProcessHello
  | ProcessResult
  | ProcessError
  | { type: "progress"; id: string; fraction: unknown; message: unknown }
  /** Without an id it is of the process as a whole. */
  | { type: "log"; id?: string; message: string };

const mostConcurrent = 256;
const mostSkills = 256;

/** One line as a message; undefined for a type of a later version. Throws an `Error` that says what is wrong with it. */
export function readMessage(line: string): FromProcess | undefined {
  const message = parse(line);
  const id = message["id"];
  const type = message["type"];
  if (type === "hello") return readHello(message);
  if (type === "log") {
    const text = message["message"];
    if (typeof text !== "string") throw new Error("a log without a message");
    return typeof id === "string" ? { type, id, message: text } : { type, message: text };
  }
  if (type !== "progress" && type !== "result" && type !== "error") return undefined;
  if (typeof id !== "string") throw new Error(`a message of type ${type} without an id`);
  if (type === "progress") {
    return { type, id, fraction: message["fraction"], message: message["message"] ?? "" };
  }
  return type === "result" ? readResult(id, message) : readError(id, message);
}

function parse(line: string): Record<string, unknown> {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new Error(`a line that is no JSON: ${line.slice(0, 120)}`);
  }
  if (typeof message !== "object" || message === null || Array.isArray(message))
    throw new Error("a line that is no JSON object");
  return message as Record<string, unknown>;
}

function readHello({ protocol, concurrency = 1, skills }: Record<string, unknown>): ProcessHello {
  if (protocol !== processProtocol)
    throw new Error(`a hello of protocol ${String(protocol)}; this node speaks ${processProtocol}`);
  if (!Array.isArray(skills) || skills.length === 0 || skills.length > mostSkills)
    throw new Error(`a hello without a list of 1 to ${mostSkills} skills`);
  const atOnce = Number(concurrency);
  if (!Number.isInteger(atOnce) || atOnce < 1 || atOnce > mostConcurrent)
    throw new Error(`a hello whose concurrency is not a whole number from 1 to ${mostConcurrent}`);
  return { type: "hello", protocol, concurrency: atOnce, skills: skills as unknown[] };
}

function readResult(id: string, message: Record<string, unknown>): ProcessResult {
  const { output, outputFile, file } = message;
  const result: ProcessResult = { type: "result", id };
  const usage = readUsage(message["usage"]);
  if (usage !== undefined) result.usage = usage;
  if (file !== undefined) {
    const { path, type } = (file ?? {}) as { path?: unknown; type?: unknown };
    if (typeof path !== "string" || typeof type !== "string" || !/^[\w.+-]+\/[\w.+-]+$/.test(type))
      throw new Error("a result whose file has no path and media type");
    result.file = { path, type };
  } else if (outputFile === undefined) {
    result.output = output ?? null;
  } else {
    if (typeof outputFile !== "string") throw new Error("a result whose outputFile is no path");
    result.outputFile = outputFile;
  }
  return result;
}

function readUsage(value: unknown): ProcessResult["usage"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { cpuMs, peakMemoryBytes } = value as Record<string, unknown>;
  const usage: NonNullable<ProcessResult["usage"]> = {};
  if (isAmount(cpuMs)) usage.cpuMs = cpuMs;
  if (isAmount(peakMemoryBytes)) usage.peakMemoryBytes = peakMemoryBytes;
  return usage;
}

const isAmount = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

function readError(id: string, { code, message, retryable }: Record<string, unknown>): ProcessError {
  const error: ProcessError = {
    type: "error",
    id,
    code: code === "InvalidInput" || code === "LimitExceeded" ? code : "SkillFailed",
    message: typeof message === "string" && message !== "" ? message : "the skill failed without a message",
  };
  if (typeof retryable === "boolean") error.retryable = retryable;
  return error;
}
