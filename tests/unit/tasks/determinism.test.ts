/** Which skills count as deterministic: all known providers must say so. */
import { describe, expect, it } from "vitest";
import type { KnownCard } from "../../../src/network/card.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import { createDeterminism } from "../../../src/tasks/determinism.ts";

interface Offer {
  peer: string;
  version: string;
  deterministic: boolean;
}

function setup(own: Omit<Offer, "peer"> | undefined, offers: Offer[], blocked = new Set<string>()) {
  const definition = { id: "pure", description: "", input: true, output: true, ...own };
  const skills = new Map(own === undefined ? [] : [["pure", { definition } as OfferedSkill]]);
  const asked = { times: 0 };
  const directory = {
    generation: 1,
    offering() {
      asked.times++;
      return offers.map(
        ({ peer, ...skill }) =>
          ({ card: { peer, skills: [{ id: "pure", ...skill }] } }) as unknown as KnownCard,
      );
    },
  };
  const versions = createDeterminism({
    local: { skills },
    directory,
    isBlocked: (peer) => blocked.has(peer),
  });
  return { versions, directory, asked, offers };
}

describe("a deterministic skill", () => {
  it("is one that everybody who offers it calls so; its versions are the newest first", () => {
    const { versions } = setup({ version: "1.2.0", deterministic: true }, [
      { peer: "a", version: "1.10.0", deterministic: true },
      { peer: "b", version: "not a version", deterministic: true },
      { peer: "c", version: "1.2.0", deterministic: true },
    ]);
    expect(versions("pure")).toEqual(["1.10.0", "1.2.0"]);
  });

  it.each([
    ["nobody offers it", undefined, []],
    [
      "this node disagrees",
      { version: "1.0.0", deterministic: false },
      [{ peer: "a", version: "1.0.0", deterministic: true }],
    ],
    [
      "a peer disagrees",
      { version: "1.0.0", deterministic: true },
      [{ peer: "a", version: "1.0.0", deterministic: false }],
    ],
  ])("is none when %s", (_why, own, offers) => {
    expect(setup(own, offers).versions("pure")).toBeUndefined();
  });

  it("does not depend on the word of blocked peers", () => {
    const liar = { peer: "liar", version: "9.0.0", deterministic: false };
    const { versions } = setup({ version: "1.0.0", deterministic: true }, [liar], new Set(["liar"]));
    expect(versions("pure")).toEqual(["1.0.0"]);
  });

  it("is looked up anew when the cards have changed, and only then", () => {
    const { versions, directory, asked, offers } = setup({ version: "1.0.0", deterministic: true }, []);
    for (let i = 0; i < 10; i++) expect(versions("pure")).toEqual(["1.0.0"]);
    expect(asked.times).toBe(1);
    offers.push({ peer: "a", version: "1.0.0", deterministic: false });
    directory.generation++;
    for (let i = 0; i < 10; i++) expect(versions("pure")).toBeUndefined();
    expect(asked.times).toBe(2);
  });
});
