/**
 * JSON Schema (draft 2020-12) of inputs and outputs: compiled once per schema, with problems told as one sentence that
 * names the place (`input.text must be string`). Schemas come from the operator or from this node's own code, never
 * unseen from a peer: compiling makes code.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { ErrandError } from "../core/errors.ts";
import { safeMessage } from "../core/limits.ts";
import type { JsonSchema } from "./skill.ts";

// `strict: false`: an operator's schema may carry annotations of other tools. The first problem is enough, and stopping
// there bounds the work that a hostile input causes. Formats are annotations in 2020-12.
const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false, addUsedSchema: false });

const compiled = new WeakMap<object, ValidateFunction>();

/** The check of one schema. Throws `InvalidConfig`, naming `where`, when the schema itself is wrong. */
export function compileSchema(schema: JsonSchema, where: string): ValidateFunction | boolean {
  if (typeof schema === "boolean") return schema;
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  try {
    const validate = ajv.compile(schema);
    // Ajv would keep every schema for ever; the WeakMap keeps it as long as its skill.
    ajv.removeSchema(schema);
    compiled.set(schema, validate);
    return validate;
  } catch (cause) {
    throw new ErrandError(
      "InvalidConfig",
      `${where}: ${cause instanceof Error ? cause.message : "not a schema"}`,
      {
        hint: "Schemas are JSON Schema, draft 2020-12; every $ref must lie inside the schema itself.",
        cause,
      },
    );
  }
}

/** What is wrong with `value`, which the sentence calls `name` ("input", "output"), or undefined when nothing is. */
export function problemWith(schema: JsonSchema, value: unknown, name: string): string | undefined {
  const validate = compileSchema(schema, `${name} schema`);
  if (validate === true) return undefined;
  if (validate === false) return `${name} is never valid`;
  if (validate(value)) return undefined;
  const error = validate.errors?.[0];
  return error === undefined ? `${name} is not valid` : sentence(error, name);
}

/** Throws `InvalidInput` with the first problem. */
export function checkInput(schema: JsonSchema, value: unknown): void {
  const problem = problemWith(schema, value, "input");
  if (problem === undefined) return;
  throw new ErrandError("InvalidInput", problem, {
    hint: "`errand skill get` prints the skill's input schema and examples.",
  });
}

function sentence(error: ErrorObject, name: string): string {
  const place = name + pathText(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "required":
      return safeMessage(`${place} must have the property "${String(params["missingProperty"])}"`);
    case "additionalProperties":
      return safeMessage(`${place} must not have the property "${String(params["additionalProperty"])}"`);
    case "enum":
      return safeMessage(`${place} must be one of ${JSON.stringify(params["allowedValues"])}`);
    case "const":
      return safeMessage(`${place} must be ${JSON.stringify(params["allowedValue"])}`);
    default:
      return safeMessage(`${place} ${error.message ?? "is not valid"}`);
  }
}

/** `/items/0/a b` as `.items[0]["a b"]`. */
function pathText(pointer: string): string {
  if (pointer === "") return "";
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((key) =>
      /^\d+$/.test(key)
        ? `[${key}]`
        : /^[A-Za-z_$][\w$]*$/.test(key)
          ? `.${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join("");
}
