import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { AttestationBook } from "../../../src/routing/attestation-book.ts";
import type { Tier } from "../../../src/routing/attestation-book.ts";
import type { Attestation, Claim } from "../../../src/routing/attestation.ts";
import { skill, wallStart } from "./fixtures.ts";

const hour = 3_600_000;
const claim = (subject: string, pos = 5, changes: Partial<Claim> = {}): Claim => {
  return { subject, skill, pos, neg: 0, grounded: true, lastEpoch: 0, ...changes };
};
const says = (issuer: string, subjects: string[], changes: Partial<Attestation> = {}): Attestation => {
  const claims = subjects.map((subject) => claim(subject));
  return { issuer, seq: 1, issuedAt: wallStart, expiresAt: wallStart + hour, claims, ...changes };
};

function bookOf(tierOf: (peer: string) => Tier = () => 0, bounds = { issuers: 100, edges: 1_000 }) {
  return new AttestationBook({ silenced: () => {}, tierOf }, bounds);
}

/** Who says what of whom, in an order of its own. */
function contents(book: AttestationBook): string[] {
  const all: string[] = [];
  for (const { issuer, claims } of book.all())
    for (const { subject, pos } of claims) all.push(`${issuer} ${subject} ${pos}`);
  expect(all).toHaveLength(book.edges);
  return all.toSorted();
}

describe("AttestationBook", () => {
  it("refuses what is unsound: expired, from the future, too long in force, too much, or no counts", () => {
    const book = bookOf();
    const unsound: Partial<Attestation>[] = [
      { expiresAt: wallStart },
      { issuedAt: wallStart + limits.clockSkewMs + 1, expiresAt: wallStart + hour },
      { expiresAt: wallStart + limits.attestationLifetimeMs + 1 },
      { seq: -1 },
      { seq: Number.NaN },
      { claims: Array.from({ length: limits.claimsPerAttestation + 1 }, (_, i) => claim(`p${i}`)) },
      { claims: [claim("b", limits.claimedVerdicts + 1)] },
      { claims: [claim("b", 1.5)] },
      { claims: [claim("b", -1)] },
    ];
    for (const changes of unsound) expect(book.offer(says("a", ["b"], changes), wallStart)).toBe(false);
    expect(book.size).toBe(0);
    expect(contents(book)).toEqual([]);
  });

  it("holds the same in whatever order the attestations come, and however often", () => {
    const any = fc.record({
      issuer: fc.constantFrom("a", "b", "c"),
      seq: fc.integer({ min: 1, max: 4 }),
      order: fc.integer(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (list) => {
        // What an issuer says under one number is one thing.
        const all = list.map(({ issuer, seq }) =>
          says(issuer, [`x${seq}`, "y"], { seq, expiresAt: wallStart + seq * hour }),
        );
        const [one, other] = [bookOf(), bookOf()];
        for (const a of all) one.offer(a, wallStart);
        const shuffled = all
          .map((a, i) => ({ a, order: list[i]?.order ?? 0 }))
          .toSorted((x, y) => x.order - y.order);
        for (const { a } of shuffled) other.offer(a, wallStart);
        expect(contents(other)).toEqual(contents(one));
        for (const later of [wallStart + 2 * hour, wallStart + 30 * hour]) {
          one.expire(later);
          other.expire(later);
          expect(contents(other)).toEqual(contents(one));
        }
        expect(one.size + one.edges).toBe(0);
      }),
    );
  });

  it("takes back a forged one as if it had never come, its number too", () => {
    const book = bookOf();
    book.offer(says("a", ["b"], { seq: 2 ** 52 }), wallStart);
    book.drop("a");
    expect(contents(book)).toEqual([]);
    expect(book.offer(says("a", ["c"], { seq: 1 }), wallStart)).toBe(true);
  });

  it("stays within its bounds under a flood, and keeps those that are worth most", () => {
    const book = bookOf((peer) => (peer.startsWith("friend") ? 2 : 0));
    const friends = Array.from({ length: 20 }, (_, i) => `friend${i}`);
    for (const friend of friends) book.offer(says(friend, ["b"]), wallStart);
    for (let i = 0; i < 3_000; i++) {
      book.offer(
        says(
          `s${i}`,
          Array.from({ length: 1 + (i % 64) }, (_, k) => `t${i}.${k}`),
        ),
        wallStart,
      );
      expect(book.size).toBeLessThanOrEqual(100);
      expect(book.edges).toBeLessThanOrEqual(1_000);
    }
    expect(friends.every((friend) => book.claimsOf(friend).length === 1)).toBe(true);
    expect(book.claimsOf("s2999")).not.toEqual([]);
  });
});
