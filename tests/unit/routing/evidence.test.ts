import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as evidence from "../../../src/routing/evidence.ts";
import type { Evidence } from "../../../src/routing/evidence.ts";

const nothing = { good: 0, bad: 0 };
const day = 86_400_000;
const of = (changes: Partial<Evidence> = {}): Evidence => ({ ...evidence.newEvidence(0), ...changes });
/** Checked, all of it. */
const elsewhere = (good: number, bad: number) => ({ good, bad, right: good });
const standing = (e: Evidence | undefined, now = 0) =>
  evidence.posterior(e, evidence.nothingElsewhere, nothing, 0.5, now);

describe("updates", () => {
  it("counts a grounded good verdict as A ← 0.995·A + 1", () => {
    const e = of({ good: 10 });
    evidence.addGood(e, 0);
    expect(e.good).toBeCloseTo(10.95);
  });

  it("keeps trusting a peer that errs twice in a hundred, however often it is asked, and not one that does in ten", () => {
    const after = (period: number): evidence.Standing => {
      const e = of();
      for (let i = 1; i <= 5_000; i++) {
        if (i % period === 0) evidence.addBad(e, 0);
        else evidence.addGood(e, 0);
      }
      return standing(e);
    };
    expect(after(50).lower).toBeGreaterThan(0.6);
    expect(after(10).lower).toBeLessThan(0.4);
    expect(after(5).lower).toBeLessThan(0.1);
  });

  it("tells frequencies apart from trust: of the last fifty or so, as many as there were", () => {
    const e = of();
    for (let i = 1; i <= 1_000; i++) {
      if (i % 5 === 0) evidence.addBad(e, 0);
      else evidence.addGood(e, 0);
    }
    expect(e.right / (e.right + e.wrong)).toBeCloseTo(0.8, 1);
    expect(e.right + e.wrong).toBeCloseTo(50, 0);
  });

  it("counts a bad verdict as A ← A/2, B ← B + 4, nb ← nb + 1", () => {
    const e = of({ good: 10, bad: 1 });
    evidence.addBad(e, 0);
    expect(e).toMatchObject({ good: 5, bad: 5, badCount: 1 });
  });

  it("moves reliability by ×0.8 on a timeout and 0.9·r + 0.1 on a reply, and neither A nor B", () => {
    const e = of({ good: 3, bad: 2 });
    evidence.addTimeout(e, 0);
    expect(e.reliability).toBeCloseTo(0.8);
    evidence.addReply(e, 0);
    expect(e.reliability).toBeCloseTo(0.82);
    expect(e).toMatchObject({ good: 3, bad: 2, badCount: 0 });
  });

  it("halves A in 7 days, B in 14, and the shortfall of reliability in 30 minutes", () => {
    const e = of({ good: 8, bad: 8, reliability: 0.2 });
    evidence.addReply(e, 14 * day);
    expect(e.good).toBeCloseTo(2);
    expect(e.bad).toBeCloseTo(4);
    expect(e.reliability).toBe(1);
    expect(evidence.reliabilityAt(of({ reliability: 0.2 }), 30 * 60_000)).toBeCloseTo(0.6);
  });

  it("decays nothing when the wall clock went back", () => {
    const e = of({ good: 8, updatedAt: 10 * day });
    evidence.addGood(e, 0);
    expect(e.good).toBeCloseTo(8.96);
    expect(e.updatedAt).toBe(10 * day);
  });

  it("stops counting unchecked results at 5, and at half of that after each failure", () => {
    const e = of();
    for (let i = 0; i < 100; i++) evidence.addWeakGood(e, 0);
    expect(e.good).toBe(5);
    evidence.addBad(e, 0);
    for (let i = 0; i < 100; i++) evidence.addWeakGood(e, 0);
    expect(e).toMatchObject({ good: 2.5, bad: 4 });
  });

  it("never takes grounded evidence away for an unchecked result", () => {
    const e = of({ good: 40 });
    expect(evidence.addWeakGood(e, 0)).toBe(false);
    expect(e.good).toBe(40);
  });
});

