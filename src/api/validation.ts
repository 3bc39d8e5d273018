/**
 * Checks every input against its route's schema. Bodies are taken as they are (nothing coerced, nothing dropped: a
 * misspelt field must not vanish); paths and queries are text and are coerced.
 */
import type { FastifyInstance, FastifySchemaCompiler } from "fastify";
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { ErrandError } from "../core/errors.ts";
import { nearestName } from "../core/spelling.ts";

const body = new Ajv2020({ strict: false, allErrors: false, verbose: true });
const text = new Ajv2020({
  strict: false,
  allErrors: false,
  verbose: true,
  coerceTypes: "array",
  useDefaults: true,
});

/** Compiled when it is first needed: all schemas would be a sixth of a node's start, and few of its routes are ever called. */
function compiledLater(ajv: Ajv2020, schema: AnySchemaObject): () => ValidateFunction {
  let check: ValidateFunction | undefined;
  return () => (check ??= ajv.compile(schema));
}

export function useValidation(app: FastifyInstance): void {
  const compile: FastifySchemaCompiler<AnySchemaObject> = ({ schema, httpPart }) => {
    const compiled = compiledLater(httpPart === "body" ? body : text, schema);
    return (data: unknown) => {
      const check = compiled();
      return check(data) ? { value: data } : { error: invalid(check, httpPart) };
    };
  };
  app.setValidatorCompiler(compile);
  // Response schemas are there for the OpenAPI document; what is sent is what the node gave.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

/** For bodies whose parts are judged one by one: the error of a value, or undefined. */
export function bodyChecker(schema: AnySchemaObject): (value: unknown) => ErrandError | undefined {
  const compiled = compiledLater(body, schema);
  return (value) => {
    const check = compiled();
    return check(value) ? undefined : invalid(check, "body");
  };
}

function invalid(check: ValidateFunction, part: string | undefined): ErrandError {
  const error = check.errors?.[0] as ErrorObject;
  const where = error.instancePath.split("/").slice(1).join(".");
  const subject = where === "" ? `the request's ${part ?? "body"}` : where;
  const details = { path: where, part: part ?? "body" };
  if (error.keyword === "additionalProperties") {
    const unknown = error.params["additionalProperty"] as string;
    const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
    const near = nearestName(unknown, known);
    return new ErrandError("InvalidInput", `${subject} has no field "${unknown.slice(0, 64)}"`, {
      hint: near === undefined ? `The fields are: ${known.join(", ")}.` : `Did you mean "${near}"?`,
      details,
    });
  }
  const form = error.parentSchema?.["description"] as string | undefined;
  if (part === "params" && error.keyword === "pattern" && form !== undefined) {
    return new ErrandError("InvalidInput", `"${String(error.data).slice(0, 80)}" is no valid ${where}`, {
      hint: `It must be ${form.charAt(0).toLowerCase()}${form.slice(1)}: hexadecimal digits and dashes, at least four.`,
      details,
    });
  }
  const rule =
    error.keyword === "enum"
      ? `must be one of ${(error.params["allowedValues"] as unknown[]).join(", ")}`
      : (error.message ?? "is not valid");
  return new ErrandError("InvalidInput", `${subject} ${rule}`, {
    hint: "GET /v1/openapi.json describes every request.",
    details,
  });
}
