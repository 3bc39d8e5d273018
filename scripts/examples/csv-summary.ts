/**
 * An example of a skill of one's own: `csv.summary` says what is in a table. Start a node with it by
 * `errand up --skill scripts/examples/csv-summary.ts`, then `errand run csv.summary @measurements.csv`.
 *
 * The types are optional: a plain object of this shape is a skill.
 */
import type { Skill } from "../../src/skills/skill.ts";

interface Input {
  text: string;
  delimiter?: string;
}

interface Column {
  name: string;
  type: "number" | "text" | "empty";
  filled: number;
  distinct: number;
  min?: number;
  max?: number;
  mean?: number;
}

const skill: Skill<Input, { rows: number; columns: Column[] }> = {
  definition: {
    id: "csv.summary",
    version: "1.0.0",
    description:
      "Rows and columns of a CSV text (RFC 4180, with a header): each column's type, range, mean and gaps.",
    tags: ["csv", "statistics"],
    input: {
      type: "object",
      properties: {
        text: { type: "string", maxLength: 16_000_000 },
        delimiter: { enum: [",", ";", "\t"], default: "," },
      },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        rows: { type: "integer", minimum: 0 },
        columns: {
          type: "array",
          items: {
            type: "object",
            properties: {
              name: { type: "string" },
              type: { enum: ["number", "text", "empty"] },
              filled: { type: "integer", minimum: 0 },
              distinct: { type: "integer", minimum: 0 },
              min: { type: "number" },
              max: { type: "number" },
              mean: { type: "number" },
            },
            required: ["name", "type", "filled", "distinct"],
            additionalProperties: false,
          },
        },
      },
      required: ["rows", "columns"],
      additionalProperties: false,
    },
    examples: [{ text: "city,people\nBonn,331885\nUlm,126949\n" }],
    // With this, `errand run csv.summary @table.csv` sends the file as it is; it arrives as { text }.
    inputModes: ["text/plain"],
    deterministic: true,
    idempotent: true,
  },

  run({ text, delimiter = "," }, context) {
    const [header = [], ...rows] = parseCsv(text.replace(/^\uFEFF/, ""), delimiter);
    const columns = header.map((name, index) => {
      // A long table takes a while: say how far it is, and stop when nobody waits any more.
      context.signal.throwIfAborted();
      context.progress(index / header.length, `column ${name}`);
      return summarize(
        name,
        rows.map((row) => row[index] ?? ""),
      );
    });
    return { rows: rows.length, columns };
  },
};

export default skill;

function summarize(name: string, cells: readonly string[]): Column {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  const column = { name, filled: filled.length, distinct: new Set(filled).size };
  if (filled.length === 0) return { ...column, type: "empty" };
  const numbers = filled.map(Number);
  if (numbers.some((number) => !Number.isFinite(number))) return { ...column, type: "text" };
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const number of numbers) {
    min = Math.min(min, number);
    max = Math.max(max, number);
    sum += number;
  }
  return { ...column, type: "number", min, max, mean: sum / numbers.length };
}

/** RFC 4180: fields may be quoted, and then hold delimiters, line ends and doubled quotes. Empty lines are no rows. */
function parseCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endRow = (): void => {
    row.push(field);
    field = "";
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[++i] as string;
      else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === delimiter) {
      row.push(field);
      field = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r" || text[i + 1] !== "\n") field += character;
  }
  if (field !== "" || row.length > 0) endRow();
  return rows;
}
