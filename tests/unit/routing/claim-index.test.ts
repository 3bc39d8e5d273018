import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Claim } from "../../../src/routing/attestation.ts";
import { ClaimIndex } from "../../../src/routing/claim-index.ts";

const peers = ["a", "b", "c", "d"];
const anyClaim = fc.record({
  subject: fc.constantFrom(...peers, "e", "f"),
  skill: fc.constantFrom("x", "y", "z"),
  pos: fc.integer({ min: 0, max: 9 }),
  neg: fc.integer({ min: 0, max: 9 }),
  grounded: fc.constant(true),
  lastEpoch: fc.constant(0),
});

/** What the index says of itself, from both ends, with a check that its numbers are consistent. */
function contents(index: ClaimIndex): string[] {
  const all: string[] = [];
  const slots = new Map<number, string>();
  const take = (slot: number, owner: string, peer: string): void => {
    expect(slots.get(slot) ?? owner).toBe(owner);
    slots.set(slot, owner);
    expect(index.bySlot[slot]?.peer).toBe(peer);
  };
  for (const issuer of index.speakers) {
    for (const statement of issuer.says) {
      const { subject, claims } = statement;
      expect(subject.about.get(issuer)).toBe(statement);
      expect(index.byId[subject.id]).toBe(subject);
      take(subject.slot, subject.peer, subject.peer);
      for (const { skill, pos, neg } of claims) {
        const slot = subject.skillSlots.get(skill) ?? -1;
        expect(issuer.row.slots).toContain(slot);
        take(slot, `${subject.peer} ${skill}`, subject.peer);
        all.push(`${issuer.peer} ${subject.peer} ${skill} ${pos} ${neg}`);
      }
    }
  }
  // Nothing stays behind of what is in use no more.
  expect(index.bySlot.filter((node) => node !== undefined)).toHaveLength(slots.size);
  return all.toSorted();
}

describe("ClaimIndex", () => {
  it("keeps no self-praise, nothing ungrounded, nothing twice and nothing empty", () => {
    const index = new ClaimIndex();
    const claim = (subject: string, pos: number, changes: Partial<Claim> = {}): Claim => {
      return { subject, skill: "x", pos, neg: 0, grounded: true, lastEpoch: 0, ...changes };
    };
    const claims = [
      claim("a", 1),
      claim("b", 1),
      claim("b", 9),
      claim("c", 1, { grounded: false }),
      claim("d", 0),
    ];
    index.put(index.node("a"), claims);
    expect(contents(index)).toEqual(["a b x 1 0"]);
  });

  it("holds after any history what each said last, and nothing after all have fallen silent", () => {
    const change = fc.record({
      issuer: fc.constantFrom(...peers),
      claims: fc.array(anyClaim, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (history) => {
        const [index, fresh] = [new ClaimIndex(), new ClaimIndex()];
        const last = new Map<string, Claim[]>();
        for (const { issuer, claims } of history) {
          index.put(index.node(issuer), claims);
          last.set(issuer, claims);
        }
        for (const [issuer, claims] of last) fresh.put(fresh.node(issuer), claims);
        expect(contents(index)).toEqual(contents(fresh));
        for (const peer of peers) {
          const node = index.node(peer);
          index.put(node, []);
          index.release(node);
        }
        expect(contents(index)).toEqual([]);
        expect(index.byId.filter((node) => node !== undefined)).toEqual([]);
      }),
    );
  });
});
