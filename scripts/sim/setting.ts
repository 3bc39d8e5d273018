/** What one run of the simulator is: plain data, so that it can go to another thread and into the report. */

/** Who decides where a task goes: this project, and those it is compared with. */
export const policyNames = [
  "errand",
  "random",
  "round-robin",
  "least-latency",
  "heartbeat",
  "prequal",
  "c3",
  "eigentrust-.1",
  "eigentrust-.5",
] as const;
export type PolicyName = (typeof policyNames)[number];

/**
 * What the malicious peers do:
 *
 * - none: nobody lies.
 * - A: independent liars, every answer wrong, nobody praised.
 * - B: a ring: the same wrong answer from all, and praise for one another.
 * - C50, C80: camouflage: half, or four in five, of the answers are right; praise for one another.
 * - D: one third are spies, who serve well and praise the liars.
 * - S: as D, with the ring's common answer, and all of them slander honest peers.
 * - W: whitewashing: liars who come back under a new name when the old one is burnt.
 * - T: traitors: good for half of the run, then every answer is wrong.
 * - F: free riders: half refuse all work, half take it and never answer.
 */
export const threatNames = ["none", "A", "B", "C50", "C80", "D", "S", "W", "T", "F"] as const;
export type ThreatName = (typeof threatNames)[number];

/**
 * Where the verdicts come from: an oracle that knows every answer at once, checks by anchors as often as the router asks
 * for, or nowhere.
 */
export type Verdicts = "oracle" | "sampled" | "unchecked";

export interface Setting {
  policy: PolicyName;
  threat: ThreatName;
  verdicts: Verdicts;
  seed: number;
  /** Providers. */
  nodes: number;
  /** Share of them that is malicious. */
  malicious: number;
  /** Clients that provide nothing; 0: some of the honest providers are the clients. */
  clients: number;
  /** Honest providers that ask for work as well, in a mesh without pure clients. */
  askers: number;
  tasksPerClient: number;
  /** Mean time between two tasks of one client, ms. */
  taskEveryMs: number;
  /** Skills there are, those that an honest peer offers, and those that a malicious one does. */
  skills: number;
  skillsHonest: number;
  skillsMalicious: number;
  /** Run time on the fastest honest machine, ms. */
  runMs: number;
  slots: number;
  /** Share of wrong answers of honest peers. */
  honestError: number;
  /** Machines have slow moments: now and then everything takes five times as long for some seconds. */
  spells: boolean;
  /** Share of the providers that is ten times slower than the rest; the usual speeds do not apply then. */
  slowShare: number;
  /** Honest peers that join in the middle of the run, each the twin of one that is there. */
  newcomers: number;
}

/** The mesh of the trust table: every honest peer serves, and up to thirty-six of them ask. */
export const trustSetting: Setting = {
  policy: "errand",
  threat: "none",
  verdicts: "oracle",
  seed: 1,
  nodes: 100,
  malicious: 0,
  clients: 0,
  askers: 36,
  tasksPerClient: 320,
  taskEveryMs: 1_000,
  skills: 10,
  skillsHonest: 5,
  skillsMalicious: 7,
  runMs: 200,
  slots: 2,
  honestError: 0.02,
  spells: false,
  slowShare: 0,
  newcomers: 0,
};

/** A hundred clients and a hundred workers of one skill, nobody lies. */
export const latencySetting: Setting = {
  ...trustSetting,
  nodes: 100,
  clients: 100,
  tasksPerClient: 500,
  skills: 1,
  skillsHonest: 1,
  skillsMalicious: 1,
  honestError: 0,
  spells: true,
};

export const pretrusted = 3;
/** What slow spells are: mean time between them and mean length, ms, and how much slower everything is. */
export const spell = { gapMs: 100_000, lengthMs: 10_000, factor: 5 };
/** Run time against the fastest: the machines of a mesh differ. */
export const speeds = [1, 2, 5] as const;
export const slowFactor = 10;

/** Mean time between two tasks of one client for `load` of what all workers together can do. */
export function taskEveryMsAt(setting: Setting, load: number): number {
  const spellShare = setting.spells ? spell.lengthMs / (spell.gapMs + spell.lengthMs) : 0;
  const rate = (factor: number): number => 1 / (setting.runMs * factor);
  const mean =
    setting.slowShare > 0
      ? (1 - setting.slowShare) * rate(1) + setting.slowShare * rate(slowFactor)
      : speeds.reduce((sum, factor) => sum + rate(factor), 0) / speeds.length;
  const inSpells = 1 - spellShare + spellShare / spell.factor;
  return setting.clients / (load * setting.nodes * setting.slots * mean * inSpells);
}
