/** What malicious peers do with a task and say about others. What they are called is in setting.ts. */
import { shuffle } from "./random.ts";
import type { Random } from "../../src/core/clock.ts";
import type { ThreatName } from "./setting.ts";
import type { SimNode, World } from "./world.ts";

/** An answer: 0 is right, 1 is the ring's, anything else is nobody else's. */
export type Answer = number;

/** Wrong answers under one name after which a whitewasher thinks it burnt. */
export const liesPerName = 5;
/** From leaving to being back under another name, ms. */
export const renameMs = 5_000;
/** Said in one attestation: half of what fits, which weighs as much as all, since a row's weight is shared by its entries. */
const claims = 32;

const ringThreats: ReadonlySet<ThreatName> = new Set(["B", "C50", "C80", "S", "W", "T"]);

/** Serves badly by design; spies do not. */
export function servesBadly(node: SimNode): boolean {
  return node.kind !== "honest" && node.kind !== "spy";
}

export function answerOf(node: SimNode, world: World, random: Random, serial: number): Answer {
  const { setting } = world;
  const own = 2 + serial;
  const wrong = ringThreats.has(setting.threat) ? 1 : own;
  switch (node.kind) {
    case "liar":
    case "whitewasher":
      return wrong;
    case "camouflaged":
      return random() < (setting.threat === "C50" ? 0.5 : 0.8) ? 0 : wrong;
    case "traitor":
      if (world.now >= turnMs(world)) return wrong;
      break;
    default:
  }
  return random() < setting.honestError ? own : 0;
}

/** When traitors turn, and newcomers join. */
export function turnMs({ setting }: World): number {
  return (setting.tasksPerClient * setting.taskEveryMs) / 2;
}

export interface Fabricated {
  subject: SimNode;
  /** Claimed to be good; false is slander. */
  good: boolean;
}

/** What a malicious peer says of others; an honest one makes nothing up. */
export function fabricated(node: SimNode, world: World, random: Random): Fabricated[] {
  if (node.kind === "honest") return [];
  const { threat } = world.setting;
  const others = world.nodes.filter((other) => other !== node && other.joined && other.provider);
  const friends = shuffle(others.filter(servesBadly), random);
  const honest = shuffle(
    others.filter((other) => other.kind === "honest"),
    random,
  );
  const say = (list: SimNode[], count: number, good: boolean): Fabricated[] =>
    list.slice(0, count).map((subject) => ({ subject, good }));
  switch (threat) {
    case "B":
    case "C50":
    case "C80":
    case "W":
    case "T":
      return say(friends, claims, true);
    // A spy says some truth as well, so that it is heard.
    case "D":
      return [...say(friends, (3 / 4) * claims, true), ...say(honest, claims / 4, true)];
    case "S":
      return [...say(friends, claims / 2, true), ...say(honest, claims / 2, false)];
    default:
      return [];
  }
}
