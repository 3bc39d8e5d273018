import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adaptiveLimit, fixedLimit, type ConcurrencyLimit } from "../../../src/worker/adaptive-limit.ts";

/** `seconds` of full use, twenty runs a second; `tookMs` says how long one takes when so many run at once. */
function use(
  limit: ConcurrencyLimit,
  seconds: number,
  from: number,
  tookMs: (atOnce: number) => number,
  running = () => limit.current,
): void {
  for (let i = 0; i < seconds * 20; i++) limit.ran("s", tookMs(running()), running(), from + i * 50);
}

describe("the limit", () => {
  it("starts at four, or at what is allowed", () => {
    expect([1, 2, 4, 16].map((most) => adaptiveLimit(most).current)).toEqual([1, 2, 4, 4]);
    expect([0, 3].map((slots) => fixedLimit(slots).current)).toEqual([1, 3]);
  });

  it("grows to what is allowed while runs take no longer", () => {
    const limit = adaptiveLimit(16);
    use(limit, 60, 0, () => 100);
    expect(limit.current).toBe(16);
  });

  it("finds how many the machine does well", () => {
    const limit = adaptiveLimit(32);
    // Six cores in truth: beyond that they share.
    use(
      limit,
      5,
      0,
      () => 100,
      () => 4,
    );
    use(limit, 20, 5_000, (atOnce) => 100 * Math.max(1, atOnce / 6));
    expect(limit.current).toBeGreaterThanOrEqual(6);
    expect(limit.current).toBeLessThan(20);
  });

  it("falls when everything takes longer, also from two slots, and comes back", () => {
    for (const most of [2, 8]) {
      const limit = adaptiveLimit(most);
      use(limit, 60, 0, () => 100);
      expect(limit.current).toBe(most);
      use(limit, 12, 60_000, () => 500);
      expect(limit.current).toBeLessThan(most);
      use(limit, 60, 72_000, () => 100);
      expect(limit.current).toBe(most);
    }
  });

  it("says nothing of a machine that is hardly used", () => {
    const limit = adaptiveLimit(16);
    use(
      limit,
      60,
      0,
      () => 100,
      () => 1,
    );
    expect(limit.current).toBe(4);
  });

  it("does not take a longer skill for a slower machine", () => {
    const limit = adaptiveLimit(4);
    for (let i = 0; i < 2_000; i++)
      limit.ran(i % 7 === 0 ? "long" : "short", i % 7 === 0 ? 5_000 : 5, 4, i * 50);
    for (let i = 0; i < 500; i++) limit.ran("long", 5_000, 4, 100_000 + i * 50);
    expect(limit.current).toBe(4);
  });

  it("stays between one and what is allowed, whatever is measured", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.tuple(fc.double(), fc.integer({ min: 1, max: 100 })), { maxLength: 400 }),
        (most, runs) => {
          const limit = adaptiveLimit(most);
          for (const [i, [tookMs, running]] of runs.entries()) {
            limit.ran("s", tookMs, running, i * 300);
            expect(limit.current).toBeGreaterThanOrEqual(1);
            expect(limit.current).toBeLessThanOrEqual(most);
            expect(Number.isInteger(limit.current)).toBe(true);
          }
        },
      ),
    );
  });
});
