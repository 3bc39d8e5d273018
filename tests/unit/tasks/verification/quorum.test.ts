/** Counting replicas: half is no majority, and friends have one voice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countVotes, independent, type Vote } from "../../../../src/tasks/verification/quorum.ts";

const strangers = (): boolean => false;
const votes = (...groups: number[]): Vote[] => groups.map((group, i) => ({ peer: `p${i}`, group }));

describe("a quorum", () => {
  it.each<[number[], number, object]>([
    [[0], 2, { kind: "open", missing: 1, voices: 1, of: 1 }],
    [[0, 0], 2, { kind: "agreed", group: 0, voices: 2, of: 2 }],
    [[0, 1], 2, { kind: "open", missing: 1, voices: 1, of: 2 }],
    [[0, 1, 1], 2, { kind: "agreed", group: 1, voices: 2, of: 3 }],
    [[0, 1, 2], 2, { kind: "open", missing: 2, voices: 1, of: 3 }],
    [[0, 0, 1, 1], 2, { kind: "open", missing: 1, voices: 2, of: 4 }],
    [[0, 0, 1], 3, { kind: "open", missing: 1, voices: 2, of: 3 }],
  ])("of %j with at least %i", (groups, quorum, expected) => {
    expect(countVotes(votes(...groups), quorum, strangers)).toEqual(expected);
  });

  it("is a strict majority of those that speak for themselves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { maxLength: 12 }),
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 8 }),
        (groups, quorum, friends) => {
          const vouches = (a: string, b: string): boolean =>
            friends.some(([x, y]) => `p${x}` === a && `p${y}` === b);
          const count = countVotes(votes(...groups), quorum, vouches);
          const heard = independent(votes(...groups), vouches);
          if (count.kind === "open") {
            expect(count.missing).toBeGreaterThan(0);
            return;
          }
          const agreeing = heard.filter(({ group }) => group === count.group).length;
          expect(agreeing).toBeGreaterThanOrEqual(quorum);
          expect(2 * agreeing).toBeGreaterThan(heard.length);
        },
      ),
    );
  });

  it("needs as many more as it says, if they agree", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 2, max: 5 }),
        (groups, q) => {
          const count = countVotes(votes(...groups), q, strangers);
          if (count.kind !== "open") return;
          const best = groups.toSorted(
            (a, b) => groups.filter((g) => g === b).length - groups.filter((g) => g === a).length,
          )[0] as number;
          const more = Array.from({ length: count.missing }, () => best);
          expect(countVotes(votes(...groups, ...more), q, strangers).kind).toBe("agreed");
          expect(countVotes(votes(...groups, ...more.slice(1)), q, strangers).kind).toBe("open");
        },
      ),
    );
  });
});

describe("friends", () => {
  it("of a ring in which each praises only the next are one", () => {
    const ring = (a: string, b: string): boolean => Number(b.slice(1)) === (Number(a.slice(1)) + 1) % 5;
    expect(independent(votes(0, 0, 0, 0, 0), ring)).toHaveLength(1);
    expect(countVotes([...votes(0, 0, 0, 0, 0), { peer: "honest", group: 1 }], 2, ring).kind).toBe("open");
  });

  it("silence nobody by praise that he did not ask for", () => {
    const praise = (a: string, b: string): boolean => a === "p0" && b === "p1";
    expect(independent(votes(0, 1, 1), praise)).toEqual(votes(0, 1, 1));
  });

  it("never have more voices together than they have answers", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 10 }), (groups) => {
        expect(independent(votes(...groups), () => true)).toHaveLength(new Set(groups).size);
      }),
    );
  });
});
