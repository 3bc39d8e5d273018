/**
 * The tests of a skill, the same for every language: a YAML file beside it with inputs, and what is to come of them. Examples
 * of the definition are tests too: they must run.
 */
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { ErrandError, isErrorCode, toErrandError, type ErrorCode } from "../core/errors.ts";
import { checkInput } from "../skills/schema.ts";
import type { SkillDefinition } from "../skills/skill.ts";
import type { Trial, TrialInput } from "./trial.ts";

export interface TestCase {
  name: string;
  skill: string;
  input: TrialInput;
  timeoutMs: number;
  expected:
    | { kind: "runs" }
    /** Equal in every part, or in those that are named. */
    | { kind: "output" | "like"; value: unknown }
    | { kind: "file"; type: string }
    | { kind: "error"; code: ErrorCode };
}

export interface CaseResult {
  name: string;
  skill: string;
  ok: boolean;
  /** What was wrong; "" when nothing was. */
  problem: string;
  wallMs: number;
}

const defaultTimeoutMs = 60_000;

const schema = {
  type: "array",
  minItems: 1,
  items: {
    type: "object",
    additionalProperties: false,
    properties: {
      name: { type: "string" },
      skill: { type: "string" },
      input: true,
      text: { type: "string" },
      file: { type: "string" },
      type: { type: "string" },
      output: true,
      like: true,
      outputType: { type: "string" },
      error: { type: "string" },
      timeoutSeconds: { type: "number", exclusiveMinimum: 0 },
    },
  },
};

interface Written {
  name?: string;
  skill?: string;
  input?: unknown;
  text?: string;
  file?: string;
  type?: string;
  output?: unknown;
  like?: unknown;
  outputType?: string;
  error?: string;
  timeoutSeconds?: number;
}

/** Where the tests of a skill's file are: `words.test.yaml` beside `words.py`. */
export function testFileOf(file: string): string {
  return `${file.slice(0, file.length - extname(file).length)}.test.yaml`;
}

/** The examples of each skill, then what the test file says, if there is one. Throws `InvalidConfig`. */
export async function casesFor(file: string, skills: readonly SkillDefinition[]): Promise<TestCase[]> {
  const examples = skills.flatMap(({ id, examples = [] }) =>
    examples.map((value, i): TestCase => ({
      name: `example ${i + 1}`,
      skill: id,
      input: { value },
      timeoutMs: defaultTimeoutMs,
      expected: { kind: "runs" },
    })),
  );
  const path = testFileOf(file);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return examples;
  const written = readCases(text, path);
  return [...examples, ...written.map((one, i) => caseOf(one, i, path, skills))];
}

function readCases(text: string, path: string): Written[] {
  try {
    const document: unknown = parse(text, { maxAliasCount: 100 });
    checkInput(schema, document);
    return document as Written[];
  } catch (cause) {
    const { message } = toErrandError(cause);
    throw new ErrandError("InvalidConfig", `${path}: ${message.replace(/^input/, "the list")}`, {
      hint: "A test is {name, input, output}, or `like` for some of the output, or `error` for a code such as InvalidInput.",
      cause,
    });
  }
}

function caseOf(one: Written, i: number, path: string, skills: readonly SkillDefinition[]): TestCase {
  const fail = (problem: string): never => {
    throw new ErrandError("InvalidConfig", `${path}: test ${i + 1} ${problem}`);
  };
  const skill = one.skill ?? (skills.length === 1 ? skills[0]?.id : undefined);
  if (skill === undefined || !skills.some(({ id }) => id === skill))
    return fail(`must name its skill: ${skills.map(({ id }) => id).join(", ")}`);
  const said = (["output", "like", "outputType", "error"] as const).filter((key) => one[key] !== undefined);
  if (said.length > 1) return fail(`says both ${said.join(" and ")}`);
  const input: TrialInput =
    one.file !== undefined
      ? { path: resolve(dirname(path), one.file), type: one.type ?? "application/octet-stream" }
      : one.text !== undefined
        ? { text: one.text, ...(one.type === undefined ? {} : { type: one.type }) }
        : { value: one.input ?? {} };
  return {
    name: one.name ?? `test ${i + 1}`,
    skill,
    input,
    timeoutMs: one.timeoutSeconds === undefined ? defaultTimeoutMs : one.timeoutSeconds * 1_000,
    expected: expectedOf(one, fail),
  };
}

function expectedOf(one: Written, fail: (problem: string) => never): TestCase["expected"] {
  if (one.error !== undefined)
    return isErrorCode(one.error) ? { kind: "error", code: one.error } : fail(`knows no error ${one.error}`);
  if (one.outputType !== undefined) return { kind: "file", type: one.outputType };
  if (one.like !== undefined) return { kind: "like", value: one.like };
  return one.output === undefined ? { kind: "runs" } : { kind: "output", value: one.output };
}

/** Never throws: what goes wrong is the result. */
export async function runCase(trial: Trial, test: TestCase, signal: AbortSignal): Promise<CaseResult> {
  const { name, skill, input, timeoutMs, expected } = test;
  const began = performance.now();
  const done = (problem: string): CaseResult => ({
    name,
    skill,
    ok: problem === "",
    problem,
    wallMs: performance.now() - began,
  });
  try {
    const result = await trial.run(skill, { input, timeoutMs, signal });
    await result.release();
    if (expected.kind === "error") return done(`it worked; ${expected.code} was expected`);
    if (expected.kind === "file")
      return done(
        result.file?.type === expected.type
          ? ""
          : `the output is ${result.file?.type ?? "JSON"}, not ${expected.type}`,
      );
    return done(outputProblem(expected, result.output));
  } catch (error) {
    const { code, message } = toErrandError(error);
    return done(expected.kind === "error" && expected.code === code ? "" : `${code}: ${message}`);
  }
}

function outputProblem(expected: TestCase["expected"], output: unknown): string {
  if (expected.kind !== "output" && expected.kind !== "like") return "";
  const fits =
    expected.kind === "output" ? isDeepStrictEqual(output, expected.value) : isLike(output, expected.value);
  const shown = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 200);
  return fits ? "" : `the output is ${shown(output)}, not ${shown(expected.value)}`;
}

/** Objects have the properties that are named, lists as many items; numbers may differ by rounding. */
function isLike(value: unknown, wanted: unknown): boolean {
  if (typeof wanted === "number" && typeof value === "number")
    return Math.abs(value - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
  if (typeof wanted !== "object" || wanted === null || typeof value !== "object" || value === null)
    return isDeepStrictEqual(value, wanted);
  if (Array.isArray(wanted) !== Array.isArray(value)) return false;
  if (Array.isArray(wanted) && wanted.length !== (value as unknown[]).length) return false;
  return Object.entries(wanted).every(
    ([key, one]) => Object.hasOwn(value, key) && isLike((value as Record<string, unknown>)[key], one),
  );
}
