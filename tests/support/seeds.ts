/**
 * Seeds of the fault suite: every random choice of a test comes from one number, which a failure names and
 * ERRAND_FAULTS_SEED gives back. ERRAND_FAULTS=full runs the long form.
 */
import type { Random } from "../../src/core/clock.ts";

export const fullForm = process.env["ERRAND_FAULTS"] === "full";

const given = process.env["ERRAND_FAULTS_SEED"];

/** `count` seeds in the long form, `short` of them otherwise; or the one that was asked for. */
export function seedsFor(count: number, short: number): number[] {
  if (given !== undefined) return [Number(given)];
  return Array.from({ length: fullForm ? count : short }, (_, i) => i + 1);
}

/** Uniform numbers in [0, 1): mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number in [0, below). */
export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}

/** Runs `run` for one seed after the other; a failure says how to have it again. */
export async function forEachSeed(
  seeds: readonly number[],
  run: (seed: number) => Promise<void>,
): Promise<void> {
  for (const seed of seeds) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`seed ${seed} (again with ERRAND_FAULTS_SEED=${seed}): ${String(error)}`, {
        cause: error,
      });
    }
  }
}
