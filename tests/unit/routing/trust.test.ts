import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../src/core/limits.ts";
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
  it("counts when it comes from a pinned peer, by at most twenty observations, and at once", () => {
    const r = router({ friend: 1 });
    r.tick(0, wallStart);
    expect(r.onAttestation(says("friend", [claim("worker", 20)]), wallStart)).toBe(true);
    const { hearsay, posterior } = r.explainTrust("worker", skill, wallStart);
    expect(hearsay.good).toBeCloseTo(20);
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
    expect(heard(wallStart)).toBeCloseTo(20);
    expect(r.onAttestation(says("friend", [], { seq: 1 }), wallStart)).toBe(false);
    expect(heard(wallStart)).toBeCloseTo(20);
    expect(heard(wallStart + 2 * hour)).toBe(0);
    const late = says("friend", [claim("worker", 20)], { seq: 1, expiresAt: wallStart + 9 * hour });
    expect(r.onAttestation(late, wallStart + 2 * hour)).toBe(false);
    expect(heard(wallStart + 3 * hour)).toBe(0);
  });
});

describe("a stranger's first words", () => {
  /** Verdicts of which nobody has heard, on both kinds of peers. */
  const meet = (r: ReturnType<typeof router>): void => {
    for (let i = 0; i < 20; i++) {
      good(r, `honest${i}`, 2);
      r.onBad(`liar${i}`, skill, "wrong", 0);
    }
  };
  const subjects = Array.from({ length: 20 }, (_, i) => i);
  const truth = subjects.flatMap((i) => [claim(`honest${i}`, 5), claim(`liar${i}`, 0, 2)]);
  const lies = subjects.flatMap((i) => [claim(`liar${i}`, 50), claim(`friend${i}`, 50)]);
  const credit = (r: ReturnType<typeof router>, peer: string): number =>
    r.explainTrust(peer, undefined, wallStart).credibility;

  it("are tested by what this node has told nobody: who could know better than by copying is believed at once", () => {
    const r = router();
    meet(r);
    r.onAttestation(says("witness", truth), wallStart);
    r.onAttestation(says("ring", lies), wallStart);
    expect(credit(r, "witness")).toBe(1);
    expect(credit(r, "ring")).toBe(0);
  });

  it("prove nothing once this node has said the same", () => {
    const r = router();
    meet(r);
    r.onSaid();
    r.onAttestation(says("parrot", truth), wallStart);
    expect(credit(r, "parrot")).toBe(0);
  });

  it("are tested by each verdict once, however often they are said", () => {
    const once = router();
    const often = router();
    for (const r of [once, often]) {
      good(r, "honest", 2);
      r.onAttestation(says("witness", [claim("honest", 5)], { seq: 1 }), wallStart);
    }
    for (let seq = 2; seq < 9; seq++)
      often.onAttestation(says("witness", [claim("honest", 5 + seq)], { seq }), wallStart);
    expect(often.exportCredibility()).toEqual(once.exportCredibility());
  });
});

