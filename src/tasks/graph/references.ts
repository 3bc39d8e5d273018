/**
 * References in a node's input: `{"$ref": "NODE.output.path"}` stands for a value, `"… ${NODE.output.path} …"` puts one into
 * a text. `$${` and `"$$ref"` mean themselves. Pure: what a reference names is looked up by its caller.
 */
import { ErrandError } from "../../core/errors.ts";

export interface Reference {
  /** As written. */
  text: string;
  /** A node's id, or `item` or `index` in a fan-out. */
  root: string;
  part: "output" | "status" | "error";
  path: readonly string[];
}

/** What a node was, for those who refer to it. `output` is undefined where there is none. */
export interface Source {
  status: string;
  output: unknown;
  error: { reason: string } | null;
}

// Deeper inputs are not written by people, and every walk here is recursive.
const deepest = 64;
const parts = ["output", "status", "error"] as const;
const template = /\$\$\{|\$\{([^}]*)\}/g;

/** Throws `InvalidInput`. */
export function parseReference(text: string): Reference {
  const [root = "", part, ...path] = text.trim().split(".");
  if (root === "item") return { text, root, part: "output", path: part === undefined ? [] : [part, ...path] };
  if (root === "index" && part === undefined) return { text, root, part: "output", path };
  const known = parts.find((one) => one === part);
  if (root === "" || known === undefined || (known === "status" && path.length > 0)) {
    throw new ErrandError("InvalidInput", `"${text.slice(0, 128)}" is not a reference`, {
      hint: "Write NODE.output, NODE.output.path.to.value, NODE.status, or item and index in a forEach.",
    });
  }
  return { text, root, part: known, path };
}

/** Every reference in `value`. Throws `InvalidInput`. */
export function referencesIn(value: unknown, depth = 0): Reference[] {
  if (typeof value === "string") {
    return [...value.matchAll(template)].flatMap(([, text]) =>
      text === undefined ? [] : [parseReference(text)],
    );
  }
  if (typeof value !== "object" || value === null) return [];
  if (depth > deepest) throw new ErrandError("InvalidInput", `an input is nested deeper than ${deepest}`);
  const whole = wholeReference(value);
  if (whole !== undefined) return [whole];
  return Object.values(value).flatMap((inner) => referencesIn(inner, depth + 1));
}

/** `value` with every reference replaced. `lookUp` gives what one names and may throw. */
export function resolveReferences(value: unknown, lookUp: (reference: Reference) => unknown): unknown {
  if (typeof value === "string") {
    return value.replace(template, (_all, text: string | undefined) =>
      text === undefined ? "${" : asText(lookUp(parseReference(text))),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  const whole = wholeReference(value);
  if (whole !== undefined) return lookUp(whole);
  if (Array.isArray(value)) return value.map((inner) => resolveReferences(inner, lookUp));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key === "$$ref" ? "$ref" : key,
      resolveReferences(inner, lookUp),
    ]),
  );
}

function wholeReference(value: object): Reference | undefined {
  if (Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const [key, text] = entries[0] ?? [];
  return entries.length === 1 && key === "$ref" && typeof text === "string"
    ? parseReference(text)
    : undefined;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What `reference` names in `source`. A node without an output reads as null, since a rule let its dependent run all the
 * same; a path that an output does not have is `InvalidInput`.
 */
export function valueAt(reference: Reference, source: Source): unknown {
  const { part, path, text } = reference;
  if (part === "status") return source.status;
  let value = part === "error" ? source.error : source.output;
  if (value === undefined || (part === "error" && value === null)) return null;
  for (const key of path) {
    const inner: unknown =
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
    if (inner === undefined) {
      throw new ErrandError("InvalidInput", `${text}: there is no "${key.slice(0, 64)}"`, {
        hint: `It is ${describe(value)}.`,
      });
    }
    value = inner;
  }
  return value;
}

/** For messages: what a value is, without showing all of it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object") return typeof value === "string" ? "a text" : `a ${typeof value}`;
  return `an object with ${Object.keys(value).slice(0, 8).join(", ") || "no keys"}`;
}
