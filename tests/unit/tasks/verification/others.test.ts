/** Who else could be asked: the truth first, and nobody's friends. */
import { describe, expect, it } from "vitest";
import type { CardSkill, KnownCard } from "../../../../src/network/card.ts";
import type { SkillDefinition } from "../../../../src/skills/skill.ts";
import { createOthers, type OthersOptions } from "../../../../src/tasks/verification/others.ts";

interface Offer {
  peer: string;
  version?: string;
  deterministic?: boolean;
  pin?: number;
  connected?: boolean;
  blocked?: boolean;
}

const nobody = new Set<string>();

function othersOf(
  offers: Offer[],
  more: Partial<OthersOptions> & { own?: Partial<SkillDefinition>; queued?: number } = {},
) {
  const { own, queued = 0, ...options } = more;
  const find = (peer: string): Offer | undefined => offers.find((one) => one.peer === peer);
  const cards = offers.map(({ peer, version = "1.0.0", deterministic = true }) => {
    const skill = { id: "echo", version, deterministic } as CardSkill;
    return { card: { peer, skills: [skill] } } as unknown as KnownCard;
  });
  const skills = new Map(own === undefined ? [] : [["echo", { definition: own }]]);
  return createOthers({
    self: "self",
    worker: {
      skills,
      load: () => ({ running: 0, slots: 2, queued, serviceMs: 0 }),
    } as unknown as OthersOptions["worker"],
    directory: { offering: () => cards },
    standing: {
      generation: 0,
      isBlocked: (peer) => find(peer)?.blocked === true,
      isConnected: (peer) => find(peer)?.connected !== false,
      pinOf: (peer) => find(peer)?.pin,
    },
    vouches: () => false,
    anchorPin: 0.9,
    ...options,
  });
}

describe("the truth", () => {
  const own = { version: "1.0.0", deterministic: true };
  const anchor = { peer: "anchor", pin: 1 };

  it.each<[string, Offer[], Parameters<typeof othersOf>[1], string | undefined]>([
    ["is this node's", [anchor], { own }, "self"],
    ["is an anchor's while this node is busy", [anchor], { own, queued: 9 }, "anchor"],
    ["is not that of another version", [anchor], { own: { ...own, version: "2.0.0" } }, "anchor"],
    ["is not what differs from run to run", [{ peer: "p" }], { own: { version: "1.0.0" } }, undefined],
    ["is not known to a peer that is hardly trusted", [{ peer: "p", pin: 0.8 }], {}, undefined],
    ["cannot be had of an anchor that is away", [{ ...anchor, connected: false }], {}, undefined],
    ["cannot be had of a blocked anchor", [{ ...anchor, blocked: true }], {}, undefined],
    ["cannot be had of an anchor with another version", [{ ...anchor, version: "1.1.0" }], {}, undefined],
  ])("%s", (_what, offers, more, expected) => {
    expect(othersOf(offers, more).truth("echo", "1.0.0", nobody)).toBe(expected);
  });

  it("is not asked twice", () => {
    const others = othersOf([anchor], { own });
    expect(others.truth("echo", "1.0.0", new Set(["self"]))).toBe("anchor");
    expect(others.truth("echo", "1.0.0", new Set(["self", "anchor"]))).toBeUndefined();
    expect(others.isTruth("self") && others.isTruth("anchor") && !others.isTruth("p")).toBe(true);
  });
});

describe("whether a skill is deterministic", () => {
  const yes = { peer: "a" };
  const no = (peer: string, pin?: number): Offer => ({
    peer,
    deterministic: false,
    ...(pin !== undefined && { pin }),
  });
  it.each<[string, Offer[], Parameters<typeof othersOf>[1], boolean]>([
    ["this node says", [no("b"), no("c")], { own: { version: "1.0.0", deterministic: true } }, true],
    ["an anchor says", [yes, { peer: "d" }, no("b", 1)], {}, false],
    ["most say: one liar does not get out of it", [yes, { peer: "d" }, no("liar")], {}, true],
    ["most say: half is not enough", [yes, no("b")], {}, false],
    ["nobody says", [], {}, false],
  ])("%s", (_what, offers, more, expected) => {
    expect(othersOf(offers, more).isDeterministic("echo")).toBe(expected);
  });
});

describe("who is left", () => {
  const vouches = (a: string, b: string): boolean => a === "x" && b === "friend";
  const others = othersOf([{ peer: "x" }, { peer: "friend" }, { peer: "old", version: "0.9.0" }], {
    vouches,
  });

  it("is nobody who vouches for one that was asked, or is vouched for by him", () => {
    expect(others.withFriends("echo", new Set(["x"]))).toEqual(new Set(["x", "friend"]));
    expect(others.withFriends("echo", new Set(["friend"]))).toEqual(new Set(["x", "friend"]));
    expect(others.somebodyElse("echo", "1.0.0", new Set(["x"]))).toBe(false);
    expect(others.somebodyElse("echo", "0.9.0", new Set(["x"]))).toBe(true);
    expect(others.somebodyElse("echo", "1.0.0", nobody)).toBe(true);
  });

  it("is asked for the task's own range of versions, unless that could mean another version", () => {
    expect(others.range("echo", "1.0.0", "^1.0.0")).toBe("1.0.0");
    expect(othersOf([{ peer: "x" }]).range("echo", "1.0.0", "^1.0.0")).toBe("^1.0.0");
  });
});
