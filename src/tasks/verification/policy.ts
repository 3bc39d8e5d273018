/**
 * What a submission says about how its result is to be verified, and the check of that. Rules look at one answer; replicas,
 * spot checks and the adaptive mode ask somebody else the same. All rules that are named must hold.
 */
import { ErrandError } from "../../core/errors.ts";
import { isSkillId } from "../../core/ids.ts";
import { compileSchema } from "./schemas.ts";

/** When two outputs are the same. */
export type Comparator =
  /** The same bytes, or the same JSON however it is written. */
  | { kind: "exact" }
  /** The same JSON, with numbers that differ by at most `abs` or by the share `rel` of the larger. */
  | { kind: "number"; abs?: number; rel?: number }
  /** The same JSON, with lists in any order. */
  | { kind: "set" }
  /** Texts that have so much in common, 0–1: Dice's coefficient over the trigrams of all texts in the output. */
  | { kind: "text"; atLeast: number }
  /** A skill that is given `{a, b}` and returns `{ok}`. */
  | { kind: "skill"; skill: string };

export interface RangeRule {
  /** JSON pointer (RFC 6901); `*` is every element of a list. "" is the whole output. */
  pointer: string;
  min?: number;
  max?: number;
}

/** A function of this node's operator (`verifyResult` of the hooks' module), or a skill that any other peer may run. */
export type CustomRule =
  | { args?: unknown; skill?: undefined }
  /** `input`: with `{"$ref": "input"}` and `{"$ref": "output.path"}`; `{input, output}` when absent. Returns `{ok, reason?}`. */
  | { skill: string; input?: unknown };

export interface VerifyPolicy {
  /** true: as often as trust in the peer leaves doubt; false: not even where it is this node's default. */
  auto?: boolean;
  /** SHA-256 of the output, hexadecimal. */
  hash?: string;
  /** The answer itself, as JSON. */
  equals?: unknown;
  /** JSON Schema, draft 2020-12. */
  schema?: Record<string, unknown> | boolean;
  range?: RangeRule[];
  custom?: CustomRule;
  /** So many peers that do not vouch for one another are asked; `quorum` of them, more than half, must agree. */
  replicas?: { n: number; quorum?: number };
  /** Share of the answers that are compared with somebody else's, 0–1. */
  spotCheck?: number;
  compare?: Comparator;
}

export const COMPARATORS = ["exact", "number", "set", "text", "skill"] as const;
export const mostReplicas = 9;
const mostRanges = 16;
const mostBytes = 64 * 1024;

const fields: readonly (keyof VerifyPolicy)[] = [
  "auto",
  "hash",
  "equals",
  "schema",
  "range",
  "custom",
  "replicas",
  "spotCheck",
  "compare",
];

/** A copy that nobody else holds. Throws `InvalidInput`, naming the field. */
export function checkPolicy(value: VerifyPolicy): VerifyPolicy {
  must(isObject(value), "verify must be an object", 'For example {"replicas": {"n": 3}} or {"auto": true}.');
  for (const key of Object.keys(value))
    must(
      (fields as readonly string[]).includes(key),
      `verify.${key} is no rule`,
      `They are ${fields.join(", ")}.`,
    );
  const text = JSON.stringify(value);
  must(text.length <= mostBytes, `verify has ${text.length} bytes as JSON; at most ${mostBytes} are allowed`);
  const policy = JSON.parse(text) as VerifyPolicy;
  must(policy.auto === undefined || typeof policy.auto === "boolean", "verify.auto must be true or false");
  must(
    policy.hash === undefined || /^[0-9a-f]{64}$/.test(policy.hash),
    "verify.hash must be a SHA-256: 64 lower-case hexadecimal digits",
  );
  if (policy.schema !== undefined) checkSchema(policy.schema);
  if (policy.range !== undefined) checkRanges(policy.range);
  if (policy.custom !== undefined) checkCustom(policy.custom);
  if (policy.replicas !== undefined) checkReplicas(policy.replicas);
  must(
    policy.spotCheck === undefined || isNumber(policy.spotCheck, 0, 1),
    "verify.spotCheck must be a number from 0 to 1",
  );
  if (policy.compare !== undefined) checkComparator(policy.compare);
  return policy;
}

function checkSchema(schema: Record<string, unknown> | boolean): void {
  must(typeof schema === "boolean" || isObject(schema), "verify.schema must be a JSON Schema");
  try {
    compileSchema(schema);
  } catch (cause) {
    throw new ErrandError("InvalidInput", `verify.schema: ${(cause as Error).message}`, { cause });
  }
}

function checkRanges(ranges: RangeRule[]): void {
  must(
    Array.isArray(ranges) && ranges.length > 0 && ranges.length <= mostRanges,
    `verify.range must be a list of 1 to ${mostRanges}`,
  );
  for (const [i, range] of ranges.entries()) {
    const where = `verify.range[${i}]`;
    must(
      isObject(range) && typeof range.pointer === "string" && /^(?:\/[^/]*){0,32}$/.test(range.pointer),
      `${where}.pointer must be a JSON pointer`,
      "Write it like /items/0/score, or /items/*/score for all of a list.",
    );
    const { min = -Infinity, max = Infinity } = range;
    must(
      typeof min === "number" && typeof max === "number" && min <= max && (min > -Infinity || max < Infinity),
      `${where} needs min, max or both, min not above max`,
    );
  }
}

function checkCustom(custom: CustomRule): void {
  must(isObject(custom), "verify.custom must be an object");
  if (custom.skill !== undefined) checkSkill(custom.skill, "verify.custom.skill");
}

function checkReplicas({ n, quorum }: { n: number; quorum?: number }): void {
  must(
    Number.isInteger(n) && n >= 2 && n <= mostReplicas,
    `verify.replicas.n must be a whole number from 2 to ${mostReplicas}`,
  );
  // Half against half is no answer.
  must(
    quorum === undefined || (Number.isInteger(quorum) && quorum > n / 2 && quorum <= n),
    `verify.replicas.quorum must be more than half of n, and at most n`,
  );
}

function checkComparator(compare: Comparator): void {
  must(
    isObject(compare) && (COMPARATORS as readonly string[]).includes(compare.kind),
    `verify.compare.kind must be one of ${COMPARATORS.join(", ")}`,
  );
  if (compare.kind === "number") {
    const { abs = 0, rel = 0 } = compare;
    must(
      isNumber(abs, 0, Number.MAX_VALUE) && isNumber(rel, 0, 1),
      "verify.compare: abs must be a number of at least 0, rel one from 0 to 1",
    );
  }
  if (compare.kind === "text")
    must(isNumber(compare.atLeast, 0, 1), "verify.compare.atLeast must be a number from 0 to 1");
  if (compare.kind === "skill") checkSkill(compare.skill, "verify.compare.skill");
}

function checkSkill(skill: string, where: string): void {
  must(typeof skill === "string" && isSkillId(skill), `${where} is not a skill id`);
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function must(ok: boolean, message: string, hint?: string): asserts ok {
  if (!ok) throw new ErrandError("InvalidInput", message, { hint });
}
