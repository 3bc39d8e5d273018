/**
 * What the answers must be, found out in the plainest way and without the code of the skills: a check that shares the
 * code of what it checks would share its mistakes.
 */
import { createHash } from "node:crypto";

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Letters and digits, joined by an apostrophe, a dot or (between digits) a comma. */
const word =
  /[\p{L}\p{N}]+(?:(?:['’.](?=\p{L})(?<=\p{L}['’.])|[.,'](?=\p{N})(?<=\p{N}[.,']))[\p{L}\p{N}]+)*/gu;

export function words(text: string): string[] {
  return Array.from(text.matchAll(word), ([match]) => match);
}

export function textCounts(text: string): Record<string, number> {
  const all = words(text);
  return {
    characters: Array.from(text).length,
    charactersWithoutSpaces: Array.from(text.replace(/\s/gu, "")).length,
    words: all.length,
    uniqueWords: new Set(all.map((each) => each.toLowerCase())).size,
    paragraphs: text.split(/\n\s*\n/).filter((block) => block.trim() !== "").length,
    readingTimeSeconds: Math.round((all.length / 238) * 60 * 100) / 100,
  };
}

/** Cosine of the word frequencies. */
export function cosineOf(a: string, b: string): number {
  const [one, other] = [frequencies(a), frequencies(b)];
  let dot = 0;
  for (const [each, times] of one) dot += times * (other.get(each) ?? 0);
  return dot / Math.sqrt(squares(one) * squares(other));
}

/** Share of the passages of three words that both have, of those that either has. */
export function jaccardOf(a: string, b: string): number {
  const [one, other] = [passages(a), passages(b)];
  const shared = [...one].filter((each) => other.has(each)).length;
  return shared / new Set([...one, ...other]).size;
}

function frequencies(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of words(text.toLowerCase())) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

function squares(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, times) => sum + times * times, 0);
}

function passages(text: string): Set<string> {
  const all = words(text.toLowerCase());
  return new Set(all.slice(2).map((each, i) => `${all[i]} ${all[i + 1]} ${each}`));
}

/** How often each word of four letters or more occurs, and on which lines. */
export function concordanceOf(text: string): Map<string, { count: number; lines: number[] }> {
  const found = new Map<string, { count: number; lines: number[] }>();
  text.split("\n").forEach((line, index) => {
    for (const part of line.toLowerCase().split(/[^\p{L}]+/u)) {
      if (Array.from(part).length < 4) continue;
      const { count, lines } = found.get(part) ?? { count: 0, lines: [] };
      found.set(part, { count: count + 1, lines: lines.includes(index + 1) ? lines : [...lines, index + 1] });
    }
  });
  return found;
}

/** For each vector the order of all by distance or similarity; of equals, the lower index first. */
export function neighborsOf(
  vectors: readonly number[][],
  metric: "cosine" | "euclidean" | "dot",
  k: number,
): number[][] {
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const cost = {
    cosine: (a: number[], b: number[]) => -dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
    euclidean: (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - (b[i] ?? 0))),
    dot: (a: number[], b: number[]) => -dot(a, b),
  }[metric];
  return vectors.map((query) =>
    vectors
      .map((vector, index) => ({ index, far: Math.round(cost(vector, query) * 1e9) }))
      .toSorted((a, b) => a.far - b.far || a.index - b.index)
      .slice(0, k)
      .map(({ index }) => index),
  );
}
