import { expect, it } from "vitest";
import { sampleBeta } from "../../../src/routing/beta.ts";
import { seeded } from "./fixtures.ts";

it.each([
  [1, 1],
  [6, 1],
  [1, 5],
  [3.5, 5],
  [0.04, 1.96],
])("Beta(%s, %s) has the mean a/(a+b) and its variance, within [0, 1]", (a, b) => {
  const random = seeded(7);
  const draws = Array.from({ length: 20_000 }, () => sampleBeta(a, b, random));
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  expect(mean).toBeCloseTo(a / (a + b), 2);
  expect(variance).toBeCloseTo((a * b) / ((a + b) ** 2 * (a + b + 1)), 2);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThanOrEqual(1);
});
