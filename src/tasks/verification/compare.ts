/**
 * Whether two outputs say the same. Pure. Skills that are deterministic to the bit need `exact`; those that compute with
 * floating-point numbers, return sets, or write texts differ legitimately between machines and need to say how much.
 */
import type { Comparator } from "./policy.ts";

/** Comparators that need nobody else. */
export type PureComparator = Exclude<Comparator, { kind: "skill" }>;

// Deeper JSON is written by nobody but those who want the stack to overflow.
const deepest = 128;

/** `a` and `b` are parsed JSON. */
export function equalOutputs(a: unknown, b: unknown, by: PureComparator): boolean {
  switch (by.kind) {
    case "exact":
      return alike(a, b, identical, 0);
    case "number": {
      const { abs = 0, rel = 0 } = by;
      return alike(a, b, (x, y) => close(x, y, abs, rel), 0);
    }
    case "set": {
      const [x, y] = [canonical(a, 0), canonical(b, 0)];
      return x !== undefined && x === y;
    }
    case "text":
      return similarity(textOf(a), textOf(b)) >= by.atLeast;
  }
}

function identical(a: number, b: number): boolean {
  return a === b;
}

/** Within `abs`, or within the share `rel` of the larger of both. */
function close(a: number, b: number, abs: number, rel: number): boolean {
  if (a === b) return true;
  return Math.abs(a - b) <= Math.max(abs, rel * Math.max(Math.abs(a), Math.abs(b)));
}

function alike(a: unknown, b: unknown, numbers: (a: number, b: number) => boolean, depth: number): boolean {
  if (typeof a === "number" && typeof b === "number") return numbers(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (depth > deepest || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(y, key) && alike(x[key], y[key], numbers, depth + 1));
}

/** One text for all ways to write the same JSON, lists in any order; undefined for JSON that is too deep. */
function canonical(value: unknown, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth > deepest) return undefined;
  const parts = Array.isArray(value)
    ? value.map((inner) => canonical(inner, depth + 1))
    : Object.entries(value).map(([key, inner]) => {
        const text = canonical(inner, depth + 1);
        return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
      });
  if (parts.includes(undefined)) return undefined;
  const [open, end] = Array.isArray(value) ? "[]" : "{}";
  return `${open}${parts.toSorted(byText).join(",")}${end}`;
}

/** All texts of an output, in order. */
function textOf(value: unknown): string {
  const texts: string[] = [];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "string") texts.push(next);
    else if (typeof next === "number" || typeof next === "boolean") texts.push(String(next));
    else if (typeof next === "object" && next !== null) {
      const inner = Object.values(next) as unknown[];
      for (let i = inner.length - 1; i >= 0; i--) waiting.push(inner[i]);
    }
  }
  return texts.join(" ").toLowerCase().replaceAll(/\s+/g, " ").trim();
}

/** Dice's coefficient (1945) over trigrams, counted as often as they occur: 1 for equal texts, 0 for nothing in common. */
export function similarity(a: string, b: string): number {
  if (a === b) return 1;
  const [inA, inB] = [trigrams(a), trigrams(b)];
  const total = inA.count + inB.count;
  if (total === 0) return 0;
  let shared = 0;
  for (const [gram, count] of inA.grams) shared += Math.min(count, inB.grams.get(gram) ?? 0);
  return (2 * shared) / total;
}

function trigrams(text: string): { grams: Map<string, number>; count: number } {
  const grams = new Map<string, number>();
  const padded = `  ${text} `;
  const count = text === "" ? 0 : padded.length - 2;
  for (let i = 0; i < count; i++) {
    const gram = padded.slice(i, i + 3);
    grams.set(gram, (grams.get(gram) ?? 0) + 1);
  }
  return { grams, count };
}

/** By code units: `localeCompare` would call texts equal that are not. */
function byText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
