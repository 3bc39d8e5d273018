/** The text of the README and of those beside the code in pieces, for the tests that hold them to the code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const readme = page("README.md");
export const commandLine = page("bin/README.md");
/** Where users are told what to type. */
export const pages = [
  "README.md",
  "bin/README.md",
  "src/api/README.md",
  "src/node/README.md",
  "src/routing/README.md",
  "src/skills/README.md",
  "src/tasks/graph/README.md",
  "src/tasks/hooks/README.md",
  "src/tasks/verification/README.md",
  "src/worker/README.md",
  "scripts/bench/README.md",
  "scripts/examples/README.md",
];

export function page(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The text below a heading, up to the next of its level. */
export function section(title: string, text = readme): string {
  const parts = text.split(/^## /m).filter((part) => part.startsWith(`${title}\n`));
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
