/**
 * `npm run bench`: measures what the project promises, side by side with what it is compared to, and exits with 1 when a
 * promise is not kept.
 *
 *     node scripts/bench/main.ts [--quick] [--only SUITE]… [--out FILE]
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { promiseText, tableText } from "./report.ts";
import { suites, type SuiteResult } from "./suites/suite.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    out: { type: "string" },
  },
});
const out = values.out ?? fileURLToPath(new URL("../../bench-results.json", import.meta.url));
const chosen = suites.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`--only takes ${suites.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
// An exit by signal would leave children behind; an exit by choice runs the handlers that end them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

const started = performance.now();
const say = (line: string): void => {
  const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(3);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

const results: Record<string, SuiteResult> = {};
for (const suite of chosen) {
  const result = await suite.run({ quick: values.quick, say });
  results[suite.name] = result;
  for (const table of result.tables) process.stdout.write(`\n${tableText(table)}`);
}
const promises = Object.values(results).flatMap((result) => result.promises);
process.stdout.write(`\n${promises.map((promise) => `${promiseText(promise)}\n`).join("")}`);

const report = {
  at: new Date().toISOString(),
  quick: values.quick,
  machine: { node: process.version, cores: availableParallelism(), cpu: cpus()[0]?.model ?? "" },
  promises,
  suites: Object.fromEntries(Object.entries(results).map(([name, { figures }]) => [name, figures])),
};
await writeFile(out, `${JSON.stringify(report, undefined, 2)}\n`);
say(`written to ${out}`);
process.exit(promises.every(({ kept }) => kept) ? 0 : 1);
