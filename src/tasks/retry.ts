/** When a task is tried again: pure functions of the policy and of how often it was tried. */
import type { Random } from "../core/clock.ts";
import type { RetryPolicy } from "./task.ts";

export const defaultRetry: RetryPolicy = { retries: 3, strategy: "exponential", delayMs: 5_000, jitter: 0 };

/**
 * Delay before the next attempt, ms. `retriesMade` counts from 0. Exponential is d·2ⁿ, Fibonacci d·fib(n+1): 5, 5, 10, 15, 25 for d = 5.
 * `retryAfterMs` is the worker's wish and a lower bound.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  retriesMade: number,
  random: Random,
  retryAfterMs = 0,
): number {
  let delay = baseDelayMs(policy, retriesMade);
  if (policy.capMs !== undefined) delay = Math.min(delay, policy.capMs);
  const jitter = policy.jitter ?? 0;
  if (jitter > 0) delay *= 1 - jitter * random();
  return Math.max(delay, retryAfterMs);
}

function baseDelayMs({ strategy, delayMs }: RetryPolicy, n: number): number {
  switch (strategy) {
    case "none":
    case "immediate":
      return 0;
    case "fixed":
      return delayMs;
    case "exponential":
      return delayMs * 2 ** n;
    case "fibonacci":
      return delayMs * fibonacci(n + 1);
  }
}

function fibonacci(n: number): number {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}

/** Losing a worker is no fault of the task: it goes elsewhere at once, and a little later each further time. */
export function lossDelayMs(lossesBefore: number): number {
  return lossesBefore === 0 ? 0 : 500 * 2 ** Math.min(lossesBefore - 1, 4);
}

/** A task that was lost with so many workers is not sent to another: it may be what kills them. */
export const lossBudget = 3;

/** Everybody is full: when to ask again, ms. Between a tenth of a second and five. */
export function refusalDelayMs(round: number, retryAfterMs: number, random: Random): number {
  const backoff = Math.min(100 * 2 ** Math.min(round, 6), 5_000);
  return Math.min(Math.max(backoff, retryAfterMs), 5_000) * (0.75 + random() / 2);
}
