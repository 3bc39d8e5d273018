import { expect, describe, it } from "vitest";
import { EvidenceTable } from "../../../src/routing/evidence-table.ts";
import { MetricsTable } from "../../../src/routing/metrics-table.ts";
import * as metrics from "../../../src/routing/metrics.ts";
import { Prospects } from "../../../src/routing/prospects.ts";
import { occupancy, score, serviceTimes } from "../../../src/routing/score.ts";
import type { Candidate } from "../../../src/routing/candidate.ts";
import { candidate, skill, wallStart } from "./fixtures.ts";

function prospect(changes: Partial<Candidate> = {}, prepare?: (m: metrics.PeerMetrics) => void) {
  const evidence = new EvidenceTable();
  const table = new MetricsTable();
  prepare?.(table.of("p"));
  const prospects = new Prospects(evidence, table);
  const made = prospects.of(prospects.ofSkill(skill), candidate("p", changes), wallStart);
  made.theta = 0.75;
  return made;
}

describe("score", () => {
  it("adds round trip, run and wait, unreliability, distrust and price", () => {
    const p = prospect({ price: 2, load: { running: 4, slots: 4, queued: 3, serviceMs: 200 } }, (m) =>
      metrics.observeRtt(m, 30, 0),
    );
    p.standing = { ...p.standing, reliability: 0.6 };
    const parts = score(p, 100, 0);
    expect(parts.rttMs).toBe(30);
    // 200·(1 + (7 + 1 − 4)/4)
    expect(parts.serviceMs).toBeCloseTo(400);
    // .4/.6·3000
    expect(parts.unreliabilityMs).toBeCloseTo(2_000);
    // .25/.75·3000
    expect(parts.distrustMs).toBeCloseTo(1_000);
    expect(parts.priceMs).toBe(100);
    expect(parts.totalMs).toBeCloseTo(3_530);
  });

  it("prices a wrong result by the runs that it costs, within bounds", () => {
    for (const [skillMs, wrongMs] of [
      [1, 150],
      [20, 600],
      [100, 3_000],
      [60_000, 3_000],
    ] as const)
      expect(score(prospect(), skillMs, 0).distrustMs).toBeCloseTo(wrongMs / 3);
  });

  it("counts an unmeasured peer as 20 ms away, and three times that when it must be connected first", () => {
    expect(score(prospect(), 100, 0).rttMs).toBe(20);
    expect(score(prospect({ connected: false }), 100, 0).rttMs).toBe(60);
  });

  it("burdens this node with nothing but its own load", () => {
    const p = prospect({ local: true, price: 9, load: { running: 2, slots: 2, queued: 0, serviceMs: 50 } });
    p.theta = 0;
    expect(score(p, 100, 0)).toEqual({
      rttMs: 0,
      serviceMs: 75,
      unreliabilityMs: 0,
      distrustMs: 0,
      priceMs: 0,
      qualityMs: 0,
      totalMs: 75,
    });
  });

  it("stays finite for whatever a card claims", () => {
    const nonsense = { running: Infinity, slots: 0, queued: Number.NaN, serviceMs: -5 };
    const p = prospect({ load: nonsense, price: Number.NaN });
    p.theta = 0;
    for (const part of Object.values(score(p, 100, 0))) expect(Number.isFinite(part)).toBe(true);
  });
});

describe("occupancy", () => {
  it("adds what was sent since the last answer, and is never below own attempts out there", () => {
    const p = prospect({ loadAgeMs: 1_000 }, (m) => {
      for (let i = 0; i < 3; i++) metrics.sent(m, 0);
      metrics.observeLoad(m, { running: 1, slots: 2, queued: 0, serviceMs: 10 }, 0);
      metrics.sent(m, 0);
    });
    expect(occupancy(p, 0)).toEqual({ inHand: 4, slots: 2, reportedServiceMs: 10 });
    metrics.observeLoad(p.metrics, { running: 2, slots: 2, queued: 9, serviceMs: 10 }, 0);
    metrics.sent(p.metrics, 0);
    expect(occupancy(p, 0).inHand).toBe(12);
  });

  it("halves a report every 5 s, and prefers the newer of card and answer", () => {
    const busy = { running: 4, slots: 4, queued: 4, serviceMs: 10 };
    expect(occupancy(prospect({ load: busy, loadAgeMs: 5_000 }), 0).inHand).toBeCloseTo(4);
    const answered = prospect({ load: busy, loadAgeMs: 100 }, (m) => {
      metrics.observeLoad(m, { ...busy, running: 0, queued: 0 }, 0);
    });
    expect(occupancy(answered, 50).inHand).toBe(0);
    expect(occupancy(answered, 200).inHand).toBeCloseTo(8, 0);
  });
});

it.each([
  // reported, own, over all peers → run, queued
  [0, undefined, 100, 100, 100],
  [40, undefined, 100, 40, 40],
  [0, 60, 100, 60, 60],
  // A report that is too good is believed down to half of what was measured…
  [1, 60, 100, 30, 30],
  // …and one that is too bad, because the peer also runs longer skills, counts for the queue only.
  [10_000, 60, 100, 120, 10_000],
])("reported %s ms, own %s ms, skill %s ms: run %s, queue %s", (reported, own, all, runMs, queuedMs) => {
  expect(serviceTimes(reported, own, all)).toEqual({ runMs, queuedMs });
});
