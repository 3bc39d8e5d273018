/**
 * How many runs at once this machine does well, found out while it works: Netflix's Gradient2 (concurrency-limits,
 * `Gradient2Limit.java`). While runs take as long as they did on the long average the limit grows; when they take longer, something
 * is short (a core, memory, a disk that neighbours use too), and fewer at once are done sooner. It never exceeds what the
 * operator or the machine allows.
 *
 * Two things differ from the original. Times of different skills have nothing to do with each other, so each is compared with
 * its own average, and a window's runs are added up. And the room to grow (√limit) shrinks with the gradient: added
 * whole, it would keep every limit below four from ever falling, and most machines have no more slots than that.
 */
export interface ConcurrencyLimit {
  /** Runs at once, at least 1. */
  readonly current: number;
  /** A run has ended; `running`: how many there were, itself included. */
  ran(skill: string, tookMs: number, running: number, nowMs: number): void;
}

export function fixedLimit(slots: number): ConcurrencyLimit {
  return { current: Math.max(1, slots), ran() {} };
}

const startAt = 4;
const least = 1;
const smoothing = 0.2;
/** Runs that take up to so much longer than usual are no sign of anything. */
const tolerance = 1.5;
const leastGradient = 0.5;
/** The long average is over so many runs of a skill, a plain mean over the first few. */
const longRuns = 600;
const warmUpRuns = 10;
/** One look at the gradient: both must have passed. */
const windowRuns = 10;
const windowMs = 1_000;
const skillsKept = 256;

interface Expected {
  averageMs: number;
  runs: number;
}

export function adaptiveLimit(most: number): ConcurrencyLimit {
  const skills = new Map<string, Expected>();
  let limit = Math.min(startAt, Math.max(least, most));
  let [runs, tookSum, expectedSum, busiest] = [0, 0, 0, 0];
  let openedMs = -1;

  function expectedOf(skill: string): Expected {
    let expected = skills.get(skill);
    if (expected === undefined) {
      if (skills.size >= skillsKept) skills.delete(skills.keys().next().value as string);
      skills.set(skill, (expected = { averageMs: 0, runs: 0 }));
    }
    return expected;
  }

  function learn(expected: Expected, tookMs: number): void {
    expected.runs += 1;
    const weight = expected.runs <= warmUpRuns ? 1 / expected.runs : 2 / (longRuns + 1);
    expected.averageMs += weight * (tookMs - expected.averageMs);
  }

  function close(nowMs: number): void {
    const slowdown = tookSum / Math.max(expectedSum, Number.MIN_VALUE);
    const wasUsed = busiest >= limit / 2;
    [runs, tookSum, expectedSum, busiest] = [0, 0, 0, 0];
    openedMs = nowMs;
    // After a slow time the averages are too high, and nothing would ever look slow again.
    if (slowdown < 0.5) for (const expected of skills.values()) expected.averageMs *= 0.95;
    if (!wasUsed) return;
    const gradient = Math.max(leastGradient, Math.min(1, tolerance / slowdown));
    const room = Math.sqrt(limit) * (2 * gradient - 1);
    const wanted = limit * gradient + room;
    limit = Math.max(least, Math.min(most, limit + smoothing * (wanted - limit)));
  }

  return {
    get current() {
      // A hair below a whole number is that number: growth comes in small steps.
      return Math.floor(limit + 1e-9);
    },
    ran(skill, tookMs, running, nowMs) {
      if (!(tookMs >= 0) || tookMs === Infinity) return;
      const expected = expectedOf(skill);
      // The first runs load code and say nothing of the machine.
      if (expected.runs >= warmUpRuns) {
        runs += 1;
        tookSum += tookMs;
        expectedSum += expected.averageMs;
        busiest = Math.max(busiest, running);
      }
      learn(expected, tookMs);
      if (openedMs < 0) openedMs = nowMs;
      if (runs >= windowRuns && nowMs - openedMs >= windowMs) close(nowMs);
    },
  };
}
