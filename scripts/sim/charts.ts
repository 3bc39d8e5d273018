/** Pictures of a run as SVG, readable on light and on dark ground. */
import { percent, tasksPerWindow } from "./measure.ts";
import { lineChart, type Line, type Panel } from "./line-chart.ts";
import { matrixThreats } from "./plan.ts";
import type { Finished } from "./pool.ts";
import { policyNames, type PolicyName } from "./setting.ts";
import { badLate } from "./targets.ts";

const titles: Record<(typeof matrixThreats)[number], string> = {
  A: "A: independent liars",
  B: "B: ring of praise",
  C50: "C: half good",
  C80: "C: 80 % good",
  D: "D: spies",
  S: "S: ring, slander, spies",
  W: "W: whitewashing",
};

/** Name and text of each picture that these runs can give. */
export function charts(runs: readonly Finished[]): [name: string, svg: string][] {
  const out: [string, string][] = [];
  const trust = matrixThreats.flatMap((threat): Panel[] => {
    const here = runs.filter(({ group }) => group === threat);
    return here.length === 0 ? [] : [{ title: titles[threat], lines: byShare(here) }];
  });
  if (trust.length > 0)
    out.push([
      "trust.svg",
      lineChart({
        title: "Wrong answers in the second half of the run",
        x: "malicious peers, %",
        y: "wrong, %",
        mostY: 100,
        log: false,
        panels: trust,
      }),
    ]);
  const latency = runs.filter(({ group, label }) => group === "latency" && !label.includes(","));
  if (latency.length > 0)
    out.push([
      "latency.svg",
      lineChart({
        title: "p99 of a task, nobody lies",
        x: "load, %",
        y: "seconds",
        mostY: 100,
        log: true,
        panels: [{ title: "100 clients, 100 workers", lines: byLoad(latency) }],
      }),
    ]);
  const traitors = runs.filter(({ group, setting }) => group === "traitors" && setting.verdicts === "oracle");
  if (traitors.length > 0)
    out.push([
      "traitors.svg",
      lineChart({
        title: "Traitors turn in the middle of the run",
        x: "tasks of a client",
        y: "wrong, %",
        mostY: 100,
        log: false,
        panels: byLabel(traitors),
      }),
    ]);
  return out;
}

function lines(runs: readonly Finished[], points: (of: Finished[]) => [number, number][]): Line[] {
  return policyNames.flatMap((policy): Line[] => {
    const own = runs.filter(({ setting }) => setting.policy === policy);
    return own.length === 0
      ? []
      : [{ name: nameOf(policy), color: policyNames.indexOf(policy), points: points(own) }];
  });
}

function byShare(runs: readonly Finished[]): Line[] {
  return lines(runs, (own) => own.map(({ setting, result }) => [100 * setting.malicious, badLate(result)]));
}

function byLoad(runs: readonly Finished[]): Line[] {
  return lines(runs, (own) =>
    own.map(({ label, result }) => [Number.parseInt(label, 10), result.latencyMs.p99 / 1_000]),
  );
}

function byLabel(runs: readonly Finished[]): Panel[] {
  const labels = [...new Set(runs.map(({ label }) => label))];
  return labels.map((label) => ({
    title: `${label} traitors`,
    lines: lines(
      runs.filter((run) => run.label === label),
      ([run]) =>
        (run?.result.bad ?? []).map((bad, i) => [
          (i + 1) * tasksPerWindow,
          percent([bad], [run?.result.executions[i] ?? 0]),
        ]),
    ),
  }));
}

function nameOf(policy: PolicyName): string {
  if (policy.startsWith("eigentrust")) return `EigenTrust, a = ${policy.slice(-2)}`;
  return policy === "errand" ? "Errand" : policy.replace("-", " ");
}