describe("what this node says", () => {
  it("is its news and what it knows best, where not all of it fits", () => {
    const r = router();
    for (let i = 0; i < limits.claimsPerAttestation; i++) good(r, `old${i}`, 10 + (i % 5));
    r.onGood("newcomer", skill, { grounded: true }, 5_000);
    const said = r.claims(wallStart + 10_000);
    expect(said.length).toBe(limits.claimsPerAttestation);
    expect(said[0]).toMatchObject({ subject: "newcomer", pos: 1 });
    expect(new Set(said.map(({ subject }) => subject)).size).toBe(said.length);
    const rest = said.slice(limits.claimsPerAttestation / 2).map(({ pos }) => pos);
    expect(rest).toEqual(rest.toSorted((x, y) => y - x));
  });

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

describe("the order in which attestations come", () => {
  it("does not matter", () => {
    const peers = ["a", "b", "c", "d", "e"];
    const anyClaims = fc.array(
      fc.record({
        subject: fc.constantFrom(...peers, "x", "y"),
        pos: fc.integer({ min: 0, max: 50 }),
        neg: fc.integer({ min: 0, max: 50 }),
      }),
      { maxLength: 5 },
    );
    const any = fc.record({ issuer: fc.constantFrom(...peers), order: fc.integer(), claims: anyClaims });
    const trustAfter = (list: Attestation[]): number[] => {
      const r = router({ a: 1, b: 0.7 });
      good(r, "c", 5);
      // What nobody has heard yet tests whatever comes first.
      r.onSaid();
      r.tick(0, wallStart);
      for (const [i, a] of list.entries()) {
        r.onAttestation(a, wallStart);
        // Between some of them the graph is computed, which must not matter either.
        if (i % 3 === 0) r.tick((i + 1) * 60_000, wallStart);
      }
      r.tick(1e9, wallStart);
      return [...peers, "x", "y"].flatMap((peer) => {
        const { good: up, bad: down } = r.explainTrust(peer, skill, wallStart).hearsay;
        return [up, down];
      });
    };
    fc.assert(
      fc.property(fc.array(any, { maxLength: 10 }), (list) => {
        const numbered = list.map(({ issuer, claims, order }, i) => ({
          a: says(
            issuer,
            claims.map(({ subject, pos, neg }) => claim(subject, pos, neg)),
            { seq: i },
          ),
          order,
        }));
        const one = trustAfter(numbered.map(({ a }) => a));
        const shuffled = numbered.toSorted((x, y) => x.order - y.order);
        const other = trustAfter(shuffled.map(({ a }) => a));
        for (const [i, value] of one.entries()) expect(other[i]).toBeCloseTo(value, 6);
      }),
    );
  });
});

describe("liars among those who are heard", () => {
  it("a spy, who serves well and praises liars, is heard less and less, and then not at all", () => {
    const r = router();
    const liars = Array.from({ length: 12 }, (_, i) => `liar${i}`);
    const honest = Array.from({ length: 24 }, (_, i) => `honest${i}`);
    for (const peer of ["spy", "friend"]) good(r, peer, 30);
    r.tick(0, wallStart);
    const praise = (list: string[]): Claim[] => list.map((peer) => claim(peer, 50));
    r.onAttestation(says("spy", [...praise(liars), ...praise(honest.slice(0, 12))]), wallStart);
    r.onAttestation(says("friend", praise(honest)), wallStart);
    r.tick(60_000, wallStart);
    for (const peer of honest) good(r, peer, 1);
    for (const peer of liars) r.onBad(peer, skill, "wrong", 0);
    r.tick(120_000, wallStart);
    expect(r.explainTrust("spy", skill, wallStart).credibility).toBe(0);
    expect(r.explainTrust("friend", skill, wallStart).credibility).toBe(1);
    // Its service is another matter.
    expect(r.trustOf("spy", 0).lower).toBeGreaterThan(0.8);
    expect(r.explainTrust("liar3", skill, wallStart).hearsay.good).toBe(0);
  });

  it("one that said two things under one number is silent for ever, pinned or not", () => {
    const r = router({ friend: 1 });
    r.tick(0, wallStart);
    r.onAttestation(says("friend", [claim("worker", 50)]), wallStart);
    r.onEquivocation("friend");
    expect(r.explainTrust("worker", skill, wallStart).hearsay.good).toBe(0);
    expect(r.onAttestation(says("friend", [claim("worker", 50)], { seq: 9 }), wallStart)).toBe(false);
    expect(r.explainTrust("friend", skill, wallStart)).toMatchObject({ credibility: 0, equivocated: true });
  });

  it("one whose signature proves forged is forgotten, and the true one is taken", () => {
    const r = router({ friend: 1 });
    r.tick(0, wallStart);
    r.onAttestation(says("friend", [claim("worker", 0, 50)], { seq: 1e9 }), wallStart);
    r.dropIssuer("friend");
    expect(r.explainTrust("worker", skill, wallStart).hearsay.bad).toBe(0);
    expect(r.onAttestation(says("friend", [claim("worker", 50)]), wallStart)).toBe(true);
    expect(r.explainTrust("worker", skill, wallStart).hearsay.good).toBeGreaterThan(5);
  });
});

describe("how often results are checked", () => {
  it("always at first, then less with each that proves right, and never quite never", () => {
    const r = router();
    const share = (): number => r.verifyProbability("p", skill, wallStart);
    expect(share()).toBe(1);
    const shares = Array.from({ length: 40 }, () => {
      good(r, "p", 1);
      return share();
    });
    expect(shares).toEqual(shares.toSorted((x, y) => y - x));
    expect(share()).toBe(0.05);
    r.onBad("p", skill, "wrong", 0);
    expect(share()).toBe(1);
    expect(r.verifyProbability("me", skill, wallStart)).toBe(0);
  });

  it("less from the start for whom credible peers praise, and always for the next after an alarm", () => {
    const r = router({ friend: 1 });
    r.tick(0, wallStart);
    r.onAttestation(says("friend", [claim("p", 50)]), wallStart);
    const share = (wallMs = wallStart): number => r.verifyProbability("p", skill, wallMs);
    expect(share()).toBeLessThan(0.2);
    r.onAlarm("p", skill, wallStart + hour);
    expect(share()).toBe(1);
    good(r, "p", 1);
    expect(share()).toBeLessThan(0.2);
    r.onAlarm("p", skill, wallStart + hour);
    expect(share(wallStart + 2 * hour)).toBeLessThan(0.2);
    // An alarm is no verdict.
    expect(r.explainTrust("p", skill, wallStart).own).toMatchObject({
      badCount: 0,
      right: expect.closeTo(1, 1),
    });
  });

  it("less for who was right at other skills, up to a point, and not once it was wrong there", () => {
    const r = router();
    for (let i = 0; i < 9; i++) r.onGood("p", "elsewhere", { grounded: true }, 0);
    const share = (): number => r.verifyProbability("p", skill, wallStart);
    expect(share()).toBeCloseTo(1 / 10);
    for (let i = 0; i < 9; i++) r.onGood("p", "elsewhere", { grounded: true }, 0);
    expect(share()).toBeCloseTo(1 / 13);
    r.onBad("p", "elsewhere", "wrong", 0);
    expect(share()).toBe(1);
  });
});

describe("who vouches for whom", () => {
  const ringOf = (r: ReturnType<typeof router>, members: string[]): void => {
    for (const issuer of members) {
      const claims = members.filter((peer) => peer !== issuer).map((peer) => claim(peer, 50));
      r.onAttestation(says(issuer, claims), wallStart);
    }
  };

  it("members of a ring do, also by way of a third", () => {
    const r = router();
    ringOf(r, ["a", "b", "c"]);
    r.onAttestation(says("backer", [claim("d", 50), claim("e", 50)]), wallStart);
    expect(r.vouches("a", "b")).toBe(true);
    expect(r.vouches("d", "e")).toBe(true);
    expect(r.vouches("a", "d")).toBe(false);
    expect(r.vouches("a", "a")).toBe(true);
  });

  it("peers that stand for themselves do not, though they praise each other", () => {
    const r = router();
    for (const peer of ["a", "b"]) good(r, peer, 5);
    ringOf(r, ["a", "b"]);
    r.tick(60_000, wallStart);
    expect(r.vouches("a", "b")).toBe(false);
  });

  it("a stranger that praises a peer of good standing is not tied to it, but the one it is praised by is", () => {
    const r = router();
    good(r, "known", 5);
    r.onAttestation(says("stranger", [claim("known", 50)]), wallStart);
    expect(r.vouches("stranger", "known")).toBe(false);
    r.onAttestation(says("known", [claim("other", 50)]), wallStart);
    expect(r.vouches("known", "other")).toBe(true);
  });
});

describe("what people are shown", () => {
  it("is JSON, with reasons bounded and bad ones not pushed out by good", () => {
    const r = router({ friend: 0.9 });
    r.tick(0, wallStart);
    r.onBad("p", skill, "x".repeat(1_000), 0, { taskId: "t0" });
    good(r, "p", 100);
    r.onAttestation(says("friend", [claim("p", 9, 1)]), wallStart);
    const why = r.explainTrust("p", skill, wallStart);
    expect(JSON.parse(JSON.stringify(why))).toEqual(why);
    expect(why.own.verdicts).toHaveLength(5);
    expect(why.own.verdicts[0]).toMatchObject({ taskId: "t0", good: false });
    expect(why.own.verdicts[0]?.reason.length).toBeLessThan(200);
    expect(why.own.sinceMs).toBe(wallStart);
  });

  it("is a graph of this node, those it hears and what they say, the most visited if there are too many", () => {
    const r = router({ friend: 1 });
    good(r, "worker", 5);
    r.onAttestation(says("friend", [claim("worker", 9), claim("other", 0, 3)]), wallStart);
    r.tick(0, wallStart);
    const graph = r.trustGraph(wallStart);
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
    expect(graph.nodes.map(({ peer }) => peer).toSorted()).toEqual(["friend", "me", "other", "worker"]);
    expect(graph.edges.map(({ from, to, pos, neg }) => `${from} ${to} ${pos} ${neg}`).toSorted()).toEqual([
      "friend other 0 3",
      "friend worker 9 0",
      "me worker 5 0",
    ]);
    const small = r.trustGraph(wallStart, 2);
    expect(small.nodes.map(({ peer }) => peer)).toEqual(["me", "worker"]);
    expect(small.omitted).toBe(2);
  });
});
