/**
 * Requests as templates: `{ $ref: input.city }` is that field of the input, `"in ${input.city}"` a text with it. And JSON
 * pointers (RFC 6901) into what comes back. Pure.
 */
import { ErrandError } from "../core/errors.ts";

const inText = /\$\{input((?:\.[A-Za-z0-9_-]+)*)\}/g;
const reference = /^input((?:\.[A-Za-z0-9_-]+)*)$/;
const deepest = 32;

/** The template with the input's fields in it. A `$ref` to a field that is not there leaves its key out. */
export function fillValue(template: unknown, input: unknown, depth = 0): unknown {
  if (depth > deepest) throw new ErrandError("InvalidConfig", "a template is nested too deeply");
  if (typeof template === "string") return fillText(template, input, String);
  if (Array.isArray(template)) {
    return template.map((item) => fillValue(item, input, depth + 1)).filter((item) => item !== undefined);
  }
  if (typeof template !== "object" || template === null) return template;
  const { $ref } = template as { $ref?: unknown };
  if (typeof $ref === "string" && Object.keys(template).length === 1) {
    const path = reference.exec($ref)?.[1];
    if (path === undefined)
      throw new ErrandError("InvalidConfig", `$ref "${$ref}" is not input or input.FIELD`);
    return fieldOf(input, path);
  }
  const filled = Object.entries(template).map(
    ([key, value]) => [key, fillValue(value, input, depth + 1)] as const,
  );
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

/** Throws `InvalidInput` for a field that the text needs and the input has not. */
export function fillText(
  template: string,
  input: unknown,
  write: (value: string | number | boolean) => string,
): string {
  return template.replace(inText, (_, path: string) => {
    const value = fieldOf(input, path);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return write(value);
    throw new ErrandError("InvalidInput", `input${path} must be a text, a number or a boolean`);
  });
}

/**
 * A URL with fields of the input in its path or query, each percent-encoded. Throws `InvalidInput` when one of them would
 * lead out of the path as the operator wrote it.
 */
export function fillUrl(template: string, input: unknown): URL {
  const text = fillText(template, input, (value) => encodeURIComponent(value));
  const path = text.replace(/[?#].*$/s, "");
  const dots = path.split(/[/\\]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
  const before = template.replace(/[?#].*$/s, "");
  if (dots && path !== before) throw new ErrandError("InvalidInput", "a path must not hold . or ..");
  return new URL(text);
}

function fieldOf(input: unknown, path: string): unknown {
  let at = input;
  for (const key of path.split(".").slice(1)) at = ownField(at, key);
  return at;
}

function ownField(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** What a JSON pointer points to; undefined when it points to nothing. */
export function pointTo(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointer.split("/").slice(1)) {
    at = ownField(at, part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return at;
}
