/** The rules that look at one answer and need nobody else: hash, equals, schema, range. Pure. */
import { equalOutputs } from "./compare.ts";
import type { RangeRule, VerifyPolicy } from "./policy.ts";
import { schemaProblem } from "./schemas.ts";

export const RULES = [
  "hash",
  "equals",
  "schema",
  "range",
  "custom",
  "skill",
  "grounded",
  "replicas",
  "canary",
] as const;
/** `custom`: an operator's function; `skill`: a verifier skill; `grounded`: compared with what is known to be right. */
export type Rule = (typeof RULES)[number];

export interface RuleResult {
  rule: Rule;
  /** undefined: the rule could not be applied. */
  ok: boolean | undefined;
  /** Why not; "" when it holds. */
  reason: string;
}

/** `output`: undefined when it is no JSON, or too large to be looked into. Stops at the first that does not hold. */
export function applyRules(
  policy: VerifyPolicy,
  hash: Uint8Array,
  output: { value: unknown } | undefined,
): RuleResult[] {
  const results: RuleResult[] = [];
  for (const rule of rulesOf(policy)) {
    const reason =
      rule === "hash"
        ? hashProblem(policy.hash as string, hash)
        : output === undefined
          ? "its output is not JSON that can be looked into"
          : problemOf(rule, policy, output.value);
    results.push({ rule, ok: reason === undefined, reason: reason ?? "" });
    if (reason !== undefined) break;
  }
  return results;
}

/** Those of the pure rules that the policy names. */
export function rulesOf(policy: VerifyPolicy): ("hash" | "equals" | "schema" | "range")[] {
  return (["hash", "equals", "schema", "range"] as const).filter((rule) => policy[rule] !== undefined);
}

function hashProblem(expected: string, hash: Uint8Array): string | undefined {
  return Buffer.from(hash).toString("hex") === expected ? undefined : "its output has another hash";
}

function problemOf(
  rule: "equals" | "schema" | "range",
  { equals, schema = true, range = [], compare = { kind: "exact" } }: VerifyPolicy,
  output: unknown,
): string | undefined {
  switch (rule) {
    case "equals": {
      // A skill that compares answers compares peers' answers; with a known one it would have nothing to add.
      const by = compare.kind === "skill" ? ({ kind: "exact" } as const) : compare;
      return equalOutputs(equals, output, by) ? undefined : "its output is not the known answer";
    }
    case "schema":
      return schemaProblem(schema, output);
    case "range":
      for (const one of range) {
        const problem = rangeProblem(one, output);
        if (problem !== undefined) return problem;
      }
      return undefined;
  }
}

function rangeProblem(
  { pointer, min = -Infinity, max = Infinity }: RangeRule,
  output: unknown,
): string | undefined {
  const found = valuesAt(output, pointer);
  const where = pointer === "" ? "its output" : pointer;
  if (found === undefined) return `its output has nothing at ${pointer}`;
  for (const value of found) {
    if (typeof value !== "number") return `${where} is not a number`;
    if (value < min) return `${where} is ${value}, less than ${min}`;
    if (value > max) return `${where} is ${value}, more than ${max}`;
  }
  return undefined;
}

/** What a pointer names, `*` standing for every element of a list; undefined when the output lacks some of it. */
export function valuesAt(output: unknown, pointer: string): unknown[] | undefined {
  let values = [output];
  for (const raw of pointer.split("/").slice(1)) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    const next: unknown[] = [];
    for (const value of values) {
      if (typeof value !== "object" || value === null) return undefined;
      if (key === "*" && Array.isArray(value)) for (const inner of value) next.push(inner);
      else if (!Object.hasOwn(value, key)) return undefined;
      else next.push((value as Record<string, unknown>)[key]);
    }
    values = next;
  }
  return values;
}
