import { describe, expect, test } from "vitest";
import { checkInput, compileSchema, problemWith } from "../../../src/skills/schema.ts";

const schema = {
  type: "object",
  properties: {
    text: { type: "string", minLength: 1 },
    items: { type: "array", items: { type: "object", properties: { "a b": { enum: [1, 2] } } } },
  },
  required: ["text"],
  additionalProperties: false,
};

describe("problems with a value", () => {
  test.each([
    [{ text: "x" }, undefined],
    [{ text: 1 }, "input.text must be string"],
    [{}, 'input must have the property "text"'],
    ["x", "input must be object"],
    [{ text: "x", more: 1 }, 'input must not have the property "more"'],
    [{ text: "" }, "input.text must NOT have fewer than 1 characters"],
    [{ text: "x", items: [{}, { "a b": 3 }] }, 'input.items[1]["a b"] must be one of [1,2]'],
  ])("%j: %s", (value, problem) => expect(problemWith(schema, value, "input")).toBe(problem));

  test("a hostile property name cannot fill or garble the message", () => {
    const problem = problemWith(schema, { text: "x", [`\u001b[31m${"y".repeat(5_000)}`]: 1 }, "input") ?? "";
    expect(Buffer.byteLength(problem)).toBeLessThanOrEqual(512);
    expect(problem).not.toContain("\u001b");
  });

  test("true allows everything and false nothing", () => {
    expect(problemWith(true, null, "output")).toBeUndefined();
    expect(problemWith(false, null, "output")).toBe("output is never valid");
  });

  test("checkInput throws InvalidInput with a hint", () => {
    expect(() => checkInput(schema, {})).toThrow(
      expect.objectContaining({ code: "InvalidInput", hint: expect.any(String) }),
    );
  });
});

describe("schemas that are wrong", () => {
  test.each([[{ type: "strnig" }], [{ $ref: "https://example.com/x.json" }], [{ pattern: "(" }]])(
    "%j",
    (bad) => {
      expect(() => compileSchema(bad, "x.ts: definition.input")).toThrow(
        expect.objectContaining({
          code: "InvalidConfig",
          message: expect.stringContaining("x.ts: definition.input"),
        }),
      );
    },
  );

  test("two skills may use the same $id", () => {
    const one = { $id: "https://example.com/input", type: "string" };
    const two = { $id: "https://example.com/input", type: "number" };
    expect(problemWith(one, "x", "input")).toBeUndefined();
    expect(problemWith(two, "x", "input")).toBe("input must be number");
  });
});
