/** The input of a verifier skill: `{"$ref": "input.path"}` and `{"$ref": "output.path"}` stand for values of the task. Pure. */
import { ErrandError } from "../../core/errors.ts";

const deepest = 64;

/** Throws `InvalidInput` when it refers to what is not there. */
export function fillTemplate(template: unknown, task: { input: unknown; output: unknown }): unknown {
  return template === undefined ? { ...task } : fill(template, task, 0);
}

function fill(value: unknown, task: Record<"input" | "output", unknown>, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest)
    throw new ErrandError("InvalidInput", `verify.custom.input is nested deeper than ${deepest}`);
  if (Array.isArray(value)) return value.map((inner) => fill(inner, task, depth + 1));
  const entries = Object.entries(value);
  const [key, text] = entries[0] ?? [];
  if (entries.length === 1 && key === "$ref" && typeof text === "string") return lookUp(text, task);
  return Object.fromEntries(entries.map(([name, inner]) => [name, fill(inner, task, depth + 1)]));
}

function lookUp(reference: string, task: Record<"input" | "output", unknown>): unknown {
  const [root = "", ...path] = reference.split(".");
  if (root !== "input" && root !== "output")
    throw new ErrandError(
      "InvalidInput",
      `verify.custom.input: "${reference.slice(0, 64)}" is no reference`,
      {
        hint: "Write input, output, or a path in them such as output.items.0.",
      },
    );
  let value = task[root];
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key))
      throw new ErrandError("InvalidInput", `verify.custom.input: there is no ${reference.slice(0, 64)}`);
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
