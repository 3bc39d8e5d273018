/** Measuring one thing for a while, and what many measurements come to. Knows nothing of what is measured. */

export interface Sample {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** All that was asked for, also outside the measured window. */
  requests: number;
  /** User and system time of this process with all its threads, for all of them. */
  cpuUs: number;
}

// The first part of a run only fills the pipe.
const rampShare = 0.15;

/** Keeps `inFlight` requests out for `forMs`. Rejects with the first request that fails. */
export async function drive(request: () => Promise<void>, inFlight: number, forMs: number): Promise<Sample> {
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const from = begun + rampShare * forMs;
  const until = begun + forMs;
  let requests = 0;
  let finished = 0;
  const lane = async (): Promise<void> => {
    for (let sent = performance.now(); sent < until;) {
      requests++;
      await request();
      const now = performance.now();
      if (sent >= from) latencies.push(now - sent);
      if (now >= from && now < until) finished++;
      sent = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const cpu = process.cpuUsage(cpuBefore);
  const sorted = Float64Array.from(latencies).toSorted();
  return {
    perSecond: finished / ((until - from) / 1_000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    requests,
    cpuUs: cpu.user + cpu.system,
  };
}

/** Of ascending values; NaN when there are none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(q * sorted.length));
  return sorted[at] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
