import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CredibilityTable, judge, newCredibility, rho } from "../../../src/routing/credibility.ts";
import { seeded } from "./fixtures.ts";

const praise = { pos: 50, neg: 0 };
const slander = { pos: 0, neg: 50 };

describe("credibility", () => {
  it("is 0 for little better than coins and worse, 1 from seventeen right in twenty", () => {
    expect(rho({ right: 5, wrong: 5, equivocated: false })).toBe(0);
    expect(rho({ right: 1, wrong: 9, equivocated: false })).toBe(0);
    expect(rho({ right: 6, wrong: 4, equivocated: false })).toBe(0);
    expect(rho({ right: 17, wrong: 3, equivocated: false })).toBeCloseTo(1);
    expect(rho({ right: 100, wrong: 0, equivocated: true })).toBe(0);
    expect(rho(undefined)).toBeCloseTo(rho(newCredibility()));
  });

  it("cannot be had by praising everybody, while fewer than nine in ten are good", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.85, noNaN: true }), fc.integer(), (share, seed) => {
        const random = seeded(seed);
        const c = newCredibility();
        for (let i = 0; i < 2_000; i++) judge(c, random() < share, praise, 0);
        expect(rho(c)).toBeLessThan(0.15);
      }),
      { numRuns: 30 },
    );
  });

  it("cannot be had by slander, nor bought with truth beside it", () => {
    const liar = newCredibility();
    const honest = newCredibility();
    for (let i = 0; i < 400; i++) {
      const good = i % 4 !== 0;
      // Three true words for each lie.
      judge(liar, good, i % 4 === 1 ? slander : praise, 0);
      judge(honest, good, good ? praise : slander, 0);
    }
    expect(rho(liar)).toBe(0);
    expect(rho(honest)).toBe(1);
  });

  it("survives the errors that honest peers make, and does not depend on reports of middling peers", () => {
    const c = newCredibility();
    for (let i = 0; i < 500; i++) judge(c, i % 50 !== 49, { pos: 48, neg: 1 }, 0);
    const before = rho(c);
    expect(before).toBeGreaterThan(0.8);
    for (let i = 0; i < 100; i++) judge(c, i % 5 !== 0, { pos: 40, neg: 10 }, 0);
    expect(rho(c)).toBeGreaterThan(0.8);
  });

  it("comes to who honestly reports middling peers, where there are no others, and not to who praises them", () => {
    const random = seeded(7);
    const [honest, ring] = [newCredibility(), newCredibility()];
    for (let i = 0; i < 300; i++) {
      const good = random() < 0.8;
      judge(honest, good, { pos: 8, neg: 2 }, i % 4);
      judge(ring, good, praise, i % 4);
    }
    expect(rho(honest)).toBeGreaterThan(0.9);
    expect(rho(ring)).toBe(0);
  });

  it("is hardly moved by what everybody can see: outcomes of peers that are well known here", () => {
    const c = newCredibility();
    for (let i = 0; i < 3; i++) judge(c, true, praise, 1_000);
    expect(rho(c)).toBe(0);
  });

  it("is nothing to begin with, and comes with the first true words about newcomers", () => {
    const table = new CredibilityTable();
    expect(table.of("stranger")).toBe(0);
    for (let i = 0; i < 12; i++) table.judge("a", true, praise, i % 2);
    expect(table.of("a")).toBeGreaterThan(0.1);
    table.judge("a", true, slander, 0);
    expect(table.of("a")).toBe(0);
  });

  it("follows the operator's word, but for equivocation", () => {
    const table = new CredibilityTable();
    table.pins = new Map([
      ["friend", 1],
      ["enemy", 0],
    ]);
    for (let i = 0; i < 50; i++) table.judge("friend", false, praise, 0);
    expect(table.of("friend")).toBe(0.9);
    for (let i = 0; i < 50; i++) table.judge("enemy", true, praise, 0);
    expect(table.of("enemy")).toBe(0);
    table.equivocated("friend");
    expect(table.of("friend")).toBe(0);
  });

  it("is the same after a restart", () => {
    const before = new CredibilityTable();
    for (let i = 0; i < 9; i++) before.judge("a", true, praise, 0);
    before.equivocated("b");
    const after = new CredibilityTable();
    after.import(before.exportDirty());
    for (const peer of ["a", "b", "stranger"]) expect(after.of(peer)).toBe(before.of(peer));
    expect(before.exportDirty()).toEqual([]);
    after.import([{ peer: "c", right: Number.NaN, wrong: 1, equivocated: false }]);
    expect(after.of("c")).toBe(rho(undefined));
  });
});
