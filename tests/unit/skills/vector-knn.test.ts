import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vectorKnn } from "../../../src/skills/vector-knn.ts";
import { runSkill } from "./run-skill.ts";

type Metric = "cosine" | "euclidean" | "dot";

function bruteForce(vectors: number[][], query: number[], k: number, metric: Metric) {
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const score = (v: number[]): number => {
    if (metric === "dot") return dot(v, query);
    if (metric === "euclidean")
      return Math.sqrt(v.reduce((sum, x, i) => sum + (x - (query[i] as number)) ** 2, 0));
    const length = Math.sqrt(dot(v, v)) * Math.sqrt(dot(query, query));
    return length === 0 ? 0 : dot(v, query) / length;
  };
  const sign = metric === "euclidean" ? 1 : -1;
  return vectors
    .map((v, index) => ({ index, score: score(v) }))
    .toSorted((a, b) => sign * (a.score - b.score) || a.index - b.index)
    .slice(0, k);
}

describe("vector.knn", () => {
  test("finds what looking at everything and sorting finds", async () => {
    const vector = (size: number) =>
      fc.array(fc.integer({ min: -5, max: 5 }), { minLength: size, maxLength: size });
    const sets = fc.integer({ min: 1, max: 6 }).chain((size) =>
      fc.record({
        vectors: fc.array(vector(size), { minLength: 1, maxLength: 40 }),
        queries: fc.array(vector(size), { minLength: 1, maxLength: 3 }),
        k: fc.integer({ min: 1, max: 50 }),
        metric: fc.constantFrom<Metric>("cosine", "euclidean", "dot"),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sets, async ({ vectors, queries, k, metric }) => {
        const { neighbors } = await runSkill(vectorKnn, { vectors, queries, k, metric });
        expect(neighbors).toEqual(queries.map((query) => bruteForce(vectors, query, k, metric)));
      }),
      { numRuns: 150 },
    );
  });

  test("vectors of another length are refused by place", async () => {
    const vectors = [
      [1, 2],
      [1, 2, 3],
    ];
    await expect(runSkill(vectorKnn, { vectors, query: [1, 2] })).rejects.toMatchObject({
      code: "InvalidInput",
      message: "input.vectors[1] has 3 numbers, input.vectors[0] has 2",
    });
    await expect(runSkill(vectorKnn, { vectors: [[1, 2]], query: [1] })).rejects.toThrow(
      "input.query has 1 numbers",
    );
  });
});
