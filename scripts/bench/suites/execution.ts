/**
 * What running code costs beyond the code itself, one section for each kind of executor. A section is a file of its own
 * beside this and a line in the list.
 */
import { processes } from "./execution-processes.ts";
import { commands, functions, scripts } from "./execution-sandboxes.ts";
import type { Promised, Suite, SuiteOptions } from "./suite.ts";

/** One kind of executor: what was measured, and what of it is promised. */
export interface ExecutionSection {
  rows: { name: string; baseMs: number; medianMs: number; p95Ms: number }[];
  promises: Promised[];
}

export const executionSections: readonly ((options: SuiteOptions) => Promise<ExecutionSection>)[] = [
  functions,
  scripts,
  commands,
  processes,
];

export const execution: Suite = {
  name: "execution",
  async run(options) {
    const rows: ExecutionSection["rows"] = [];
    const promises: Promised[] = [];
    for (const section of executionSections) {
      const measured = await section(options);
      rows.push(...measured.rows);
      promises.push(...measured.promises);
    }
    const ms = (value: number): string => value.toFixed(2);
    return {
      tables: [
        {
          title: "Execution: one run at a time",
          head: ["what", "compared with, ms", "median ms", "p95 ms"],
          rows: rows.map((row) => [row.name, ms(row.baseMs), ms(row.medianMs), ms(row.p95Ms)]),
        },
      ],
      promises,
      figures: rows,
    };
  },
};
