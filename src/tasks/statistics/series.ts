/**
 * The tallies of one subject over time: all that is kept, and rings of slots for the last hour and the last day. A slot that
 * has left its window is dropped when the next one begins.
 */
import { countEnd, mergeTally, newTally, type CountedEnd, type Tally } from "./tally.ts";

export const STATS_WINDOWS = ["hour", "day", "all"] as const;
export type StatsWindow = (typeof STATS_WINDOWS)[number];

/** Twelve slots each: a window's edge moves by a twelfth at a time. */
const slots = 12;
const slotMs = { hour: 5 * 60_000, day: 2 * 3_600_000 } as const;

type Ring = Map<number, Tally>;

export interface Series {
  readonly all: Tally;
  readonly hour: Ring;
  readonly day: Ring;
}

export function newSeries(): Series {
  return { all: newTally(), hour: new Map(), day: new Map() };
}

/** From when on a window counts, ms since the epoch: the beginning of its oldest slot. */
export function windowStart(window: StatsWindow, nowAt: number): number {
  if (window === "all") return Number.NEGATIVE_INFINITY;
  return (Math.floor(nowAt / slotMs[window]) - slots + 1) * slotMs[window];
}

export function countInSeries(series: Series, end: CountedEnd, nowAt: number): void {
  series.all.submitted++;
  countEnd(series.all, end, 2);
  for (const window of ["hour", "day"] as const) {
    const ended = slotAt(series[window], window, end.finishedAt, nowAt);
    if (ended !== undefined) countEnd(ended, end, 1);
    // In the slot of its submission, which is known for sure only now: live tasks are counted as they are. Mostly the same one.
    const same = slotOf(window, end.createdAt) === slotOf(window, end.finishedAt);
    const submitted = same ? ended : slotAt(series[window], window, end.createdAt, nowAt);
    if (submitted !== undefined) submitted.submitted++;
  }
}

export function readSeries(series: Series, window: StatsWindow, nowAt: number): Tally {
  if (window === "all") return series.all;
  const sum = newTally();
  const last = Math.floor(nowAt / slotMs[window]);
  for (let slot = last - slots + 1; slot <= last; slot++) {
    const tally = series[window].get(slot);
    if (tally !== undefined) mergeTally(sum, tally);
  }
  return sum;
}

function slotOf(window: "hour" | "day", at: number): number {
  return Math.floor(at / slotMs[window]);
}

/** The slot of the time `at`, or undefined when it lies outside of the window. */
function slotAt(ring: Ring, window: "hour" | "day", at: number, nowAt: number): Tally | undefined {
  const last = slotOf(window, nowAt);
  const slot = slotOf(window, at);
  // What a clock ahead of its time has written will be in the window when its time comes.
  if (slot <= last - slots || slot > last + slots) return undefined;
  let tally = ring.get(slot);
  if (tally === undefined) {
    for (const old of ring.keys()) if (old <= last - slots) ring.delete(old);
    tally = newTally();
    ring.set(slot, tally);
  }
  return tally;
}
