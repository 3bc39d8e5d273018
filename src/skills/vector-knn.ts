/**
 * `vector.knn`: the exact k nearest neighbours by looking at every vector. Exact, because callers spread a large set over
 * many peers and merge: with approximate parts the whole would be nobody's guess.
 */
import { ErrandError } from "../core/errors.ts";
import type { Skill } from "./skill.ts";

type Metric = "cosine" | "euclidean" | "dot";

interface Input {
  vectors: number[][];
  query?: number[];
  queries?: number[][];
  k?: number;
  metric?: Metric;
}

interface Neighbor {
  index: number;
  score: number;
}

const vectorSchema = { type: "array", items: { type: "number" }, minItems: 1, maxItems: 8_192 };
/** Numbers are looked at this many between two looks at the signal. */
const numbersPerBreath = 4_000_000;

export const vectorKnn: Skill<Input, { metric: Metric; neighbors: Neighbor[][] }> = {
  definition: {
    id: "vector.knn",
    version: "1.0.0",
    name: "Nearest neighbours",
    description:
      "Exact k nearest neighbours of one or more query vectors, by cosine similarity, euclidean distance or dot product.",
    tags: ["vector", "search"],
    input: {
      type: "object",
      properties: {
        vectors: { type: "array", items: vectorSchema, minItems: 1, maxItems: 200_000 },
        query: vectorSchema,
        queries: { type: "array", items: vectorSchema, minItems: 1, maxItems: 1_000 },
        k: { type: "integer", minimum: 1, maximum: 1_000, default: 10 },
        metric: { enum: ["cosine", "euclidean", "dot"], default: "cosine" },
      },
      required: ["vectors"],
      oneOf: [{ required: ["query"] }, { required: ["queries"] }],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        metric: { enum: ["cosine", "euclidean", "dot"] },
        neighbors: {
          type: "array",
          description: "For each query, nearest first; of equals, the lower index first.",
          items: {
            type: "array",
            items: {
              type: "object",
              properties: {
                index: { type: "integer", minimum: 0 },
                score: {
                  type: "number",
                  description:
                    "Similarity (cosine, dot: larger is nearer) or distance (euclidean: smaller is nearer).",
                },
              },
              required: ["index", "score"],
              additionalProperties: false,
            },
          },
        },
      },
      required: ["metric", "neighbors"],
      additionalProperties: false,
    },
    examples: [
      {
        vectors: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        query: [1, 0.1],
        k: 2,
      },
    ],
    deterministic: true,
    idempotent: true,
  },
  run: ({ vectors, query, queries, k = 10, metric = "cosine" }, { signal, progress }) => {
    const asked = queries ?? [query as number[]];
    const size = (vectors[0] as number[]).length;
    const matrix = flatten(vectors, size, "vectors");
    const targets = flatten(asked, size, queries === undefined ? "query" : "queries");
    const norms = metric === "cosine" ? normsOf(matrix, size) : undefined;
    let looked = 0;
    const neighbors = asked.map((_, q) => {
      const target = targets.subarray(q * size, (q + 1) * size);
      const scores = scoreAll(matrix, target, size, metric, norms);
      looked += matrix.length;
      if (looked > numbersPerBreath) {
        looked = 0;
        signal.throwIfAborted();
        progress(q / asked.length);
      }
      return nearest(scores, Math.min(k, vectors.length), metric === "euclidean");
    });
    return { metric, neighbors };
  },
};

/** All rows in one typed array: a third of the memory, and one loop over it. Throws `InvalidInput` for unequal rows. */
function flatten(rows: readonly number[][], size: number, name: string): Float64Array {
  const flat = new Float64Array(rows.length * size);
  for (const [i, row] of rows.entries()) {
    if (row.length !== size) {
      const place = name === "query" ? "input.query" : `input.${name}[${i}]`;
      throw new ErrandError(
        "InvalidInput",
        `${place} has ${row.length} numbers, input.vectors[0] has ${size}`,
      );
    }
    flat.set(row, i * size);
  }
  return flat;
}

function normsOf(matrix: Float64Array, size: number): Float64Array {
  const norms = new Float64Array(matrix.length / size);
  for (let row = 0; row < norms.length; row++) {
    const vector = matrix.subarray(row * size, (row + 1) * size);
    norms[row] = Math.sqrt(dot(vector, vector));
  }
  return norms;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** A vector of length zero has no direction: its cosine similarity is 0. */
function scoreAll(
  matrix: Float64Array,
  target: Float64Array,
  size: number,
  metric: Metric,
  norms: Float64Array | undefined,
): Float64Array {
  const scores = new Float64Array(matrix.length / size);
  const targetNorm = Math.sqrt(dot(target, target));
  for (let row = 0; row < scores.length; row++) {
    const vector = matrix.subarray(row * size, (row + 1) * size);
    if (metric === "euclidean") {
      let squares = 0;
      for (let i = 0; i < size; i++) squares += ((vector[i] as number) - (target[i] as number)) ** 2;
      scores[row] = Math.sqrt(squares);
    } else {
      const length = norms === undefined ? 1 : (norms[row] as number) * targetNorm;
      scores[row] = length === 0 ? 0 : dot(vector, target) / length;
    }
  }
  return scores;
}

/** The `k` best of `scores` in order, by a sorted window: the worst of the best is beaten ever more rarely. */
function nearest(scores: Float64Array, k: number, smallest: boolean): Neighbor[] {
  const better = (a: number, b: number): boolean => (smallest ? a < b : a > b);
  const best: Neighbor[] = [];
  for (const [index, score] of scores.entries()) {
    if (best.length === k && !better(score, (best[k - 1] as Neighbor).score)) continue;
    let low = 0;
    for (let high = best.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (better(score, (best[middle] as Neighbor).score)) high = middle;
      else low = middle + 1;
    }
    best.splice(low, 0, { index, score });
    if (best.length > k) best.pop();
  }
  return best;
}
