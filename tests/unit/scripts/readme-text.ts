/** The README's text in pieces, for the tests that hold it to the code. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const readme = await readFile(join(root, "README.md"), "utf8");

/** The text below a heading, up to the next of its level. */
export function section(title: string): string {
  const parts = readme.split(/^## /m).filter((part) => part.startsWith(`${title}\n`));
  expect(parts, `sections called "${title}"`).toHaveLength(1);
  return parts[0] ?? "";
}

export function blocks(text: string, language: string): string[] {
  return Array.from(text.matchAll(/^```(\w+)\n([^]*?)^```$/gm))
    .filter(([, name]) => name === language)
    .map(([, , code]) => code ?? "");
}

/** First cells of a table's rows that are one code span. */
export function codeCells(text: string): string[] {
  return Array.from(text.matchAll(/^\| `([^`]+)` \|/gm), ([, cell]) => cell ?? "");
}
