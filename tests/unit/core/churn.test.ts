import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChurnMap, ChurnSet, RecentMap } from "../../../src/core/churn.ts";

const step = fc.record({ add: fc.boolean(), key: fc.nat(400) });

test("a map like any other, in the order of insertion, however much comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 3_000 }), (steps) => {
      const [map, model] = [new ChurnMap<number, number>(), new Map<number, number>()];
      for (const [n, { add, key }] of steps.entries()) {
        if (add) {
          map.set(key, n);
          model.set(key, n);
        } else expect(map.delete(key)).toBe(model.delete(key));
        expect(map.get(key)).toBe(model.get(key));
        expect(map.has(key)).toBe(model.has(key));
        expect(map.size).toBe(model.size);
      }
      expect([...map]).toEqual([...model]);
      expect([...map.keys()]).toEqual([...model.keys()]);
      expect([...map.values()]).toEqual([...model.values()]);
      const seen: [number, number][] = [];
      for (const entry of map.entries()) seen.push(entry);
      expect(seen).toEqual([...model.entries()]);
    }),
    { numRuns: 30 },
  );
});

test("a set like any other, in the order of insertion, however much comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 3_000 }), (steps) => {
      const [set, model] = [new ChurnSet<number>(), new Set<number>()];
      for (const { add, key } of steps) {
        if (add) {
          set.add(key);
          model.add(key);
        } else expect(set.delete(key)).toBe(model.delete(key));
        expect(set.has(key)).toBe(model.has(key));
        expect(set.size).toBe(model.size);
      }
      expect([...set]).toEqual([...model]);
      expect([...set.values()]).toEqual([...model]);
    }),
    { numRuns: 30 },
  );
});

test("entries may be deleted while they are looked at", () => {
  const map = new ChurnMap<number, string>();
  for (let i = 0; i < 1_000; i++) map.set(i, String(i));
  const seen: number[] = [];
  for (const [key] of map) {
    seen.push(key);
    map.delete(key);
  }
  expect(seen).toHaveLength(1_000);
  expect(map.size).toBe(0);
});

test("the last ones are there, and not many more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (least, steps) => {
      const map = new RecentMap<number, number>(least);
      // Keys in the order of their last setting, newest last.
      let order: number[] = [];
      for (const [n, { add, key }] of steps.entries()) {
        order = order.filter((one) => one !== key);
        if (add) {
          map.set(key, n);
          order.push(key);
          expect(map.get(key)).toBe(n);
        } else {
          map.delete(key);
          expect(map.get(key)).toBeUndefined();
        }
        const kept = [...map.keys()];
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.length).toBeLessThan(2 * least + 1);
        if (steps.every((one) => one.add))
          for (const last of order.slice(-least)) expect(kept).toContain(last);
      }
    }),
  );
});
