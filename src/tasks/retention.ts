/**
 * What is kept of tasks that have ended, and for how long. A sweep removes what is over, in small groups with pauses that
 * grow with what a commit takes: whoever waits for the same disk hardly notices. One sweep at a time.
 */
import type { BlobHash } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import type { TaskId } from "../core/ids.ts";
import type { BlobStore } from "../storage/blobs.ts";
import {
  deleteGraph,
  deleteGraphNodes,
  deleteTask,
  graphsOver,
  releasePages,
  storePages,
  tasksOver,
  unreferencedBlobs,
  type GraphCutoffs,
  type OverTask,
} from "../storage/retention.ts";
import type { Store } from "../storage/store.ts";
import { TERMINAL_STATES, type TerminalState } from "./states.ts";

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

const pageRows = 500;
// Two milliseconds of the writer's time; large bodies take longer, for each of their pages is read.
const groupTasks = 100;
const groupBytes = 2 * 1024 * 1024;
const groupNodes = 500;
const groupPages = 50;
// The writer is ours for at most a third of the time.
const pauseShare = 2;
const leastPauseMs = 2;
const mostPauseMs = 250;
// An upload comes before the submission that names it, and may be of the same bytes.
const unusedBlobMs = 3_600_000;
// A file that is a little too large costs nothing; moving its pages does.
const freePagesWorth = 2_048;
const pageBytes = 8_192;

export function createRetention(options: RetentionOptions): Retention {
  const { store, clock } = options;
  let last: Promise<unknown> = Promise.resolve();

  async function sweep(given: PruneOptions): Promise<PruneResult> {
    const { signal, dryRun = false } = given;
    // What ended a moment ago is seen, too.
    await store.committed();
    const rules = rulesOf(options.policy, given, clock.now());
    const result = emptyResult(dryRun);
    const blobs = new Map<BlobHash, number>();
    try {
      for (const state of given.states ?? TERMINAL_STATES) await sweepState(state);
      await sweepGraphs();
      if (!dryRun) await sweepBlobs();
      else for (const sizeBytes of blobs.values()) countBlob(sizeBytes);
    } finally {
      if (!dryRun && Object.values(result.tasks).some((count) => count > 0)) options.swept();
    }
    if (!dryRun) result.fileBytes = await shrink();
    return result;

    async function sweepState(state: TerminalState): Promise<void> {
      for (let after: TaskId | "" = ""; ;) {
        const { graphs } = rules;
        const page: OverTask[] = await tasksOver(store, {
          state,
          before: rules.latest(state),
          graphs,
          after,
          limit: pageRows,
        });
        const over = page.filter((task) => task.finishedAt < rules.before(state, task.skill));
        for (const group of groups(over)) {
          signal?.throwIfAborted();
          if (!dryRun) await remove(group);
          result.tasks[state] += group.length;
          for (const task of group) {
            result.rowBytes += task.rowBytes;
            for (const { hash, sizeBytes } of task.blobs) blobs.set(hash, sizeBytes);
          }
        }
        if (page.length < pageRows) return;
        after = (page.at(-1) as OverTask).id;
      }
    }

    async function sweepGraphs(): Promise<void> {
      const found = await graphsOver(store, rules.graphs, dryRun ? -1 : pageRows);
      result.graphs += found.length;
      if (dryRun) return;
      for (const { id, nodes } of found) {
        for (let left = nodes; left > 0; left -= groupNodes) {
          signal?.throwIfAborted();
          deleteGraphNodes(store, id, groupNodes);
          await pace();
        }
        deleteGraph(store, id);
      }
      await pace();
      if (found.length === pageRows) await sweepGraphs();
    }

    async function sweepBlobs(): Promise<void> {
      const hashes = [...blobs.keys()];
      for (let i = 0; i < hashes.length; i += pageRows) {
        signal?.throwIfAborted();
        for (const hash of await unreferencedBlobs(store, hashes.slice(i, i + pageRows)))
          countBlob(await options.blobs.deleteUnused(hash, unusedBlobMs));
      }
    }

    function countBlob(sizeBytes: number): void {
      if (sizeBytes === 0) return;
      result.blobs++;
      result.blobBytes += sizeBytes;
    }

    async function shrink(): Promise<number> {
      const { pages, free, shrinks } = await storePages(store);
      if (!shrinks || free < Math.max(freePagesWorth, pages / 4)) return 0;
      const surplus = Math.floor(free - (pages - free) / 8);
      for (let left = surplus; left > 0; left -= groupPages) {
        signal?.throwIfAborted();
        releasePages(store, Math.min(left, groupPages));
        await pace();
      }
      return (pages - (await storePages(store)).pages) * pageBytes;
    }
  }

  async function remove(group: readonly OverTask[]): Promise<void> {
    for (const { id } of group) deleteTask(store, id);
    await pace();
    options.removed(group.map(({ id }) => id));
  }

  /** Waits for the commit, and then as long again and more. */
  async function pace(): Promise<void> {
    const startedMs = clock.monotonic();
    await store.committed();
    const tookMs = clock.monotonic() - startedMs;
    const pauseMs = Math.min(Math.max(tookMs * pauseShare, leastPauseMs), mostPauseMs);
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }

  return {
    prune(given = {}) {
      const run = last.then(() => {
        given.signal?.throwIfAborted();
        return sweep(given);
      });
      last = run.catch(() => undefined);
      return run;
    },
  };
}

interface Rules {
  /** Tasks of the state that ended before this are over, ms since the epoch; of any skill, and of one. */
  latest(state: TerminalState): number;
  before(state: TerminalState, skill: string): number;
  graphs: GraphCutoffs;
}

function rulesOf(policy: RetentionPolicy, { olderThanMs, states }: PruneOptions, nowAt: number): Rules {
  const before: Rules["before"] = (state, skill) =>
    nowAt - (olderThanMs ?? policy.skills[skill]?.[state] ?? policy[state]);
  const shortest = (state: TerminalState): number =>
    Math.min(policy[state], ...Object.values(policy.skills).map((times) => times[state] ?? policy[state]));
  const graph = (state: "completed" | "failed" | "cancelled"): number =>
    states === undefined || states.includes(state)
      ? nowAt - (olderThanMs ?? policy[state])
      : Number.MIN_SAFE_INTEGER;
  return {
    latest: (state) => nowAt - (olderThanMs ?? shortest(state)),
    before,
    graphs: { completed: graph("completed"), failed: graph("failed"), cancelled: graph("cancelled") },
  };
}

function emptyResult(dryRun: boolean): PruneResult {
  const tasks = { completed: 0, failed: 0, cancelled: 0, timeout: 0, rejected: 0 };
  return { dryRun, tasks, graphs: 0, rowBytes: 0, blobs: 0, blobBytes: 0, fileBytes: 0 };
}

function* groups(tasks: readonly OverTask[]): Generator<OverTask[]> {
  let group: OverTask[] = [];
  let bytes = 0;
  for (const task of tasks) {
    group.push(task);
    bytes += task.rowBytes;
    if (group.length < groupTasks && bytes < groupBytes) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}
