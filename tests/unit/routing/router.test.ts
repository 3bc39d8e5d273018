import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { createRouter } from "../../../src/routing/router.ts";
import type { Router } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

const idle = { running: 0, slots: 4, queued: 0, serviceMs: 100 };
function router(seed = 1): Router {
  const r = createRouter({ random: seeded(seed), self: "me" });
  r.import([], 0, wallStart);
  return r;
}

/** `times` attempts that went well. */
function serve(r: Router, peer: string, times = 12, now = 0): void {
  for (let i = 0; i < times; i++) {
    r.onSent(peer, skill, now);
    r.onAck(peer, 20, idle, now);
    r.onGood(peer, skill, { wallMs: 100, load: idle }, now);
  }
}

/** How often each peer comes first in `rounds` decisions. */
function firsts(r: Router, peers: ReturnType<typeof candidate>[], rounds: number, asked = request()) {
  const counts = new Map<string, number>();
  for (let i = 0; i < rounds; i++) {
    const first = r.decide(asked, peers, 10, wallStart + 10).order[0] ?? "";
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

describe("the decision", () => {
  it("is the same for the same seed and history", () => {
    const run = (): string[][] => {
      const r = router(42);
      const peers = Array.from({ length: 12 }, (_, i) => candidate(`p${i}`));
      return Array.from({ length: 50 }, (_, now) => {
        const { order } = r.decide(request(), peers, now, wallStart + now);
        serve(r, order[0] ?? "", 1, now);
        return order;
      });
    };
    expect(run()).toEqual(run());
  });

  it("says when nobody is there, and takes the only one whatever it is worth", () => {
    const r = router();
    expect(r.decide(request(), [], 0, wallStart)).toEqual({
      order: [],
      how: "none",
      considered: [],
      omitted: 0,
    });
    r.onBad("p", skill, "wrong hash", 0);
    for (const now of [0, 1_000, 2_000, 3_000]) r.onLost("p", skill, now);
    const decision = r.decide(request(), [candidate("p")], 3_000, wallStart);
    expect(decision).toMatchObject({ order: ["p"], how: "only" });
    expect(r.gaugesOf("p", 3_000)).toMatchObject({ ejected: true, lastBad: "wrong hash" });
  });

  it("runs at home while there is a free slot, and elsewhere once the own queue is long", () => {
    const r = router();
    const mine = (running: number, queued: number) =>
      candidate("me", { local: true, load: { running, slots: 2, queued, serviceMs: 100 } });
    const others = Array.from({ length: 5 }, (_, i) => candidate(`p${i}`, { load: idle }));
    for (const { peer } of others) serve(r, peer);
    expect(firsts(r, [mine(1, 0), ...others], 100).get("me")).toBe(100);
    expect(firsts(r, [mine(2, 500), ...others], 100).get("me")).toBeUndefined();
  });

  it("draws a few of many: the chosen, fallbacks by score, and no more peers in the record than it holds", () => {
    const r = router();
    const peers = Array.from({ length: 40 }, (_, i) => candidate(`p${i}`));
    const { order, considered, omitted } = r.decide(request(), peers, 0, wallStart);
    expect(order.length).toBeGreaterThanOrEqual(4);
    expect(considered).toHaveLength(limits.consideredPeers);
    expect(omitted).toBe(40 - limits.consideredPeers);
    const totals = considered.slice(0, order.length).map((c) => c.score?.totalMs ?? Number.NaN);
    expect(totals).toEqual(totals.toSorted((x, y) => x - y));
    expect(considered.slice(0, order.length).map((c) => c.peer)).toEqual(order);
  });

  it("prefers of known peers the one that is nearer, idler or cheaper", () => {
    const worse = [
      { connected: false },
      { load: { running: 4, slots: 4, queued: 60, serviceMs: 100 } },
      { price: 100 },
    ];
    for (const changes of worse) {
      const r = router();
      for (const peer of ["good", "worse"]) serve(r, peer);
      for (const peer of ["good", "worse"]) r.onAck(peer, 1_500, idle, 0);
      const peers = [candidate("worse", changes), candidate("good")];
      // A second later the card is the newer report.
      const first = Array.from(
        { length: 100 },
        () => r.decide(request(), peers, 1_000, wallStart + 1_000).order[0],
      );
      expect(first.filter((p) => p === "good").length, JSON.stringify(changes)).toBeGreaterThan(75);
    }
  });
});

describe("trust", () => {
  it("keeps newcomers at a few in a hundred once four peers are known, and never at none", () => {
    const r = router(3);
    const known = Array.from({ length: 6 }, (_, i) => candidate(`known${i}`));
    for (const { peer } of known) serve(r, peer);
    const counts = firsts(r, [...known, candidate("new")], 4_000);
    expect(counts.get("new")).toBeGreaterThan(8);
    expect(counts.get("new")).toBeLessThan(800);
    for (const { peer } of known) expect(counts.get(peer)).toBeGreaterThan(300);
  });

  it("puts a pinned stranger into the band without making it the only one", () => {
    const r = router(5);
    const peers = [candidate("pinned", { pin: 1 }), ...["a", "b", "c"].map((p) => candidate(p))];
    for (const peer of ["a", "b", "c"]) serve(r, peer);
    const counts = firsts(r, peers, 1_000);
    expect(counts.get("pinned")).toBeGreaterThan(250);
    expect(counts.get("pinned")).toBeLessThan(800);
    const distrusted = firsts(r, [candidate("x", { pin: 0 }), ...peers], 1_000);
    expect(distrusted.get("x") ?? 0).toBeLessThan(20);
  });

  it("counts unchecked results weakly, checked ones fully, failures of the skill and refusals not at all", () => {
    const r = router();
    r.import([], 0, wallStart);
    serve(r, "weak", 100);
    for (let i = 0; i < 100; i++) {
      r.onGood("checked", skill, { grounded: true }, 0);
      r.onSkillFailed("failing", skill, { wallMs: 1 }, 0);
      r.onRefused("refusing", undefined, 1, 0);
      r.onTimeout("slow", skill, i * 1_000);
    }
    expect(r.trustOf("weak", 0).good).toBeCloseTo(5, 1);
    expect(r.trustOf("checked", 0).good).toBeGreaterThan(70);
    const stranger = r.trustOf("never seen", 0);
    expect(r.trustOf("failing", 0)).toEqual(stranger);
    expect(r.trustOf("refusing", 0)).toEqual(stranger);
    expect(r.trustOf("slow", 100_000)).toMatchObject({ mean: stranger.mean, good: 0, bad: 0 });
    expect(r.trustOf("slow", 100_000).reliability).toBeLessThan(0.1);
    expect(r.trustOf("me", 0)).toMatchObject({ mean: 1, lower: 1 });
  });

  it("survives a restart, dated by the wall clock", () => {
    const before = router();
    before.import([], 5_000, wallStart);
    serve(before, "a", 12, 5_000);
    before.onBad("b", skill, "bad signature", 5_000);
    const rows = before.exportDirty();
    expect(rows.find((row) => row.peer === "a")?.updatedAt).toBe(wallStart);
    const after = router();
    after.import(rows, 10, wallStart + 60_000);
    expect(after.trustOf("a", 10).good).toBeCloseTo(5, 2);
    expect(after.trustOf("b", 10).bad).toBeCloseTo(4, 2);
  });

  it("keeps no evidence of this node itself", () => {
    const r = router();
    serve(r, "me");
    r.onBad("me", skill, "own hash", 0);
    r.onLost("me", skill, 0);
    expect(r.exportDirty()).toEqual([]);
    expect(r.gaugesOf("me", 0)).toMatchObject({ inFlight: 0, ejected: false });
  });
});

describe("peers that are out of it for a while", () => {
  it("leaves a peer alone that asked for time, unless all did", () => {
    const r = router();
    const peers = ["a", "b"].map((p) => candidate(p));
    r.onSent("a", skill, 0);
    r.onRefused("a", undefined, 800, 0);
    const decision = r.decide(request(), peers, 300, wallStart);
    expect(decision.order).toEqual(["b"]);
    expect(decision.considered[1]?.refused).toBe("asked to be left alone for another 500 ms");
    r.onSent("b", skill, 300);
    r.onRefused("b", undefined, 1_000, 300);
    const both = r.decide(request(), peers, 400, wallStart);
    expect(both.order.toSorted()).toEqual(["a", "b"]);
    expect(both.retryAfterMs).toBe(400);
    expect(r.decide(request(), peers, 900, wallStart).order).toEqual(["a"]);
  });

  it("ejects at most half of the providers, and brings back first whose time ends first", () => {
    const r = router();
    const peers = ["a", "b", "c", "d", "e"].map((p) => candidate(p));
    // "a" is ejected first, "d" last.
    for (const [i, peer] of ["a", "b", "c", "d"].entries()) {
      for (let n = 0; n < 3; n++) r.onLost(peer, skill, i * 5_000 + n * 1_000);
    }
    const decision = r.decide(request(), peers, 18_000, wallStart);
    expect(decision.order.toSorted()).toEqual(["a", "b", "e"]);
    const refused = decision.considered.filter((c) => c.refused !== "").map((c) => c.peer);
    expect(refused).toEqual(["c", "d"]);
  });
});

describe("affinity", () => {
  it("brings tasks of one key to the same two idle peers far more often than chance", () => {
    const r = router(9);
    const peers = Array.from({ length: 20 }, (_, i) => candidate(`peer-${i}`));
    for (const { peer } of peers) serve(r, peer);
    const counts = firsts(r, peers, 500, request({ affinityKey: "model-7" }));
    const topTwo = Array.from(counts.values())
      .toSorted((x, y) => y - x)
      .slice(0, 2);
    expect(topTwo.reduce((x, y) => x + y, 0)).toBeGreaterThan(500 * 0.35);
    const other = firsts(r, peers, 500, request({ affinityKey: "model-8" }));
    expect(Array.from(other).toSorted((x, y) => y[1] - x[1])[0]?.[0]).not.toBe(
      Array.from(counts).toSorted((x, y) => y[1] - x[1])[0]?.[0],
    );
  });
});

type Step = { peer: number; what: number; after: number };
const anyStep: fc.Arbitrary<Step> = fc.record({
  peer: fc.integer({ min: 0, max: 5 }),
  what: fc.integer({ min: 0, max: 8 }),
  after: fc.integer({ min: 0, max: 20_000 }),
});
const anyCandidate = (i: number) =>
  fc
    .record({
      blocked: fc.boolean(),
      connected: fc.boolean(),
      price: fc.integer({ min: 0, max: 4 }),
      pin: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      skillVersion: fc.constantFrom("1.0.0", "2.0.0", "nonsense"),
      loadAgeMs: fc.integer({ min: 0, max: 100_000 }),
    })
    .map((changes) => candidate(`p${i}`, { ...changes, local: i === 0 }));

function replay(r: Router, steps: Step[]): number {
  let now = 0;
  for (const { peer, what, after } of steps) {
    now += after;
    const p = `p${peer}`;
    if (what === 0) r.onSent(p, skill, now);
    else if (what === 1) r.onAck(p, after % 300, idle, now);
    else if (what === 2) r.onRefused(p, undefined, after, now);
    else if (what === 3) r.onGood(p, skill, { wallMs: after % 700, load: idle }, now);
    else if (what === 4) r.onBad(p, skill, "hash", now);
    else if (what === 5) r.onTimeout(p, skill, now);
    else if (what === 6) r.onReleased(p);
    else if (what === 7) r.onSkillFailed(p, skill, {}, now);
    else r.onLost(p, skill, now);
  }
  return now;
}

it("after any history: no duplicates, nobody refused is chosen, everybody is accounted for, and who is able is used", () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 80 }),
      fc.tuple(...[0, 1, 2, 3, 4, 5].map(anyCandidate)),
      fc.integer(),
      fc.record({
        skillVersion: fc.constantFrom("", "^1.0.0"),
        maxPrice: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
        minTrust: fc.constantFrom(0, 0, 0.3),
        exclude: fc.subarray(["p0", "p1", "p2"]).map((peers) => new Set(peers)),
        affinityKey: fc.constantFrom("", "key"),
      }),
      (steps, candidates, seed, asked) => {
        const r = createRouter({ random: seeded(seed), self: "p0" });
        r.import([], 0, wallStart);
        const now = replay(r, steps);
        // The last one twice: a caller's mistake must not give it two places.
        const named = [...candidates, candidates[5] ?? candidate("p5")];
        const decision = r.decide(request(asked), named, now, wallStart + now);
        const { order, considered, omitted } = decision;

        expect(new Set(order).size).toBe(order.length);
        expect(considered.length + omitted).toBe(6);
        const refused = new Set(considered.filter((c) => c.refused !== "").map((c) => c.peer));
        expect(order.filter((peer) => refused.has(peer))).toEqual([]);
        for (const peer of order) {
          const taken = candidates.find((c) => c.peer === peer);
          expect(taken?.blocked).toBe(false);
          expect(asked.exclude.has(peer)).toBe(false);
        }
        // Ejections and wishes to be left alone never leave a task without anybody who could do it.
        const able = considered.filter(
          (c) => !/^(blocked|offers|costs|tried|trust is|takes)/.test(c.refused),
        );
        const ejected = able.filter((c) => /^lost \d/.test(c.refused));
        expect(ejected.length).toBeLessThanOrEqual(able.length / 2);
        if (able.length > 0) expect(order.length).toBeGreaterThan(0);
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
        for (const c of considered) {
          expect(c.inFlight).toBeGreaterThanOrEqual(0);
          if (c.score !== null) expect(Number.isFinite(c.score.totalMs)).toBe(true);
        }
      },
    ),
  );
});
