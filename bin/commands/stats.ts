/** `errand stats`: what became of the node's tasks, in numbers. */
import { Option, type Command } from "commander";
import type { DurationsView, NodeStats, RuleStats, TallyView } from "../../src/node/node.ts";
import { withNode } from "../cli.ts";
import { duration, note, print, printFields, printJson, printTable, shortPeer } from "../output.ts";

const windows = { hour: "the last hour", day: "the last day", all: "all tasks that are kept" };

export function register(program: Command): void {
  program
    .command("stats")
    .description("counts, rates and durations of this node's tasks: overall, by skill and by peer")
    .addOption(new Option("--window <window>", "of what time").choices(Object.keys(windows)).default("all"))
    .addOption(new Option("--skill <skill>", "of this skill alone").conflicts("peer"))
    .option("--peer <peer>", "of what this worker did; may be shortened")
    .action((query: { window: string; skill?: string; peer?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const stats = await client.call<NodeStats>("GET", "/v1/stats", {
          query: { window: query.window, skill: query.skill, peer: query.peer },
        });
        if (json) printJson(stats);
        else show(stats, query.skill === undefined && query.peer === undefined);
      }),
    );
}

function show(stats: NodeStats, whole: boolean): void {
  if (!stats.complete) note("The node is still counting the tasks it keeps.");
  const only = stats.skills[0] ?? stats.peers[0];
  showTally(whole || only === undefined ? stats.tasks : only, windows[stats.window]);
  if (!whole) return;
  const { worker, live } = stats;
  printFields([
    ["peers online", String(stats.onlinePeers)],
    ["tasks now", counts(live.byState) || "none under way"],
    ...Object.entries(live.byBand).map(([band, states]): [string, string] => [`  ${band}`, counts(states)]),
    ["as a worker", `${worker.served} served, ${worker.refused} refused, ${worker.duplicates} duplicates`],
  ]);
  if (stats.skills.length > 0) {
    print("");
    printTable(
      ["SKILL", ...columns],
      stats.skills.map((one) => [one.skill, ...cells(one)]),
      "",
    );
  }
  if (stats.peers.length > 0) {
    print("");
    printTable(
      ["PEER", ...columns],
      stats.peers.map((one) => [shortPeer(one.peer), ...cells(one)]),
      "",
    );
  }
  showRules(stats.verification);
}

function showRules(rules: readonly RuleStats[]): void {
  if (rules.length === 0) return;
  print("");
  printTable(
    ["RULE", "CHECKED", "PASSED", "FAILED", "UNDECIDED", "SUCCESS"],
    rules.map(({ rule, checked, passed, failed, undecided, successRate }) => [
      rule,
      ...[checked, passed, failed, undecided].map(String),
      percent(successRate),
    ]),
    "",
  );
}

function showTally(tally: TallyView, window: string): void {
  const { completed, cached } = tally;
  printFields([
    ["window", window],
    ["submitted", String(tally.submitted)],
    ["completed", `${completed}${cached === 0 ? "" : `, ${cached} of them from the cache`}`],
    ["failed", String(tally.failed)],
    ["timed out", String(tally.timeout)],
    ["cancelled", String(tally.cancelled)],
    ["rejected", tally.rejected === 0 ? "" : String(tally.rejected)],
    ["success", percent(tally.successRate)],
    ["failure", percent(tally.failureRate)],
    ["execution", durations(tally.execution)],
    ["total", durations(tally.total)],
  ]);
}

const columns = [
  "SUBMITTED",
  "COMPLETED",
  "FAILED",
  "TIMEOUT",
  "CANCELLED",
  "SUCCESS",
  "RUN P50",
  "P95",
  "P99",
  "TOTAL P95",
];

function cells(tally: TallyView): string[] {
  const ms = (value: number | undefined): string => (value === undefined ? "" : shortDuration(value));
  const { execution, total } = tally;
  return [
    ...[tally.submitted, tally.completed, tally.failed, tally.timeout, tally.cancelled].map(String),
    percent(tally.successRate),
    ...[execution?.p50Ms, execution?.p95Ms, execution?.p99Ms, total?.p95Ms].map(ms),
  ];
}

function durations(view: DurationsView | null): string {
  if (view === null) return "";
  const parts: [string, number][] = [
    ["average", view.averageMs],
    ["min", view.minMs],
    ["p50", view.p50Ms],
    ["p95", view.p95Ms],
    ["p99", view.p99Ms],
    ["max", view.maxMs],
  ];
  return parts.map(([name, ms]) => `${name} ${shortDuration(ms)}`).join(", ");
}

// Quick skills take less than a millisecond.
function shortDuration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : duration(ms);
}

function percent(rate: number | null): string {
  return rate === null ? "" : `${(rate * 100).toFixed(1)} %`;
}

function counts(record: Record<string, number | undefined>): string {
  return Object.entries(record)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(", ");
}
