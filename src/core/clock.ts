/** Time comes in as a value, so that tests and simulations can set it. */

export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. For people and for records; it may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For leases, deadlines and durations. */
  monotonic(): number;
  /** Calls `run` once after `delayMs` of monotonic time; the returned function takes it back. */
  after(delayMs: number, run: () => void): () => void;
}

// setTimeout holds at most 2^31-1 ms and fires at once beyond it.
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), longestTimerMs);
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : run()), stepMs);
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `24h`, `7d` in ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;
