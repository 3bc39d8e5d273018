/** Policies and the rules that look at one answer: what is accepted, what is refused, and why. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../../src/core/signatures.ts";
import { equalOutputs, similarity } from "../../../../src/tasks/verification/compare.ts";
import { checkPolicy, type VerifyPolicy } from "../../../../src/tasks/verification/policy.ts";
import { applyRules, valuesAt } from "../../../../src/tasks/verification/rules.ts";
import { fillTemplate } from "../../../../src/tasks/verification/template.ts";

function ruled(policy: VerifyPolicy, output: unknown): string {
  const hash = sha256(Buffer.from(JSON.stringify(output)));
  const last = applyRules(checkPolicy(policy), hash, { value: output }).at(-1);
  return last === undefined ? "no rule" : last.ok === true ? "ok" : `${last.rule}: ${last.reason}`;
}

const hashOf = (output: unknown): string =>
  Buffer.from(sha256(Buffer.from(JSON.stringify(output)))).toString("hex");

describe("a policy", () => {
  it.each([
    [{ nonsense: 1 }, "verify.nonsense is no rule"],
    [{ hash: "abc" }, "verify.hash"],
    [{ auto: "yes" }, "verify.auto"],
    [{ replicas: { n: 1 } }, "verify.replicas.n"],
    [{ replicas: { n: 4, quorum: 2 } }, "more than half"],
    [{ replicas: { n: 3, quorum: 4 } }, "more than half"],
    [{ range: [] }, "verify.range"],
    [{ range: [{ pointer: "a", min: 0 }] }, "JSON pointer"],
    [{ range: [{ pointer: "/a" }] }, "min, max or both"],
    [{ range: [{ pointer: "/a", min: 2, max: 1 }] }, "min not above max"],
    [{ schema: { type: "nonsense" } }, "verify.schema"],
    [{ spotCheck: 2 }, "verify.spotCheck"],
    [{ compare: { kind: "close" } }, "verify.compare.kind"],
    [{ compare: { kind: "text" } }, "atLeast"],
    [{ compare: { kind: "skill", skill: "No Skill" } }, "skill id"],
    [{ custom: { skill: "No Skill" } }, "skill id"],
    [{ equals: "x".repeat(70_000) }, "bytes"],
    [[], "must be an object"],
  ])("%j is refused", (policy, message) => {
    expect(() => checkPolicy(policy as VerifyPolicy)).toThrow(message);
  });

  it("is a copy that nobody else holds", () => {
    const given: VerifyPolicy = { replicas: { n: 3 }, range: [{ pointer: "/a/*/b", min: 0 }] };
    const kept = checkPolicy(given);
    (given.replicas as { n: number }).n = 9;
    expect(kept).toEqual({ replicas: { n: 3 }, range: [{ pointer: "/a/*/b", min: 0 }] });
  });
});

describe("rules", () => {
  const output = { score: 0.5, items: [{ n: 1 }, { n: 2 }], "a/b": { "~": 3 } };
  it.each<[VerifyPolicy, string]>([
    [{}, "no rule"],
    [{ hash: hashOf(output) }, "ok"],
    [{ hash: "0".repeat(64) }, "hash: its output has another hash"],
    [{ equals: { items: [{ n: 1 }, { n: 2 }], score: 0.5, "a/b": { "~": 3 } } }, "ok"],
    [{ equals: { score: 0.5 } }, "equals: its output is not the known answer"],
    [{ equals: { ...output, score: 0.5000001 }, compare: { kind: "number", rel: 1e-3 } }, "ok"],
    [{ schema: { type: "object", required: ["score"] } }, "ok"],
    [{ schema: { type: "array" } }, "schema: output must be array"],
    [{ schema: false }, "schema: output is never valid"],
    [{ range: [{ pointer: "/score", min: 0, max: 1 }] }, "ok"],
    [{ range: [{ pointer: "/items/*/n", max: 1 }] }, "range: /items/*/n is 2, more than 1"],
    [{ range: [{ pointer: "/items/1/n", min: 3 }] }, "range: /items/1/n is 2, less than 3"],
    [{ range: [{ pointer: "/a~1b/~0", min: 3 }] }, "ok"],
    [{ range: [{ pointer: "/items", min: 0 }] }, "range: /items is not a number"],
    [{ range: [{ pointer: "/none", min: 0 }] }, "range: its output has nothing at /none"],
    [{ range: [{ pointer: "/__proto__", min: 0 }] }, "range: its output has nothing at /__proto__"],
  ])("%j", (policy, expected) => {
    expect(ruled(policy, output)).toBe(expected);
  });

  it("do not pass for an output that cannot be looked into, but for its hash", () => {
    const [hash, schema] = applyRules({ hash: hashOf(1), schema: true }, sha256(Buffer.from("1")), undefined);
    expect(hash).toMatchObject({ rule: "hash", ok: true });
    expect(schema).toMatchObject({ rule: "schema", ok: false });
  });

  it("name every element of a list by *", () => {
    expect(valuesAt({ a: [[1, 2], [3]] }, "/a/*/*")).toEqual([1, 2, 3]);
    expect(valuesAt({ a: [] }, "/a/*")).toEqual([]);
    expect(valuesAt([1], "")).toEqual([[1]]);
  });
});

