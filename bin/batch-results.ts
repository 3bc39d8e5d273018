/**
 * The result file of a batch: a line of JSON for each input that has ended, written as it ends. It is also what a later run goes
 * on from; a line that a crash cut off is taken away.
 */
import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { ErrandError, type ErrorJson } from "../src/core/errors.ts";

export interface BatchLine {
  /** In the input file, from 1. */
  line: number;
  /** As the input says. */
  id?: string;
  /** Of the task; absent when none was made. */
  task?: string;
  /** `completed`, `failed`, `timeout`, `cancelled`; `rejected` when no task was made. */
  status: string;
  output?: unknown;
  outputRef?: { type: string; sizeBytes: number; hash: string };
  error?: ErrorJson;
  durationMs?: number;
}

export interface BatchResults {
  /** The last line of each input that ended in an earlier run, by its id or line number. */
  readonly before: ReadonlyMap<string, { status: string; times: number }>;
  /** One idempotency key for one input of this file, however often the command is interrupted; another after a failure. */
  keyFor(input: string, text: string): string;
  add(line: BatchLine): void;
  close(): void;
}

export function nameOfLine({ id, line }: Pick<BatchLine, "id" | "line">): string {
  return id === undefined ? `#${line}` : id;
}

/** Opens or makes it. Throws `InvalidInput` when it is something else. */
export async function openResults(path: string): Promise<BatchResults> {
  let file: number;
  try {
    file = openSync(path, "a+", 0o600);
  } catch (cause) {
    throw new ErrandError("InvalidInput", `cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
  const before = new Map<string, { status: string; times: number }>();
  try {
    ftruncateSync(file, await readBack(path, before));
  } catch (error) {
    closeSync(file);
    throw error;
  }
  // The file itself tells this batch from another of the same inputs: a copy or a new file begins anew.
  const { dev, ino, birthtimeMs } = fstatSync(file);
  return {
    before,
    keyFor(input, text) {
      const times = before.get(input)?.times ?? 0;
      const hash = createHash("sha256").update(JSON.stringify([dev, ino, birthtimeMs, input, times, text]));
      return `batch:${hash.digest("hex")}`;
    },
    add: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    close: () => closeSync(file),
  };
}

/** Notes what is there; gives the length of all whole lines. */
async function readBack(
  path: string,
  before: Map<string, { status: string; times: number }>,
): Promise<number> {
  let length = 0;
  let lines = 0;
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" }) as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) {
      length += Buffer.byteLength(text) + 1;
      lines++;
      if (text.trim() === "") continue;
      const found = parseLine(text, path, lines);
      const name = nameOfLine(found);
      before.set(name, { status: found.status, times: (before.get(name)?.times ?? 0) + 1 });
    }
  }
  return length;
}

function parseLine(text: string, path: string, at: number): BatchLine {
  try {
    const value = JSON.parse(text) as Partial<BatchLine>;
    if (typeof value.line === "number" && typeof value.status === "string") return value as BatchLine;
  } catch {
    // Said below.
  }
  throw new ErrandError("InvalidInput", `line ${at} of ${path} is no result of a batch`, {
    hint: "--out names the file for the results: a new one, or one of an earlier run to go on with.",
  });
}

/** The lines of a file of inputs that are not empty, with their numbers. */
export async function* inputLines(path: string): AsyncGenerator<{ line: number; text: string }> {
  const source = path === "-" ? process.stdin : createReadStream(path);
  let line = 0;
  try {
    for await (const text of createInterface({ input: source, crlfDelay: Infinity })) {
      line++;
      if (text.trim() !== "") yield { line, text };
    }
  } catch (cause) {
    throw new ErrandError("InvalidInput", `cannot read the file ${path}`, { cause });
  }
}
