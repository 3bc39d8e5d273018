/** What the simulator must show (routing's targets), each beside its rival of the same run. */
import { percent, tasksPerWindow, type RunResult } from "./measure.ts";
import { matrixThreats } from "./plan.ts";
import type { Finished } from "./pool.ts";
import type { PolicyName } from "./setting.ts";

export interface Target {
  text: string;
  /** What this project reached, and what it was held against. */
  reached: string;
  rival: string;
  kept: boolean;
}

const mostBad: Record<(typeof matrixThreats)[number], number> = {
  A: 4,
  B: 4,
  C50: 6,
  C80: 6,
  D: 4,
  S: 4,
  W: 6,
};

/** Wrong answers of all, in the second half of the run, %. */
export function badLate({ bad, executions }: RunResult): number {
  return percent(bad, executions, Math.floor(bad.length / 2));
}

/** Wrong answers from so many tasks a client after the turn of the traitors on, %. */
export function badAfterTurn({ bad, executions }: RunResult, tasks: number, until = Infinity): number {
  const turn = Math.floor(bad.length / 2);
  return percent(bad, executions, turn + tasks / tasksPerWindow, turn + until / tasksPerWindow);
}

export function acceptedBadLate({ acceptedBad, accepted }: RunResult): number {
  return percent(acceptedBad, accepted, Math.floor(accepted.length / 2));
}

/** The same of the answers that were accepted. */
export function acceptedBadAfterTurn({ acceptedBad, accepted }: RunResult, tasks: number): number {
  return percent(acceptedBad, accepted, Math.floor(accepted.length / 2) + tasks / tasksPerWindow);
}

/** Runs for an accepted answer, checks among them, from the window `from` on. */
export function runsPerTask({ executions, checks, accepted }: RunResult, from = 0): number {
  const sum = (list: number[]): number => list.slice(from).reduce((all, n) => all + n, 0);
  return (sum(executions) + sum(checks)) / Math.max(1, sum(accepted));
}

export function runsPerTaskLate(result: RunResult): number {
  return runsPerTask(result, Math.floor(result.accepted.length / 2));
}

/** All that can be judged by these runs. */
export function judge(runs: readonly Finished[]): Target[] {
  return [
    ...judgeMatrix(runs),
    ...judgeTraitors(runs),
    ...judgeSampled(runs),
    ...judgeNewcomers(runs),
    ...judgeLatency(runs),
  ];
}

function of(runs: readonly Finished[], group: string, policy: PolicyName): Finished[] {
  return runs.filter((run) => run.group === group && run.setting.policy === policy);
}

const oneDecimal = (n: number): string => n.toFixed(1);

function judgeMatrix(runs: readonly Finished[]): Target[] {
  return matrixThreats.flatMap((threat) => {
    const ours = of(runs, threat, "errand").map(({ result }) => badLate(result));
    if (ours.length === 0) return [];
    const theirs = (["eigentrust-.1", "eigentrust-.5"] as const).map((policy) =>
      Math.max(...of(runs, threat, policy).map(({ result }) => badLate(result))),
    );
    const worst = Math.max(...ours);
    return {
      text: `${threat}: wrong answers in the second half at most ${mostBad[threat]} %, at any share of malicious peers`,
      reached: `${ours.map(oneDecimal).join(" / ")} %`,
      rival: `EigenTrust up to ${theirs.map(oneDecimal).join(" and ")} %`,
      kept: worst <= mostBad[threat],
    };
  });
}