describe("comparators", () => {
  it("exact: however the JSON is written", () => {
    expect(equalOutputs({ a: 1, b: [2, null] }, { b: [2, null], a: 1 }, { kind: "exact" })).toBe(true);
    expect(equalOutputs({ a: 1 }, { a: 1, b: undefined }, { kind: "exact" })).toBe(false);
    expect(equalOutputs([1, 2], [2, 1], { kind: "exact" })).toBe(false);
    expect(equalOutputs([], {}, { kind: "exact" })).toBe(false);
    expect(equalOutputs(JSON.parse('{"__proto__": 1}'), {}, { kind: "exact" })).toBe(false);
  });

  it("number: within the tolerance, and the rest exactly", () => {
    const near = { kind: "number", abs: 1e-9, rel: 1e-6 } as const;
    expect(equalOutputs({ v: [1e6, 0.1 + 0.2, "x"] }, { v: [1e6 + 0.5, 0.3, "x"] }, near)).toBe(true);
    expect(equalOutputs({ v: [1e6] }, { v: [1e6 + 5] }, near)).toBe(false);
    expect(equalOutputs({ v: ["1"] }, { v: [1] }, near)).toBe(false);
    expect(equalOutputs([0], [1e-10], near)).toBe(true);
  });

  it("set: in any order, as often as they occur", () => {
    const set = { kind: "set" } as const;
    expect(equalOutputs({ tags: ["b", "a", { x: [2, 1] }] }, { tags: [{ x: [1, 2] }, "a", "b"] }, set)).toBe(
      true,
    );
    expect(equalOutputs([1, 1, 2], [1, 2, 2], set)).toBe(false);
    expect(equalOutputs(["a,b"], ["a", "b"], set)).toBe(false);
  });

  it("text: as much in common as was asked for", () => {
    const text = { kind: "text", atLeast: 0.8 } as const;
    const said = { summary: "The quick brown fox jumps over the lazy dog." };
    expect(equalOutputs(said, { summary: "the quick  brown fox jumped over the lazy dog" }, text)).toBe(true);
    expect(equalOutputs(said, { summary: "Buy cheap watches at our shop, today only!" }, text)).toBe(false);
    expect(equalOutputs({}, { summary: "a" }, text)).toBe(false);
  });

  it("hold for equal values and are symmetric, whatever the JSON", () => {
    const kinds = [
      { kind: "exact" },
      { kind: "number", rel: 0.01 },
      { kind: "set" },
      { kind: "text", atLeast: 0.7 },
    ] as const;
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom(...kinds), (a, b, by) => {
        expect(equalOutputs(a, structuredClone(a), by)).toBe(true);
        expect(equalOutputs(a, b, by)).toBe(equalOutputs(b, a, by));
      }),
    );
  });

  it("do not overflow the stack on what is nested too deep", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
    const other = JSON.parse(`${"[".repeat(50_000)}1${"]".repeat(50_000)}`) as unknown;
    for (const kind of ["exact", "set"] as const) expect(equalOutputs(deep, other, { kind })).toBe(false);
    expect(equalOutputs(deep, other, { kind: "text", atLeast: 0.5 })).toBe(false);
  });

  it("similarity is from 0 to 1", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const found = similarity(a, b);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("the input of a verifier skill", () => {
  const task = { input: { text: "a" }, output: { items: [{ n: 1 }] } };
  it("is the task's input and output, or what the template makes of them", () => {
    expect(fillTemplate(undefined, task)).toEqual(task);
    expect(
      fillTemplate({ given: { $ref: "input.text" }, all: [{ $ref: "output.items.0.n" }, 2] }, task),
    ).toEqual({
      given: "a",
      all: [1, 2],
    });
  });

  it("cannot name what is not there", () => {
    expect(() => fillTemplate({ $ref: "output.none" }, task)).toThrow("no output.none");
    expect(() => fillTemplate({ $ref: "process.env" }, task)).toThrow("no reference");
    expect(() => fillTemplate({ $ref: "input.constructor" }, task)).toThrow("no input.constructor");
  });
});
