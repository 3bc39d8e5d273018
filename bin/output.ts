/**
 * What goes to standard output and standard error. With `-o json` one document (or one line for each event) goes to standard
 * output; everything for people goes to standard error. Text from peers never reaches a terminal unfiltered.
 */
import { styleText } from "node:util";
import type { ErrandError } from "../src/core/errors.ts";

type Style = Parameters<typeof styleText>[0];

/** One JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** One line of JSON, for commands that go on. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for people, on standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printError(error: ErrandError): void {
  note(`${paintError("error:", "red")} ${clean(error.message)} [${error.code}]`);
  if (error.hint !== undefined) note(`${paintError("hint:", "cyan")} ${clean(error.hint)}`);
}

/** Coloured on a terminal and without NO_COLOR only; never part of what a program reads. */
export function paint(text: string, style: Style): string {
  return styleText(style, text, { stream: process.stdout });
}

function paintError(text: string, style: Style): string {
  return styleText(style, text, { stream: process.stderr });
}

/** On one line and without control characters: they could move the cursor or rename the terminal. */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ");
}

/** As `clean`, but lines and tabs stay. */
export function cleanLines(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Aligned columns under a heading; the last column is not padded. No rows: `empty` on standard error. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): void {
  if (rows.length === 0) {
    note(empty);
    return;
  }
  const cells = rows.map((row) => row.map(clean));
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...cells.map((row) => (row[i] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  print(paint(line(headings), "bold"));
  for (const row of cells) print(line(row));
}

/** `name   value` lines. Empty values are left out. */
export function printFields(fields: readonly (readonly [string, string])[]): void {
  const shown = fields.filter(([, value]) => value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) print(`${paint(name.padEnd(width), "bold")}  ${clean(value)}`);
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 2 * 86_400_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

export function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  for (; count >= 1_024 && power < units.length - 1; power++) count /= 1_024;
  return `${power === 0 ? count : count.toFixed(1)} ${units[power]}`;
}

/** The end of a PeerId: the beginning is the same for all. Peers are found by it. */
export function shortPeer(peer: string): string {
  return peer === "" ? "" : `…${peer.slice(-8)}`;
}
