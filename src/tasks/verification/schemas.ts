/**
 * Compiled JSON Schemas of submissions, by their text: a thousand tasks of one batch bring a thousand objects that say the
 * same, and compiling one costs more than a small task.
 */
import type { ValidateFunction } from "ajv/dist/2020.js";
import { compileSchema as compile, problemWith } from "../../skills/schema.ts";

type Schema = Record<string, unknown> | boolean;

const kept = new Map<string, Schema>();
const keptAtMost = 64;

function shared(schema: Schema): Schema {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (kept.size >= keptAtMost) kept.delete(kept.keys().next().value as string);
  kept.set(text, schema);
  return schema;
}

/** Throws when it is no schema. */
export function compileSchema(schema: Schema): ValidateFunction | boolean {
  return compile(shared(schema), "verify.schema");
}

/** What is wrong with `output`, in a sentence; undefined when nothing is. */
export function schemaProblem(schema: Schema, output: unknown): string | undefined {
  return problemWith(shared(schema), output, "output");
}