describe("posterior", () => {
  it("of a stranger is Beta(1, 1): mean .5, lower bound .5 − √(1/12)", () => {
    expect(standing(undefined)).toMatchObject({ a: 1, b: 1, mean: 0.5, known: false, reliability: 1 });
    expect(standing(undefined).lower).toBeCloseTo(0.2113, 4);
  });

  it("of five weak points is Beta(6, 1): 6/7 less √(6/49/8)", () => {
    expect(standing(of({ good: 5 })).mean).toBeCloseTo(0.8571, 4);
    expect(standing(of({ good: 5 })).lower).toBeCloseTo(0.7334, 4);
    expect(standing(of({ good: 5 })).known).toBe(true);
  });

  it("falls below the band's floor of .4 with one failure after any number of unchecked results", () => {
    // Beta(1 + 2.5, 1 + 4): mean .4118, deviation √(.2422/9.5) = .1597
    const lower = standing(of({ good: 2.5, bad: 4, badCount: 1 })).lower;
    expect(lower).toBeCloseTo(0.2521, 3);
  });

  it("decays by the time that has passed", () => {
    expect(standing(of({ good: 4, bad: 4 }), 14 * day)).toMatchObject({ a: 2, b: 3 });
  });

  it("takes a pin as ten observations, halved by each own failure up to four", () => {
    const pinned = (failures: number) =>
      evidence.posterior(
        of({ bad: 4 * failures }),
        evidence.nothingElsewhere,
        evidence.indirectOfPin(1),
        0.5,
        0,
      ).a;
    expect([0, 1, 2, 4, 9].map(pinned)).toEqual([11, 6, 3.5, 1.625, 1.625]);
    expect(evidence.indirectOfPin(0.3)).toEqual({ good: 3, bad: 7 });
    expect(evidence.indirectOfPin(undefined)).toEqual(nothing);
  });

  it("lets other skills stand in with at most eight good and four bad observations, the good ones only where own are missing", () => {
    // Others 30:10, so 6 good of eight, and 1 bad of four.
    expect(evidence.posterior(undefined, elsewhere(30, 10), nothing, 0.5, 0)).toMatchObject({ a: 7, b: 2 });
    // Two own: 6 of the good part are left, 6 · 3/4; the bad part stays.
    expect(evidence.posterior(of({ good: 2 }), elsewhere(30, 10), nothing, 0.5, 0)).toMatchObject({
      a: 7.5,
      b: 2,
    });
    // Of what nobody checked, four.
    expect(evidence.posterior(undefined, { good: 30, bad: 0, right: 0 }, nothing, 0.5, 0)).toMatchObject({
      a: 5,
      b: 1,
    });
    // Less than eight elsewhere count as what they are.
    expect(evidence.posterior(undefined, elsewhere(1, 0), nothing, 0.5, 0)).toMatchObject({ a: 2, b: 1 });
  });

  it("has a prior for strangers between .02 and .5, smoothed by two imaginary encounters of each kind", () => {
    expect(evidence.strangerPrior(0, 0)).toBe(0.5);
    expect(evidence.strangerPrior(0, 1)).toBeCloseTo(0.4);
    expect(evidence.strangerPrior(50, 0)).toBe(0.5);
    expect(evidence.strangerPrior(0, 1e6)).toBe(0.02);
  });
});

const anyEvidence = fc.record({
  good: fc.double({ min: 0, max: 200, noNaN: true }),
  bad: fc.double({ min: 0, max: 200, noNaN: true }),
  badCount: fc.integer({ min: 0, max: 20 }),
  reliability: fc.double({ min: 0.02, max: 1, noNaN: true }),
  right: fc.constant(0),
  wrong: fc.constant(0),
  valid: fc.constant(0),
  updatedAt: fc.constant(0),
});
const weight = fc.double({ min: 0, max: 100, noNaN: true });
const prior = fc.double({ min: 0.02, max: 0.5, noNaN: true });

describe("properties", () => {
  it("keeps the lower bound within [0, mean] and the mean within (0, 1)", () => {
    fc.assert(
      fc.property(anyEvidence, weight, weight, prior, weight, (e, good, bad, p0, days) => {
        const s = evidence.posterior(e, elsewhere(good, bad), { good: bad, bad: good }, p0, days * day);
        expect(s.lower).toBeGreaterThanOrEqual(0);
        expect(s.lower).toBeLessThanOrEqual(s.mean);
        expect(s.mean).toBeLessThan(1);
        expect(s.reliability).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("never raises the lower bound by a bad verdict", () => {
    fc.assert(
      fc.property(anyEvidence, weight, weight, prior, (e, good, bad, p0) => {
        const before = evidence.posterior(e, elsewhere(good, bad), nothing, p0, 0).lower;
        evidence.addBad(e, 0);
        const after = evidence.posterior(e, elsewhere(good, bad), nothing, p0, 0).lower;
        expect(after).toBeLessThanOrEqual(before + 1e-12);
      }),
    );
  });

  it("never lets unchecked results outweigh a failure, in whatever order they come", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (outcomes) => {
        const e = of();
        for (const good of [...outcomes, false]) {
          if (good) evidence.addWeakGood(e, 0);
          else evidence.addBad(e, 0);
        }
        for (let i = 0; i < 50; i++) evidence.addWeakGood(e, 0);
        expect(e.good).toBeLessThan(e.bad);
        expect(standing(e).lower).toBeLessThan(0.4);
      }),
    );
  });
});
