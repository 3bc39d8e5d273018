/**
 * What moves graphs: sends the tasks of nodes that may run, follows their ends, and draws what follows from them.
 *
 *     ready ─► dispatch.ts ─► (fan-out: its list) ─► input from outputs ─► submit ─► its task ends ─► progress.ts ─► ready …
 *
 * Ends are heard in the turn in which they happen. Rows are written at the end of that turn, behind those of the tasks, so that a
 * node is never on disk as ended without its task.
 */
import type { Clock } from "../../core/clock.ts";
import { toErrandError } from "../../core/errors.ts";
import type { TaskId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Store } from "../../storage/store.ts";
import type { TaskRecord } from "../record.ts";
import { isTerminal } from "../states.ts";
import type { TaskTable } from "../table.ts";
import type { Submission, TaskView } from "../task.ts";
import { createDispatch } from "./dispatch.ts";
import type { Outputs } from "./outputs.ts";
import { listOf, submissionOf } from "./prepare.ts";
import { createRows } from "./rows.ts";
import { wantsSuccess, type NodeState, type Outcome, type Step } from "./progress.ts";
import {
  childrenOf,
  entryOf,
  failureOf,
  hasEnded,
  newUnit,
  outcomeOf,
  reasonOf,
  unitOf,
  type Entry,
  type GraphRun,
  type NodeRun,
  type Unit,
} from "./run.ts";

export interface EngineOptions {
  store: Store;
  table: TaskTable;
  outputs: Outputs;
  submit(submission: Submission): Promise<TaskView>;
  cancel(id: TaskId, reason: string): Promise<unknown>;
  clock: Clock;
  log: Log;
}

export interface Engine {
  readonly active: ReadonlyMap<string, GraphRun>;
  /** Takes up a run: a new one, or one made from its rows. Nothing is sent before `start`. */
  add(run: GraphRun): void;
  /** Sends from now on; cancels what belongs to cancelled graphs. */
  start(): void;
  cancel(run: GraphRun, reason: string): void;
  /** Resolves when every change so far is on disk. */
  committed(): Promise<void>;
  stop(): void;
}

// The node is stopping or its disk has failed: the graph goes on with its next start.
const laterCodes: ReadonlySet<string> = new Set(["ShuttingDown", "StorageFailed"]);

