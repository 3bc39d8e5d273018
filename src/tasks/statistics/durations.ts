/**
 * How long something took, over many times: count, sum, least and most exactly, percentiles by an HDR histogram (Gil Tene,
 * hdrhistogram.org), which is what `node:perf_hooks` makes. Histograms merge, so that slots of time add up to a window.
 */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

export interface Durations {
  count: number;
  sumMs: number;
  minMs: number;
  maxMs: number;
  /** Made with the first value: most slots of most peers stay empty, and one takes up to 30 KB. */
  histogram: RecordableHistogram | undefined;
}

export interface DurationsView {
  count: number;
  averageMs: number;
  minMs: number;
  maxMs: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** Significant decimal figures of percentiles: 2 is within 1 % and takes 30 KB, 1 within 6 % and takes 4 KB. */
export type Figures = 1 | 2;

// Counted in hundredths of a millisecond, up to a week.
const unitsPerMs = 100;
const mostUnits = 7 * 24 * 3_600_000 * unitsPerMs;

export function noDurations(): Durations {
  return { count: 0, sumMs: 0, minMs: Number.POSITIVE_INFINITY, maxMs: 0, histogram: undefined };
}

export function addDuration(durations: Durations, ms: number, figures: Figures): void {
  durations.count++;
  durations.sumMs += ms;
  if (ms < durations.minMs) durations.minMs = ms;
  if (ms > durations.maxMs) durations.maxMs = ms;
  durations.histogram ??= newHistogram(figures);
  durations.histogram.record(Math.min(Math.max(1, Math.round(ms * unitsPerMs)), mostUnits));
}

/** `from` is added to `to`, which may be finer. */
export function mergeDurations(to: Durations, from: Durations): void {
  if (from.histogram === undefined) return;
  to.count += from.count;
  to.sumMs += from.sumMs;
  to.minMs = Math.min(to.minMs, from.minMs);
  to.maxMs = Math.max(to.maxMs, from.maxMs);
  to.histogram ??= newHistogram(1);
  to.histogram.add(from.histogram);
}

/** Null when there is nothing to tell. */
export function viewDurations({ count, sumMs, minMs, maxMs, histogram }: Durations): DurationsView | null {
  if (histogram === undefined) return null;
  // A percentile is the upper end of its bucket; no value lies outside of least and most.
  const percentile = (p: number): number =>
    rounded(Math.min(Math.max(histogram.percentile(p) / unitsPerMs, minMs), maxMs));
  return {
    count,
    averageMs: rounded(sumMs / count),
    minMs: rounded(minMs),
    maxMs: rounded(maxMs),
    p50Ms: percentile(50),
    p95Ms: percentile(95),
    p99Ms: percentile(99),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function newHistogram(figures: Figures): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: mostUnits, figures });
}
