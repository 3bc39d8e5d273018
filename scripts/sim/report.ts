/** Figures for people: the tables of a run, and its targets. */
import { percent } from "./measure.ts";
import { groupNames, matrixThreats, type GroupName } from "./plan.ts";
import type { Finished } from "./pool.ts";
import { policyNames, type PolicyName } from "./setting.ts";
import {
  acceptedBadAfterTurn,
  acceptedBadLate,
  badAfterTurn,
  badLate,
  runsPerTask,
  runsPerTaskLate,
  type Target,
} from "./targets.ts";

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

const groupTitles: Record<GroupName, string> = {
  A: "A  independent liars",
  B: "B  ring of praise",
  C50: "C  camouflage, half good",
  C80: "C  camouflage, 80 % good",
  D: "D  spies",
  S: "S  ring, slander and spies",
  W: "W  whitewashing",
  traitors: "Traitors",
  sampled: "Without an oracle",
  sybils: "Sybils",
  newcomers: "Newcomers",
  riders: "Free riders",
  latency: "Latency",
  slow: "A quarter ten times slower",
};

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);
const whole = (n: number): string => n.toFixed(0);
const decimal = (n: number): string => n.toFixed(1);

export function tables(runs: readonly Finished[]): Table[] {
  const group = (...names: GroupName[]): Finished[] => runs.filter((run) => names.includes(run.group));
  const matrix = group(...matrixThreats);
  const labels = labelsOf(matrix).join(" / ");
  return [
    byPolicy(`Wrong answers in the second half, %, with ${labels} malicious peers`, matrix, (policy) =>
      policy === "errand" ? (r) => decimal(badLate(r)) : (r) => whole(badLate(r)),
    ),
    byPolicy("The whole run, %", matrix, () => (r) => whole(percent(r.bad, r.executions))),
    byPolicy(
      "The first twenty tasks of a client, %",
      matrix,
      () => (r) => whole(percent(r.bad, r.executions, 0, 1)),
    ),
    byPolicy(
      "p99 from a task's arrival to its first right answer, s",
      matrix,
      () => (r) => seconds(r.latencyMs.p99),
    ),
    byRun("Traitors: wrong answers, %", group("traitors"), {
      before: (r) => decimal(percent(r.bad, r.executions, 0, Math.floor(r.bad.length / 2))),
      "first 20": (r) => decimal(badAfterTurn(r, 0, 20)),
      "20–40": (r) => decimal(badAfterTurn(r, 20, 40)),
      "40–100": (r) => decimal(badAfterTurn(r, 40, 100)),
      "from 100": (r) => decimal(badAfterTurn(r, 100)),
      "accepted, from 100": (r) => decimal(acceptedBadAfterTurn(r, 100)),
    }),
    byRun("Without an oracle, three anchors", group("sampled"), {
      "accepted wrong, %": (r) => decimal(acceptedBadLate(r)),
      "whole run, %": (r) => decimal(percent(r.acceptedBad, r.accepted)),
      "runs a task": (r) => runsPerTaskLate(r).toFixed(2),
      "whole run": (r) => runsPerTask(r).toFixed(2),
    }),
    byRun("Sybils and free riders", group("sybils", "riders"), {
      "wrong, %": (r) => decimal(badLate(r)),
      "whole run, %": (r) => decimal(percent(r.bad, r.executions)),
      "offers in vain a task": (r) => (r.wasted / r.tasks).toFixed(2),
      "p99, s": (r) => seconds(r.latencyMs.p99),
    }),
    byRun("Newcomers: what they get of an equal incumbent's share", group("newcomers"), {
      share: (r) => r.newcomerShare.toFixed(2),
    }),
    byRun("Latency, nobody lies, s", group("latency", "slow"), {
      p50: (r) => seconds(r.latencyMs.p50),
      p90: (r) => seconds(r.latencyMs.p90),
      p99: (r) => seconds(r.latencyMs.p99),
      "probes a task": (r) => (r.probes / r.tasks).toFixed(2),
      "hedges, %": (r) => decimal((100 * r.hedges) / r.tasks),
    }),
  ].filter(({ rows }) => rows.length > 0);
}

/** Of the shares of malicious peers, from the least. */
function labelsOf(runs: readonly Finished[]): string[] {
  return [...new Set(runs.map(({ label }) => label))].toSorted(
    (x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10),
  );
}

type Figure = (result: Finished["result"]) => string;

/** A row for each threat, a column for each policy; in a cell the figures by share of malicious peers. */
function byPolicy(title: string, runs: readonly Finished[], figure: (policy: PolicyName) => Figure): Table {
  const policies = policyNames.filter((name) => runs.some(({ setting }) => setting.policy === name));
  // This project last.
  policies.push(...policies.splice(0, policies[0] === "errand" ? 1 : 0));
  const labels = labelsOf(runs);
  const groups = groupNames.filter((name) => runs.some((run) => run.group === name));
  const rows = groups.map((name) =>
    [groupTitles[name]].concat(
      policies.map((policy) =>
        labels
          .map((label) => {
            const run = runs.find(
              (one) => one.group === name && one.label === label && one.setting.policy === policy,
            );
            return run === undefined ? "·" : figure(policy)(run.result);
          })
          .join("/"),
      ),
    ),
  );
  return { title, head: ["", ...policies], rows };
}

function byRun(title: string, runs: readonly Finished[], columns: Record<string, Figure>): Table {
  const severalGroups = new Set(runs.map(({ group }) => group)).size > 1;
  const rows = runs.map(({ group, label, setting, result }) => [
    severalGroups ? `${groupTitles[group]}, ${label}` : label,
    setting.policy,
    ...Object.values(columns).map((figure) => figure(result)),
  ]);
  return { title, head: ["", "", ...Object.keys(columns)], rows };
}

export function tableText({ title, head, rows }: Table): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const left = head.findIndex((cell) => cell !== "");
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
  return `${[title, "", line(head), ...rows.map(line)].join("\n")}\n`;
}

export function targetText({ text, reached, rival, kept }: Target): string {
  return `${kept ? "kept  " : "MISSED"}  ${text}: ${reached} (${rival})`;
}