function judgeTraitors(runs: readonly Finished[]): Target[] {
  return [false, true].flatMap((sampled) => {
    const within = sampled ? 100 : 40;
    const ours = of(runs, "traitors", "errand").filter(
      ({ setting }) => (setting.verdicts === "sampled") === sampled,
    );
    if (ours.length === 0) return [];
    const rivals = of(runs, "traitors", "eigentrust-.1").map(({ result }) => badAfterTurn(result, 40));
    const after = ours.map(({ result }) =>
      sampled ? acceptedBadAfterTurn(result, within) : badAfterTurn(result, within),
    );
    return {
      text: `Traitors${sampled ? ", without an oracle: at most 5 % of the accepted answers" : ": at most 5 % of the answers"} wrong from ${within} tasks a client after they turn`,
      reached: `${after.map(oneDecimal).join(" / ")} %`,
      rival: `EigenTrust with an oracle ${rivals.map(oneDecimal).join(" / ")} %`,
      kept: Math.max(...after) <= 5,
    };
  });
}

function judgeSampled(runs: readonly Finished[]): Target[] {
  const ours = of(runs, "sampled", "errand");
  if (ours.length === 0) return [];
  const cost = ours.map(({ result }) => runsPerTaskLate(result));
  // As with an oracle, camouflage has a bound of its own: four of five checks of it find nothing.
  const accepted = (camouflage: boolean, most: number): Target[] => {
    const bad = (policy: PolicyName): number[] =>
      of(runs, "sampled", policy)
        .filter(({ setting }) => (setting.threat === "C80") === camouflage)
        .map(({ result }) => acceptedBadLate(result));
    const reached = bad("errand");
    if (reached.length === 0) return [];
    return [
      {
        text: `Without an oracle, three anchors, ${camouflage ? "camouflage" : "liars"}: at most ${most} % of the accepted answers wrong in the second half`,
        reached: `${reached.map(oneDecimal).join(" / ")} %`,
        rival: `random without checks ${bad("random").map(oneDecimal).join(" / ")} %`,
        kept: Math.max(...reached) <= most,
      },
    ];
  };
  return [
    ...accepted(false, 2.5),
    ...accepted(true, mostBad.C80),
    {
      text: "The same at no more than 1.25 runs a task",
      reached: cost.map((n) => n.toFixed(2)).join(" / "),
      rival: "a quorum of two takes 2",
      kept: Math.max(...cost) <= 1.25,
    },
  ];
}

function judgeNewcomers(runs: readonly Finished[]): Target[] {
  const share = (policy: PolicyName): number[] =>
    of(runs, "newcomers", policy).map(({ result }) => result.newcomerShare);
  const ours = share("errand");
  if (ours.length === 0) return [];
  const text = (list: number[]): string => list.map((n) => n.toFixed(2)).join(" / ");
  return [
    {
      text: "A newcomer gets at least .8 of what an equal incumbent does",
      reached: text(ours),
      rival: `EigenTrust ${text(share("eigentrust-.1"))} and ${text(share("eigentrust-.5"))}`,
      kept: Math.min(...ours) >= 0.8,
    },
  ];
}

function judgeLatency(runs: readonly Finished[]): Target[] {
  const targets: Target[] = [];
  const compare = (group: string, label: string, rival: PolicyName, share: number, text: string): void => {
    const p99 = (policy: PolicyName): number | undefined =>
      of(runs, group, policy).find((run) => run.label === label)?.result.latencyMs.p99;
    const [ours, theirs] = [p99("errand"), p99(rival)];
    if (ours === undefined || theirs === undefined) return;
    const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
    targets.push({
      text,
      reached: seconds(ours),
      rival: `${rival} ${seconds(theirs)}`,
      kept: ours <= share * theirs,
    });
  };
  compare("latency", "70 %", "random", 1 / 5, "p99 at load .7: a fifth of random's");
  compare("latency", "70 %", "least-latency", 1 / 3, "p99 at load .7: a third of least latency's");
  for (const load of ["50 %", "70 %", "90 %"])
    compare("latency", load, "prequal", 1, `p99 at load ${load}: no worse than Prequal's`);
  const slow = "A quarter of the workers ten times slower, p99:";
  compare("slow", "70 %", "least-latency", 1 / 2, `${slow} half of least latency's`);
  compare("slow", "70 %", "random", 1 / 5, `${slow} a fifth of random's`);
  return targets;
}
