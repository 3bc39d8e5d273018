/** What a run counts, and what is made of it. Windows are twenty tasks of a client long. */
import type { World } from "./world.ts";

export const tasksPerWindow = 20;

export interface RunResult {
  tasks: number;
  /** Executions whose answer was wrong, of all; for each window, by the time at which the task came. */
  executions: number[];
  bad: number[];
  /** Tasks with an accepted answer, and those whose answer was wrong. */
  accepted: number[];
  acceptedBad: number[];
  /** Runs to check an answer. */
  checks: number[];
  /** Offers that were refused, timed out or lost. */
  wasted: number;
  hedges: number;
  probes: number;
  unfinished: number;
  /** From a task's arrival to its first accepted answer, after a quarter of the run, ms. */
  latencyMs: { mean: number; p50: number; p90: number; p99: number };
  /** Tasks that newcomers got in the last quarter, against their twins; 0 without newcomers. */
  newcomerShare: number;
  /** Share of the executions that fell to the busiest tenth of the providers. */
  busiestTenth: number;
}

export class Measure {
  readonly #world: World;
  readonly #windows: number;
  readonly #windowMs: number;
  readonly #warmAt: number;
  readonly #executions: number[];
  readonly #bad: number[];
  readonly #accepted: number[];
  readonly #acceptedBad: number[];
  readonly #checks: number[];
  readonly #latencies: number[] = [];
  readonly #doneBefore = new Map<number, number>();
  tasks = 0;
  wasted = 0;
  hedges = 0;
  probes = 0;

  constructor(world: World) {
    const { tasksPerClient, taskEveryMs } = world.setting;
    this.#world = world;
    this.#windows = Math.ceil(tasksPerClient / tasksPerWindow);
    this.#windowMs = tasksPerWindow * taskEveryMs;
    this.#warmAt = (tasksPerClient * taskEveryMs) / 4;
    const zeros = (): number[] => Array.from({ length: this.#windows }, () => 0);
    this.#executions = zeros();
    this.#bad = zeros();
    this.#accepted = zeros();
    this.#acceptedBad = zeros();
    this.#checks = zeros();
  }

  answered(bornAt: number, good: boolean): void {
    const window = this.#windowOf(bornAt);
    add(this.#executions, window);
    if (!good) add(this.#bad, window);
  }

  checked(bornAt: number): void {
    add(this.#checks, this.#windowOf(bornAt));
  }

  accepted(bornAt: number, good: boolean, now: number): void {
    const window = this.#windowOf(bornAt);
    add(this.#accepted, window);
    if (!good) add(this.#acceptedBad, window);
    this.latency(bornAt, now);
  }

  /** Also of a task that is not finished when all is over: it took at least so long. */
  latency(bornAt: number, now: number): void {
    if (bornAt >= this.#warmAt) this.#latencies.push(now - bornAt);
  }

  /** Three quarters are over: what newcomers get is counted from here. */
  mark(): void {
    for (const node of this.#world.nodes) this.#doneBefore.set(node.index, node.worker.done);
  }

  result(unfinished: number): RunResult {
    const sorted = Float64Array.from(this.#latencies).toSorted();
    const quantile = (q: number): number =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
    const mean = sorted.reduce((sum, ms) => sum + ms, 0) / Math.max(1, sorted.length);
    return {
      tasks: this.tasks,
      executions: this.#executions,
      bad: this.#bad,
      accepted: this.#accepted,
      acceptedBad: this.#acceptedBad,
      checks: this.#checks,
      wasted: this.wasted,
      hedges: this.hedges,
      probes: this.probes,
      unfinished,
      latencyMs: { mean: Math.round(mean), p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) },
      newcomerShare: this.#newcomerShare(),
      busiestTenth: this.#busiestTenth(),
    };
  }

  #windowOf(bornAt: number): number {
    return Math.min(this.#windows - 1, Math.floor(bornAt / this.#windowMs));
  }

  #newcomerShare(): number {
    const { nodes } = this.#world;
    const late = (index: number): number =>
      (nodes[index]?.worker.done ?? 0) - (this.#doneBefore.get(index) ?? 0);
    let theirs = 0;
    let twins = 0;
    for (const { index, twin } of nodes) {
      if (twin < 0) continue;
      theirs += late(index);
      twins += late(twin);
    }
    return twins === 0 ? 0 : theirs / twins;
  }

  #busiestTenth(): number {
    const done = this.#world.nodes.filter(({ provider }) => provider).map(({ worker }) => worker.done);
    const most = done.toSorted((x, y) => y - x).slice(0, Math.ceil(done.length / 10));
    const sum = (list: number[]): number => list.reduce((all, n) => all + n, 0);
    return sum(most) / Math.max(1, sum(done));
  }
}

function add(counts: number[], window: number): void {
  counts[window] = (counts[window] ?? 0) + 1;
}

/** Percent of `part` in `all` from the window `from` on, before `to`. */
export function percent(part: readonly number[], all: readonly number[], from = 0, to = all.length): number {
  const sum = (list: readonly number[]): number => list.slice(from, to).reduce((total, n) => total + n, 0);
  return (100 * sum(part)) / Math.max(1, sum(all));
}
