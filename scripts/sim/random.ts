/**
 * Randomness of a run: everything comes from one seed, and every part has a stream of its own, so that two policies
 * that draw differently still meet the same peers, the same tasks and the same bad luck.
 */
import type { Random } from "../../src/core/clock.ts";

/** Mulberry32: fast, small, good enough for a simulation. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A stream of its own for `part`, the same for the same seed. */
export function stream(seed: number, part: string): Random {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return seeded(hash ^ (hash >>> 13));
}

/** Mean 1: the time between two events that know nothing of each other. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** Mean 1, with a tail: run times of one kind of work. */
export function lognormal(random: Random, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(sigma * normal - (sigma * sigma) / 2);
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Fisher and Yates, in place. */
export function shuffle<T>(list: T[], random: Random): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}
