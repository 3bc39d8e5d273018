/** A clock that only moves when told. */
import type { Clock } from "../../src/core/clock.ts";

export interface ManualClock extends Clock {
  /** Moves both times on and runs what is due, in order. */
  advance(ms: number): void;
  /** Wall clock alone: as if somebody set it. */
  setWall(ms: number): void;
}

/** The clock of one life of a node: after its end no timer of that life fires. */
export interface LifeClock extends Clock {
  readonly alive: boolean;
  end(): void;
}

export function lifeClock(clock: Clock): LifeClock {
  let alive = true;
  return {
    get alive() {
      return alive;
    },
    end: () => void (alive = false),
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, run) => clock.after(delayMs, () => alive && run()),
  };
}

export function manualClock(wallMs = 1_800_000_000_000): ManualClock {
  let wall = wallMs;
  let elapsed = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    // Whole milliseconds, as the system gives them.
    now: () => Math.floor(wall),
    monotonic: () => elapsed,
    after(delayMs, run) {
      const timer = { at: elapsed + Math.max(delayMs, 0), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    setWall: (ms) => void (wall = ms),
    advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        const to = next?.at ?? end;
        wall += to - elapsed;
        elapsed = to;
        if (next === undefined) return;
        timers.delete(next);
        next.run();
      }
    },
  };
}
