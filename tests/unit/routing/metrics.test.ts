import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as metrics from "../../../src/routing/metrics.ts";
import { MetricsTable } from "../../../src/routing/metrics-table.ts";

const middle = (): number => 0.5;
const load = { running: 3, slots: 4, queued: 2, serviceMs: 10 };

describe("round trip", () => {
  it("believes a peak at once and forgets it with a time constant of 10 s", () => {
    const m = metrics.newMetrics();
    expect(metrics.rttAt(m, 0)).toBe(-1);
    metrics.observeRtt(m, 10, 0);
    metrics.observeRtt(m, 110, 0);
    expect(metrics.rttAt(m, 0)).toBe(110);
    // The floor moved a hundredth of the way: 11. The 99 above it fall to 1/e.
    expect(metrics.rttAt(m, 10_000)).toBeCloseTo(11 + 99 / Math.E);
    metrics.observeRtt(m, 10, 10_000);
    expect(metrics.rttAt(m, 10_000)).toBeCloseTo(110 / Math.E + 10 * (1 - 1 / Math.E));
  });

  it("ignores what is no time", () => {
    const m = metrics.newMetrics();
    for (const wrong of [Number.NaN, -1, Infinity]) metrics.observeRtt(m, wrong, 0);
    expect(metrics.rttAt(m, 0)).toBe(-1);
  });
});

describe("load", () => {
  it("keeps the last report and counts what was sent since", () => {
    const m = metrics.newMetrics();
    metrics.sent(m, 0);
    metrics.observeLoad(m, load, 5);
    metrics.sent(m, 6);
    expect(m).toMatchObject({ load, loadAt: 5, sentSinceLoad: 1, inFlight: 2 });
  });

  it("ignores reports that are not made of sensible numbers", () => {
    const m = metrics.newMetrics();
    metrics.observeLoad(m, { ...load, queued: Number.NaN }, 5);
    metrics.observeLoad(m, { ...load, running: -1 }, 5);
    expect(m.load).toBeUndefined();
  });
});

describe("ejection", () => {
  const fail = (m: metrics.PeerMetrics, now: number) => metrics.transportFailed(m, now, middle);

  it("takes three faults in a row, 30 s the first time, 60 s the second", () => {
    const m = metrics.newMetrics();
    fail(m, 0);
    fail(m, 2_000);
    expect(metrics.isEjected(m, 2_000)).toBe(false);
    fail(m, 4_000);
    expect(metrics.isEjected(m, 33_999)).toBe(true);
    expect(metrics.isEjected(m, 34_000)).toBe(false);
    fail(m, 35_000);
    expect(m.ejectedUntil).toBe(95_000);
  });

  it("counts all that one cut link takes with it as one fault", () => {
    const m = metrics.newMetrics();
    const counted = Array.from({ length: 50 }, (_, i) => fail(m, i)).filter(Boolean);
    expect(counted).toHaveLength(1);
    expect(metrics.isEjected(m, 50)).toBe(false);
  });

  it("is forgiven by any answer, and never lasts longer than 300 s, give or take a tenth", () => {
    const m = metrics.newMetrics();
    let now = 0;
    for (let i = 0; i < 40; i++) {
      now = Math.max(now + 1_000, m.ejectedUntil);
      metrics.transportFailed(m, now, () => 0.999);
    }
    expect(m.ejectedUntil - now).toBeLessThanOrEqual(330_000);
    metrics.answered(m, now);
    expect(metrics.isEjected(m, now)).toBe(false);
    metrics.answered(m, now + 301_000);
    expect(m.ejections).toBe(0);
  });

  it("lets one attempt try the peer when its time is over", () => {
    const m = metrics.newMetrics();
    for (const now of [0, 1_000, 2_000]) fail(m, now);
    metrics.sent(m, 40_000);
    expect(metrics.isEjected(m, 40_001)).toBe(true);
    metrics.answered(m, 40_002);
    expect(metrics.isEjected(m, 40_003)).toBe(false);
  });

  it("gives the trial to another attempt when the first was taken back or its end was never told", () => {
    const m = metrics.newMetrics();
    for (const now of [0, 1_000, 2_000]) fail(m, now);
    metrics.sent(m, 40_000);
    metrics.released(m);
    expect(metrics.isEjected(m, 40_001)).toBe(false);
    metrics.sent(m, 41_000);
    expect(metrics.isEjected(m, 100_999)).toBe(true);
    expect(metrics.isEjected(m, 101_000)).toBe(false);
  });
});

describe("refusals", () => {
  it("are waited out for as long as was asked, at most a minute", () => {
    const m = metrics.newMetrics();
    metrics.refused(m, 700, 0);
    expect(m.avoidUntil).toBe(700);
    metrics.refused(m, 1e9, 800);
    expect(m.avoidUntil).toBe(60_800);
  });

  it("without a delay double from 50 ms, a burst counting once, until the peer accepts again", () => {
    const m = metrics.newMetrics();
    for (let i = 0; i < 10; i++) metrics.refused(m, undefined, 0);
    expect(m.avoidUntil).toBe(50);
    metrics.refused(m, undefined, 50);
    expect(m.avoidUntil).toBe(150);
    metrics.accepted(m);
    metrics.refused(m, undefined, 200);
    expect(m.avoidUntil).toBe(250);
  });
});

it("never counts fewer than no attempts in flight, and is exact when each ends once", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (steps) => {
      const m = metrics.newMetrics();
      let expected = 0;
      for (const start of steps) {
        if (start) metrics.sent(m, 0);
        else metrics.ended(m);
        expected = Math.max(0, expected + (start ? 1 : -1));
        expect(m.inFlight).toBe(expected);
      }
    }),
  );
});

it("bounds the table without losing peers that have attempts out", () => {
  const table = new MetricsTable({ maxPeers: 32 });
  metrics.sent(table.of("busy"), 0);
  for (let i = 0; i < 500; i++) metrics.observeRtt(table.of(`peer-${i}`), 1, i);
  expect(table.size).toBeLessThanOrEqual(32);
  expect(table.get("busy")?.inFlight).toBe(1);
  expect(table.get("peer-499")).toBeDefined();
});

it("averages the run time of a skill over all peers, 100 ms while nothing is known", () => {
  const table = new MetricsTable();
  expect(table.serviceMs("echo")).toBe(100);
  table.service("a", "echo", 40, 0);
  table.service("b", "echo", 50, 0);
  expect(table.serviceMs("echo")).toBeCloseTo(41);
  expect(table.get("a")?.services.get("echo")).toEqual({
    averageMs: 40,
    deviationMs: 0,
    leastMs: 40,
    samples: 1,
    at: 0,
    rating: 1,
  });
});
