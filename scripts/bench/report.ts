/** Figures for people. */
import type { Promised, Table } from "./suites/suite.ts";

/** Three significant digits, thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  return [title, "", line(head), ...rows.map(line), ""].join("\n");
}

export function promiseText({ text, kept }: Promised): string {
  return `${kept ? "kept  " : "BROKEN"}  ${text}`;
}
