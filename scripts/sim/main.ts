/**
 * `npm run sim`: runs the router's own code against liars, rivals and slow machines, and exits with 1 when it does not show what it
 * must. The same seed gives the same figures.
 *
 *     node scripts/sim/main.ts [--quick] [--only GROUP]… [--seed N] [--peers N] [--out FILE] [--svg DIR]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { charts } from "./charts.ts";
import { groupNames, plan, type GroupName } from "./plan.ts";
import { simulateAll } from "./pool.ts";
import { reportOf } from "./report-json.ts";
import { tableText, tables, targetText } from "./report.ts";
import { judge } from "./targets.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "1" },
    peers: { type: "string" },
    out: { type: "string" },
    svg: { type: "string" },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    fail(`--${name} takes a whole number from ${least} to ${most}`);
  return value;
}

const isGroup = (name: string): name is GroupName => (groupNames as readonly string[]).includes(name);
const only = values.only.filter(isGroup);
if (only.length < values.only.length) fail(`--only takes ${groupNames.join(", ")}`);
const seed = integer("seed", values.seed, 0, 2 ** 31);
const peers = values.peers === undefined ? undefined : integer("peers", values.peers, 20, 5_000);

const started = performance.now();
const options = { seed, quick: values.quick, peers, only };
const runs = plan(options);
const showProgress = process.stderr.isTTY;
const finished = await simulateAll(runs, (count) => {
  if (showProgress) process.stderr.write(`\r${count} of ${runs.length} runs`);
});
if (showProgress) process.stderr.write("\r\u001b[K");

for (const table of tables(finished)) process.stdout.write(`\n${tableText(table)}`);
const targets = judge(finished);
process.stdout.write(`\n${targets.map((target) => `${targetText(target)}\n`).join("")}`);
process.stdout.write(`\n${runs.length} runs in ${((performance.now() - started) / 1_000).toFixed(0)} s\n`);

if (values.out !== undefined)
  await writeFile(values.out, `${JSON.stringify(reportOf(options, finished), undefined, 2)}\n`);
if (values.svg !== undefined) {
  await mkdir(values.svg, { recursive: true });
  for (const [name, svg] of charts(finished)) await writeFile(join(values.svg, name), svg);
}
process.exit(targets.every(({ kept }) => kept) ? 0 : 1);
