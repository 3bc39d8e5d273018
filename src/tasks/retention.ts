/**
 * What is kept of tasks that have ended, and for how long. Removing is sweep.ts, one sweep at a time: by the operator's
 * policy every hour (node/housekeeping.ts), and as somebody asks.
 */
import type { Clock } from "../core/clock.ts";
import type { TaskId } from "../core/ids.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Store } from "../storage/store.ts";
import { TERMINAL_STATES, type TerminalState } from "./states.ts";
import { runSweep, type SweepRules } from "./sweep.ts";

/** ms after the end of a task. */
export type RetentionTimes = Record<TerminalState, number>;

export interface RetentionPolicy extends RetentionTimes {
  skills: Record<string, Partial<RetentionTimes>>;
}

export interface PruneOptions {
  /** Whatever ended longer ago, ms, instead of what the policy says. */
  olderThanMs?: number;
  /** Default: all that are terminal. */
  states?: readonly TerminalState[];
  /** Only counts. */
  dryRun?: boolean;
  signal?: AbortSignal;
}

export interface PruneResult {
  dryRun: boolean;
  tasks: RetentionTimes;
  graphs: number;
  /** What the rows held, about; the store uses that room again. */
  rowBytes: number;
  /** Files that nothing refers to any more. In a dry run: at most. */
  blobs: number;
  blobBytes: number;
  /** By which the database became smaller: it gives room back when a quarter of it is free. */
  fileBytes: number;
}

export interface Retention {
  /** Throws the signal's reason between two groups; `StorageFailed`. What is removed by then stays removed. */
  prune(options?: PruneOptions): Promise<PruneResult>;
}

export interface RetentionOptions {
  store: Store;
  blobs: Pick<BlobStore, "deleteUnused">;
  policy: RetentionPolicy;
  clock: Clock;
  /** The rows of these tasks are gone. */
  removed(ids: readonly TaskId[]): void;
  /** After a sweep that removed tasks. */
  swept(): void;
}

export function createRetention(options: RetentionOptions): Retention {
  const { store, blobs, policy, clock, removed } = options;
  let last: Promise<unknown> = Promise.resolve();

  async function sweep(given: PruneOptions): Promise<PruneResult> {
    const { signal, dryRun = false } = given;
    signal?.throwIfAborted();
    const rules = rulesOf(policy, given, clock.now());
    const result = nothingYet(dryRun);
    try {
      await runSweep({ store, blobs, clock, rules, signal, removed, result });
    } finally {
      if (!dryRun && Object.values(result.tasks).some((count) => count > 0)) options.swept();
    }
    return result;
  }

  return {
    prune(given = {}) {
      const run = last.then(() => sweep(given));
      last = run.catch(() => undefined);
      return run;
    },
  };
}

function rulesOf(policy: RetentionPolicy, given: PruneOptions, nowAt: number): SweepRules {
  const { olderThanMs, states = TERMINAL_STATES } = given;
  const shortest = (state: TerminalState): number =>
    Math.min(policy[state], ...Object.values(policy.skills).map((times) => times[state] ?? policy[state]));
  const graph = (state: "completed" | "failed" | "cancelled"): number =>
    states.includes(state) ? nowAt - (olderThanMs ?? policy[state]) : Number.MIN_SAFE_INTEGER;
  return {
    states,
    latest: (state) => nowAt - (olderThanMs ?? shortest(state)),
    before: (state, skill) => nowAt - (olderThanMs ?? policy.skills[skill]?.[state] ?? policy[state]),
    graphs: { completed: graph("completed"), failed: graph("failed"), cancelled: graph("cancelled") },
  };
}

function nothingYet(dryRun: boolean): PruneResult {
  const tasks = { completed: 0, failed: 0, cancelled: 0, timeout: 0, rejected: 0 };
  return { dryRun, tasks, graphs: 0, rowBytes: 0, blobs: 0, blobBytes: 0, fileBytes: 0 };
}
