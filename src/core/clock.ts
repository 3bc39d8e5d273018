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

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;
