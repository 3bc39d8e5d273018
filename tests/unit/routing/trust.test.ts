import { describe, expect, it } from "vitest";
import type { Attestation, Claim } from "../../../src/routing/attestation.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

const hour = 3_600_000;

function claim(subject: string, pos: number, neg = 0, changes: Partial<Claim> = {}): Claim {
  return { subject, skill, pos, neg, grounded: true, lastEpoch: 0, ...changes };
}

function says(issuer: string, claims: Claim[], changes: Partial<Attestation> = {}): Attestation {
  return { issuer, seq: 1, issuedAt: wallStart, expiresAt: wallStart + hour, claims, ...changes };
}

function router(pins: Record<string, number> = {}) {
  const r = createRouter({ random: seeded(1), self: "me" });
  r.import([], 0, wallStart);
  r.setPins(new Map(Object.entries(pins)));
  return r;
}

const good = (r: ReturnType<typeof router>, peer: string, times: number, at = skill): void => {
  for (let i = 0; i < times; i++) r.onGood(peer, at, { grounded: true, taskId: `t${i}` }, 0);
};

describe("what others say", () => {
  it("counts when it comes from a pinned peer, by at most ten observations, and at once", () => {
    const r = router({ friend: 1 });
    r.tick(0, wallStart);
    expect(r.onAttestation(says("friend", [claim("worker", 20)]), wallStart)).toBe(true);
    const { hearsay, posterior } = r.explainTrust("worker", skill, wallStart);
    expect(hearsay.good).toBeCloseTo(10);
    expect(hearsay.bad).toBe(0);
    expect(hearsay.recommenders).toMatchObject([{ peer: "friend", pos: 20, neg: 0, share: 1 }]);
    expect(posterior.lower).toBeGreaterThan(0.8);
  });

  it("moves routing: whom a friend warns of is left out, whom he praises is in the band", () => {
    const r = router({ friend: 1 });
    const peers = ["praised", "slandered", "a", "b", "c", "d"].map((peer) => candidate(peer));
    const firsts = (peer: string): number => {
      let n = 0;
      for (let i = 0; i < 300; i++) n += r.decide(request(), peers, 1, wallStart).order[0] === peer ? 1 : 0;
      return n;
    };
    for (const peer of ["a", "b", "c", "d"]) good(r, peer, 20);
    r.tick(0, wallStart);
    firsts("a");
    r.onAttestation(says("friend", [claim("praised", 50), claim("slandered", 0, 10)]), wallStart);
    expect(firsts("praised")).toBeGreaterThan(20);
    expect(firsts("slandered")).toBe(0);
  });

  it("is nothing from strangers, and a flood of them changes nothing", () => {
    const r = router({ friend: 1 });
    good(r, "worker", 10);
    r.tick(0, wallStart);
    const before = r.explainTrust("worker", skill, wallStart);
    for (let i = 0; i < 500; i++)
      r.onAttestation(says(`s${i}`, [claim("worker", 0, 50), claim(`s${i + 1}`, 50)]), wallStart);
    r.tick(60_000, wallStart);
    expect(r.explainTrust("worker", skill, wallStart)).toEqual(before);
    expect(r.isHeard("s1")).toBe(false);
  });

  it("is replaced by the next, gone when it expires, and not brought back by an older one", () => {
    const r = router({ friend: 1 });
    const heard = (wallMs: number): number => {
      r.tick(wallMs - wallStart, wallMs);
      return r.explainTrust("worker", skill, wallMs).hearsay.good;
    };
    r.onAttestation(says("friend", [claim("worker", 20)], { seq: 2 }), wallStart);
    expect(heard(wallStart)).toBeCloseTo(10);
    expect(r.onAttestation(says("friend", [], { seq: 1 }), wallStart)).toBe(false);
    expect(heard(wallStart)).toBeCloseTo(10);
    expect(heard(wallStart + 2 * hour)).toBe(0);
    const late = says("friend", [claim("worker", 20)], { seq: 1, expiresAt: wallStart + 9 * hour });
    expect(r.onAttestation(late, wallStart + 2 * hour)).toBe(false);
    expect(heard(wallStart + 3 * hour)).toBe(0);
  });
});

describe("what this node says", () => {
  it("is its grounded verdicts alone", () => {
    const r = router({ friend: 1 });
    r.onAttestation(says("friend", [claim("heard of", 50)]), wallStart);
    for (let i = 0; i < 20; i++) r.onGood("unchecked", skill, {}, 0);
    good(r, "checked", 3);
    r.onBad("liar", skill, "hash", 0);
    expect(r.claims(wallStart)).toEqual([
      claim("liar", 0, 1, { lastEpoch: wallStart / hour }),
      claim("checked", 3, 0, { lastEpoch: wallStart / hour }),
    ]);
  });
});
