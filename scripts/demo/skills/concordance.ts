/**
 * A skill of the demo's own: `text.concordance` lists the words of a text with the lines they stand on. It reads at a fixed
 * pace, like a skill that waits for a slow service, so that work is under way when the demo kills a worker.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Skill } from "../../../src/skills/skill.ts";

interface Input {
  text: string;
  /** How long the whole reading takes. */
  seconds?: number;
}

export interface Entry {
  word: string;
  count: number;
  lines: number[];
}

const steps = 10;

const skill: Skill<Input, { entries: Entry[] }> = {
  definition: {
    id: "text.concordance",
    version: "1.0.0",
    description: "Every word of four letters or more with the lines it stands on, read at a fixed pace.",
    tags: ["text", "demo"],
    input: {
      type: "object",
      properties: {
        text: { type: "string", maxLength: 1_000_000 },
        seconds: { type: "number", minimum: 0, maximum: 60, default: 1 },
      },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        entries: {
          type: "array",
          items: {
            type: "object",
            properties: {
              word: { type: "string" },
              count: { type: "integer", minimum: 1 },
              lines: { type: "array", items: { type: "integer", minimum: 1 } },
            },
            required: ["word", "count", "lines"],
            additionalProperties: false,
          },
        },
      },
      required: ["entries"],
      additionalProperties: false,
    },
    examples: [{ text: "Call me Ishmael.", seconds: 0 }],
    inputModes: ["text/plain"],
    deterministic: true,
    idempotent: true,
  },

  async run({ text, seconds = 1 }, { signal, progress }) {
    const lines = text.split(/\r?\n/);
    const found = new Map<string, Entry>();
    for (let step = 0; step < steps; step++) {
      const [from, to] = [step, step + 1].map((part) => Math.floor((part * lines.length) / steps));
      for (let at = from ?? 0; at < (to ?? 0); at++) addLine(found, lines[at] ?? "", at + 1);
      progress((step + 1) / steps, `line ${to} of ${lines.length}`);
      await delay((seconds * 1_000) / steps, undefined, { signal });
    }
    return { entries: [...found.values()].toSorted((a, b) => (a.word < b.word ? -1 : 1)) };
  },
};

export default skill;

function addLine(found: Map<string, Entry>, line: string, number: number): void {
  for (const [match] of line.matchAll(/\p{L}{4,}/gu)) {
    const word = match.toLowerCase();
    const entry = found.get(word) ?? { word, count: 0, lines: [] };
    entry.count++;
    if (entry.lines.at(-1) !== number) entry.lines.push(number);
    found.set(word, entry);
  }
}
