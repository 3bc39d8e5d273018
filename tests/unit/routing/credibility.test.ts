import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CredibilityTable, judge, newCredibility, rho } from "../../../src/routing/credibility.ts";
import { seeded } from "./fixtures.ts";

describe("credibility", () => {
  it("is 0 for coins and worse, 1 from four right in five", () => {
    expect(rho({ right: 5, wrong: 5, equivocated: false })).toBe(0);
    expect(rho({ right: 1, wrong: 9, equivocated: false })).toBe(0);
    expect(rho({ right: 8, wrong: 2, equivocated: false })).toBeCloseTo(1);
    expect(rho({ right: 100, wrong: 0, equivocated: true })).toBe(0);
    expect(rho(undefined)).toBeCloseTo(rho(newCredibility()));
  });

  it("cannot be had by praising everybody, whatever share of them is good", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 0.97, noNaN: true }), fc.integer(), (share, seed) => {
        const random = seeded(seed);
        const c = newCredibility();
        for (let i = 0; i < 3_000; i++) judge(c, random() < share, 1, share);
        expect(rho(c)).toBeLessThan(0.35);
      }),
      { numRuns: 30 },
    );
  });

  it("is lost by a spy, who praises liars and says the truth of a few others", () => {
    const table = new CredibilityTable();
    for (let i = 0; i < 300; i++) {
      const good = i % 2 !== 0;
      table.judge("spy", good, 1);
      table.judge("friend", good, good ? 1 : 0);
      table.outcome(good);
    }
    expect(table.of("spy")).toBeLessThan(0.1);
    expect(table.of("friend")).toBe(1);
  });

  it("falls faster by slander than it rises by praise", () => {
    const table = new CredibilityTable();
    const before = table.of("slanderer");
    table.judge("slanderer", true, 0);
    expect(table.of("slanderer")).toBe(0);
    for (let i = 0; i < 3; i++) table.judge("slanderer", true, 1);
    expect(table.of("slanderer")).toBeLessThan(before);
  });

  it("follows the operator's word, but for equivocation", () => {
    const table = new CredibilityTable();
    table.pins = new Map([
      ["friend", 1],
      ["enemy", 0],
    ]);
    for (let i = 0; i < 50; i++) table.judge("friend", false, 1);
    expect(table.of("friend")).toBe(0.9);
    for (let i = 0; i < 50; i++) table.judge("enemy", true, 1);
    expect(table.of("enemy")).toBe(0);
    table.equivocated("friend");
    expect(table.of("friend")).toBe(0);
  });

  it("is the same after a restart", () => {
    const before = new CredibilityTable();
    for (let i = 0; i < 9; i++) before.judge("a", true, 1);
    before.outcome(true);
    before.equivocated("b");
    const after = new CredibilityTable();
    after.import(before.exportDirty());
    for (const peer of ["a", "b", "stranger"]) expect(after.of(peer)).toBe(before.of(peer));
    expect(after.average).toBe(before.average);
    expect(before.exportDirty()).toEqual([]);
    after.import([{ peer: "c", right: Number.NaN, wrong: 1, equivocated: false }]);
    expect(after.of("c")).toBe(rho(undefined));
  });
});