export function createEngine(options: EngineOptions): Engine {
  const { store, table, outputs, clock, log } = options;
  const active = new Map<string, GraphRun>();
  const { mark, touch, flush } = createRows(store);
  const dispatch = createDispatch({
    active,
    launch: (run, entry) => void launch(run, entry),
    clock,
  });
  const { schedule, release } = dispatch;

  // --- what is sent

  async function launch(run: GraphRun, entry: Entry): Promise<void> {
    const node = run.nodes[entry.index] as NodeRun;
    const unit = unitOf(run, entry);
    try {
      if (entry.item < 0 && node.items !== undefined) {
        expand(run, entry.index, await listOf(run, entry.index, outputs));
        release(run, unit);
      } else await send(run, entry, unit);
    } catch (thrown) {
      const error = toErrandError(thrown);
      if (hasEnded(unit)) return;
      if (error.code === "QueueFull" && unit.taskId === undefined)
        return dispatch.pause(run, entry, error.retryAfterMs ?? 1_000);
      if (laterCodes.has(error.code)) return;
      if (error.code === "Internal") log.error({ err: thrown, graph: run.id }, "a node could not be sent");
      end(run, entry, "failed", reasonOf("error", error.message));
    }
  }

  async function send(run: GraphRun, entry: Entry, unit: Unit): Promise<void> {
    const submission = await submissionOf(run, entry, outputs);
    const refused = blocked(run, entry.index);
    if (refused !== undefined) return end(run, entry, "cancelled", refused);
    const { id } = await options.submit(submission);
    // `onMove` has seen it begin, unless it waits for an equal task, and perhaps end.
    if (hasEnded(unit)) return;
    begin(run, entry, unit, id);
    if (run.state === "cancelled") cancelTask(id, run.reason);
  }

  /** The list of a fan-out is known. After a restart some of its items have begun or ended. */
  function expand(run: GraphRun, index: number, list: readonly unknown[]): void {
    const node = run.nodes[index] as NodeRun;
    if (hasEnded(node.unit)) return;
    const items = (node.items ??= []);
    while (items.length < list.length) items.push(newUnit());
    run.tasks += list.length;
    node.list = list;
    node.itemsLeft = items.filter((unit) => !hasEnded(unit)).length;
    node.unit.state = "running";
    const refused = blocked(run, index);
    items.forEach((unit, item) => {
      if (unit.state !== "waiting") return;
      if (refused === undefined) run.ready.push({ index, item });
      else end(run, { index, item }, "cancelled", refused);
    });
    if (node.itemsLeft === 0) endFanOut(run, index);
    else mark(run, { index, item: -1 });
  }

  /** Why a node may not begin any more. */
  function blocked(run: GraphRun, index: number): string | undefined {
    if (run.state === "cancelled") return run.reason;
    return run.failedFast && wantsSuccess((run.nodes[index] as NodeRun).node) ? "upstream-failed" : undefined;
  }

  // --- what ends

  function onMove(record: TaskRecord): void {
    const link = record.spec.graph;
    const run = link === undefined ? undefined : active.get(link.id);
    const entry = run === undefined || link === undefined ? undefined : entryOf(run, link.node);
    if (run === undefined || entry === undefined) return;
    const unit = unitOf(run, entry);
    if (unit === undefined || hasEnded(unit) || (unit.taskId ?? record.id) !== record.id) return;
    begin(run, entry, unit, record.id);
    if (isTerminal(record.state))
      end(run, entry, outcomeOf(record.state), reasonOf(record.reason, record.error?.message));
  }

  function begin(run: GraphRun, entry: Entry, unit: Unit, id: TaskId): void {
    unit.taskId = id;
    if (unit.state === "running") return;
    unit.state = "running";
    mark(run, entry);
  }

  function end(run: GraphRun, entry: Entry, outcome: Outcome, reason: string): void {
    const unit = unitOf(run, entry);
    if (hasEnded(unit)) return;
    release(run, unit);
    unit.state = outcome;
    unit.reason = reason;
    mark(run, entry);
    if (entry.item < 0) return apply(run, run.progress.end(entry.index, outcome));
    const node = run.nodes[entry.index] as NodeRun;
    node.itemsLeft--;
    if (outcome !== "completed") apply(run, run.progress.fail());
    if (node.list !== undefined && node.itemsLeft <= 0) endFanOut(run, entry.index);
  }

  function endFanOut(run: GraphRun, index: number): void {
    const node = run.nodes[index] as NodeRun;
    const items = node.items ?? [];
    node.sources = undefined;
    const failed = items.filter(({ state }) => state === "failed");
    const cancelled = items.find(({ state }) => state === "cancelled");
    const entry = { index, item: -1 };
    if (failed.length > 0) {
      const reason = `${failed.length} of ${items.length} failed, the first: ${failed[0]?.reason}`;
      end(run, entry, "failed", reason);
    } else if (cancelled !== undefined) end(run, entry, "cancelled", cancelled.reason);
    else end(run, entry, "completed", "");
  }

  /** What follows from a change. */
  function apply(run: GraphRun, { ended, ready }: Step): void {
    for (const { index, outcome, reason } of ended) {
      const { unit, node } = run.nodes[index] as NodeRun;
      unit.state = outcome;
      unit.reason = reason;
      if (node.kind === "task") mark(run, { index, item: -1 });
    }
    for (const index of ready) run.ready.push({ index, item: -1 });
    if (run.failFast && run.progress.failed && !run.failedFast) failFast(run);
    if (run.progress.left === 0) finish(run);
    schedule();
  }

  function failFast(run: GraphRun): void {
    run.failedFast = true;
    if (run.state === "running") drop(run, "upstream-failed");
    if (run.spec.cancelRunning === true) cancelRunning(run, "upstream-failed", wantsSuccess);
  }

  /** Ends what is ready and may not begin any more. A fan-out that has begun ends when its list is known. */
  function drop(run: GraphRun, reason: string): void {
    const ready = run.ready;
    run.ready = [];
    for (const entry of ready) {
      const begun = entry.item < 0 && childrenOf(run, entry.index).some(({ state }) => state !== "waiting");
      if (begun || blocked(run, entry.index) === undefined) run.ready.push(entry);
      else end(run, entry, "cancelled", reason);
    }
  }

  function cancelRunning(run: GraphRun, reason: string, which: (node: NodeRun["node"]) => boolean): void {
    // Before the start nothing is taken up yet: what is in question then is cancelled by `start`.
    if (!dispatch.started) return;
    for (const [index, { node }] of run.nodes.entries()) {
      if (node.kind !== "task" || !which(node)) continue;
      for (const { state, taskId } of childrenOf(run, index))
        if (state === "running" && taskId !== undefined) cancelTask(taskId, reason);
    }
  }

  function cancelTask(id: TaskId, reason: string): void {
    options.cancel(id, reason).catch((error: unknown) => {
      // It has ended meanwhile, or the store has: nothing to be done here.
      log.debug({ err: error, task: id }, "a graph's task could not be cancelled");
    });
  }

  function finish(run: GraphRun): void {
    if (run.finishedAt !== undefined) return;
    run.finishedAt = clock.now();
    if (run.state === "running") {
      run.state = run.progress.failed ? "failed" : "completed";
      run.reason = run.progress.failed ? failureOf(run) : "";
    }
    active.delete(run.id);
    touch(run);
  }

  const unlisten = table.onMove(onMove);

  return {
    active,
    add(run) {
      active.set(run.id, run);
      const known = new Map<number, NodeState>();
      run.nodes.forEach(({ node, unit, items }, index) => {
        if (node.kind !== "task") return;
        if (hasEnded(unit)) known.set(index, unit.state);
        else if (items === undefined && unit.state === "running") known.set(index, "running");
        dispatch.resume(run, childrenOf(run, index));
      });
      apply(run, run.progress.start(known));
      if (run.nodes.some(({ items }) => items?.some(({ state }) => state === "failed") === true))
        apply(run, run.progress.fail());
    },
    start() {
      if (!dispatch.start()) return;
      for (const run of active.values()) {
        if (run.state === "cancelled") this.cancel(run, run.reason);
        else if (run.failedFast && run.spec.cancelRunning === true)
          cancelRunning(run, "upstream-failed", wantsSuccess);
      }
      schedule();
    },
    cancel(run, reason) {
      run.state = "cancelled";
      run.reason = reason;
      touch(run);
      apply(run, run.progress.cancel(reason));
      drop(run, reason);
      cancelRunning(run, reason, () => true);
    },
    committed() {
      const stored = table.committed();
      return flush() ? store.committed() : stored;
    },
    stop() {
      dispatch.stop();
      unlisten();
    },
  };
}
