/** Which runs there are, in groups that can be asked for by name. */
import { latencySetting, policyNames, taskEveryMsAt, trustSetting } from "./setting.ts";
import type { PolicyName, Setting, ThreatName } from "./setting.ts";

export interface Run {
  group: GroupName;
  /** What tells it from the others of its group. */
  label: string;
  setting: Setting;
}

/** The threats of the first table are groups of their own. */
export const matrixThreats = ["A", "B", "C50", "C80", "D", "S", "W"] as const;
export const groupNames = [
  ...matrixThreats,
  "traitors",
  "sampled",
  "sybils",
  "newcomers",
  "riders",
  "latency",
  "slow",
] as const;
export type GroupName = (typeof groupNames)[number];

export interface PlanOptions {
  seed: number;
  quick: boolean;
  /** Providers in the trust runs; undefined for the usual number. */
  peers: number | undefined;
  only: readonly GroupName[];
}

export const shares = [0.2, 0.4, 0.6, 0.7] as const;
export const loads = [0.5, 0.7, 0.9] as const;
export const trustPolicies = ["random", "least-latency", "eigentrust-.1", "eigentrust-.5", "errand"] as const;

export function plan({ seed, quick, peers, only }: PlanOptions): Run[] {
  const runs: Run[] = [];
  const wanted = (group: GroupName): boolean => only.length === 0 || only.includes(group);
  const trust: Setting = {
    ...trustSetting,
    seed,
    ...(quick ? { nodes: 60, tasksPerClient: 200, skills: 5, skillsHonest: 3, skillsMalicious: 4 } : {}),
    ...(peers === undefined ? {} : { nodes: peers }),
  };
  const add = (
    group: GroupName,
    policies: readonly PolicyName[],
    changes: Partial<Setting>,
    note = "",
    base = trust,
  ): void => {
    if (!wanted(group)) return;
    for (const policy of policies) {
      const setting = { ...base, ...changes, policy };
      runs.push({ group, label: note, setting });
    }
  };

  for (const threat of quick ? (["A", "S"] as const) : matrixThreats)
    for (const malicious of quick ? [0.4] : sharesOf(threat))
      add(threat, trustPolicies, { threat, malicious }, percentText(malicious));
  for (const malicious of quick ? [0.2] : [0.2, 0.4]) {
    add("traitors", ["eigentrust-.1", "errand"], { threat: "T", malicious }, percentText(malicious));
    if (quick) continue;
    const sampled: Partial<Setting> = { threat: "T", malicious, verdicts: "sampled" };
    add("traitors", ["errand"], sampled, `${percentText(malicious)}, sampled`);
  }
  for (const [threat, malicious] of sampledRuns(quick))
    add(
      "sampled",
      ["random", "errand"],
      // All that are honest ask: where one answer in five is checked, thirty-six make too few verdicts to tell camouflage.
      { threat, malicious, verdicts: "sampled", askers: trust.nodes },
      `${threat} ${percentText(malicious)}`,
    );
  if (!quick) addRest(add, trust);
  addLatency(add, seed, quick);
  return runs;
}

type Add = (
  group: GroupName,
  policies: readonly PolicyName[],
  changes: Partial<Setting>,
  note?: string,
  base?: Setting,
) => void;

/** A differs from B, and half good from 80 % good, too little to try both everywhere. */
function sharesOf(threat: ThreatName): readonly number[] {
  return threat === "A" || threat === "C50" ? [0.4, 0.7] : shares;
}

function sampledRuns(quick: boolean): [ThreatName, number][] {
  if (quick) return [["B", 0.4]];
  return [
    ["B", 0.4],
    ["C80", 0.4],
    ["S", 0.4],
  ];
}

/** What is left out of the small form. */
function addRest(add: Add, trust: Setting): void {
  for (const threat of ["B", "S"] as const) {
    const changes = { threat, nodes: 1.6 * trust.nodes, malicious: 0.75 };
    add("sybils", ["eigentrust-.1", "errand"], changes, `${threat}, three for each honest peer`);
  }
  for (const [threat, malicious] of [
    ["none", 0],
    ["B", 0.4],
  ] as const)
    add(
      "newcomers",
      ["eigentrust-.1", "eigentrust-.5", "errand"],
      { threat, malicious, newcomers: Math.round(trust.nodes / 10) },
      malicious === 0 ? "no attack" : `B ${percentText(malicious)}`,
    );
  add("riders", ["random", "least-latency", "errand"], { threat: "F", malicious: 0.4 }, percentText(0.4));
}

function addLatency(add: Add, seed: number, quick: boolean): void {
  const base: Setting = {
    ...latencySetting,
    seed,
    ...(quick ? { nodes: 40, clients: 40, tasksPerClient: 300 } : {}),
  };
  const at = (load: number, setting: Setting): Setting => ({
    ...setting,
    taskEveryMs: taskEveryMsAt(setting, load),
  });
  const rivals = policyNames.filter((name) => !name.startsWith("eigentrust"));
  for (const load of quick ? [0.7] : loads) {
    const setting = at(load, base);
    add(
      "latency",
      quick ? ["random", "least-latency", "prequal", "errand"] : rivals,
      {},
      percentText(load),
      setting,
    );
  }
  if (!quick) {
    const unchecked = at(0.7, { ...base, verdicts: "unchecked" });
    add("latency", ["errand"], {}, `${percentText(0.7)}, unchecked`, unchecked);
  }
  const slow = at(0.7, { ...base, spells: false, slowShare: 0.25 });
  add("slow", ["random", "least-latency", "prequal", "errand"], {}, percentText(0.7), slow);
}

export function percentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}
