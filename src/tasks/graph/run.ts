/**
 * One graph as it runs: the plan, how far it has come, and a unit for each task. Made for a new graph or out of its rows; its
 * rows and what the API shows are made from it. What moves it is engine.ts.
 */
import type { TaskId } from "../../core/ids.ts";
import type { GraphNodeRow, GraphRow, GraphTaskRow } from "../../storage/graphs.ts";
import { isTerminal, type TaskState } from "../states.ts";
import type { Plan, PlanNode } from "./plan.ts";
import { createProgress, type NodeState, type Outcome, type Progress } from "./progress.ts";
import type { Source } from "./references.ts";
import type { GraphSpec } from "./spec.ts";

export const GRAPH_STATES = ["running", "completed", "failed", "cancelled"] as const;
export type GraphState = (typeof GRAPH_STATES)[number];

/** A task that is, was or may be. */
export interface Unit {
  state: NodeState;
  reason: string;
  taskId: TaskId | undefined;
  /** Its input is being put together, or its task is out. */
  out: boolean;
}

export interface NodeRun {
  node: PlanNode;
  unit: Unit;
  /** Of a fan-out, once its list is known, or as far as its tasks are. */
  items: Unit[] | undefined;
  /** The list; undefined while it is not known. */
  list: readonly unknown[] | undefined;
  itemsLeft: number;
  /** What its items refer to, while there are items to send. */
  sources: Map<string, Source> | undefined;
}

/** What waits for a place among those that are out: a node, or one item of it. */
export interface Entry {
  index: number;
  item: number;
}

export interface GraphRun {
  readonly id: string;
  readonly spec: GraphSpec;
  readonly plan: Plan;
  readonly progress: Progress;
  readonly failFast: boolean;
  readonly nodes: NodeRun[];
  readonly createdAt: number;
  finishedAt: number | undefined;
  state: GraphState;
  reason: string;
  ready: Entry[];
  /** Tasks out, and inputs in the making. */
  out: number;
  /** Units made so far, against the bound of a graph. */
  tasks: number;
  /** Whether what follows from the first failure has been done. */
  failedFast: boolean;
  /** Rows to be written at the end of the turn. */
  dirty: Map<string, Unit>;
  waiters: ((error?: Error) => void)[];
}

export function newRun(row: Pick<GraphRow, "id" | "createdAt">, spec: GraphSpec, plan: Plan): GraphRun {
  const failFast = spec.failFast ?? true;
  return {
    ...row,
    spec,
    plan,
    failFast,
    progress: createProgress(plan, failFast),
    nodes: plan.nodes.map((node) => ({
      node,
      unit: newUnit(),
      items: node.spec.forEach === undefined || node.kind !== "task" ? undefined : [],
      list: undefined,
      itemsLeft: 0,
      sources: undefined,
    })),
    finishedAt: undefined,
    state: "running",
    reason: "",
    ready: [],
    out: 0,
    tasks: plan.nodes.length,
    failedFast: false,
    dirty: new Map(),
    waiters: [],
  };
}

export function newUnit(): Unit {
  return { state: "waiting", reason: "", taskId: undefined, out: false };
}

export function hasEnded({ state }: Unit): boolean {
  return state !== "waiting" && state !== "running";
}

/** The units below a node: its items, or itself. */
export function childrenOf(run: GraphRun, index: number): readonly Unit[] {
  const { unit, items } = run.nodes[index] as NodeRun;
  return items ?? [unit];
}

/** The name of a unit's row and of its task's node. */
export function nameOf(run: GraphRun, { index, item }: Entry): string {
  const { id } = (run.nodes[index] as NodeRun).node;
  return item < 0 ? id : `${id}[${item}]`;
}

export function unitOf(run: GraphRun, { index, item }: Entry): Unit {
  const node = run.nodes[index] as NodeRun;
  return item < 0 ? node.unit : (node.items?.[item] as Unit);
}

/** The entry with this name; undefined when there is none. */
export function entryOf(run: GraphRun, name: string): Entry | undefined {
  const bracket = name.indexOf("[");
  const index = run.plan.byId.get(bracket < 0 ? name : name.slice(0, bracket));
  if (index === undefined) return undefined;
  return { index, item: bracket < 0 ? -1 : Number(name.slice(bracket + 1, -1)) };
}

/** How the end of a task is the end of its node. */
export function outcomeOf(state: TaskState): Outcome {
  return state === "completed" || state === "cancelled" ? state : "failed";
}

/** A task's reason code and what its error says. */
export function reasonOf(reason: string, message = ""): string {
  return reason === "" || message === "" || reason === message ? reason || message : `${reason}: ${message}`;
}

/**
 * The run as its rows and its tasks' rows say. A task says more than the row of its node, which may be older. What never had
 * a task is as its row says, or is decided again: deciding is deterministic.
 */
export function restoreRun(
  row: GraphRow,
  spec: GraphSpec,
  plan: Plan,
  rows: readonly GraphNodeRow[],
  tasks: readonly GraphTaskRow[],
): GraphRun {
  const run = newRun(row, spec, plan);
  run.state = row.state as GraphState;
  run.reason = row.reason;
  run.finishedAt = row.finishedAt ?? undefined;
  for (const { node, state, taskId, reason } of rows)
    restoreUnit(run, node, { state: state as NodeState, reason, taskId: taskId ?? undefined, out: false });
  const hasTask = new Set<string>();
  for (const { node, state, taskId, reason, message } of tasks) {
    const before = hasTask.has(node) ? entryOf(run, node) : undefined;
    // Of two tasks of one node the first that counts stays.
    if (before !== undefined && unitOf(run, before).state === "completed") continue;
    hasTask.add(node);
    const ended = isTerminal(state as TaskState);
    restoreUnit(run, node, {
      state: ended ? outcomeOf(state as TaskState) : "running",
      reason: ended ? reasonOf(reason, message) : "",
      taskId,
      out: !ended,
    });
  }
  // Said to run, but its task never reached the disk: it may run.
  for (const { unit, items } of run.nodes)
    for (const one of [unit, ...(items ?? [])])
      if (one.state === "running" && !one.out) Object.assign(one, newUnit());
  return run;
}

function restoreUnit(run: GraphRun, name: string, unit: Unit): void {
  const entry = entryOf(run, name);
  if (entry === undefined) return;
  const node = run.nodes[entry.index] as NodeRun;
  if (entry.item < 0) node.unit = unit;
  else if (node.items !== undefined) {
    while (node.items.length <= entry.item) node.items.push(newUnit());
    node.items[entry.item] = unit;
  }
}

/** Why a graph failed: its first failure, or what was cancelled. */
export function failureOf(run: GraphRun): string {
  const failed = run.nodes.filter(({ node, unit }) => node.kind === "task" && unit.state === "failed");
  const ended = failed.length > 0 ? failed : run.nodes.filter(({ unit }) => unit.state === "cancelled");
  const [first] = ended;
  const more = ended.length > 1 ? `, and ${ended.length - 1} more` : "";
  return `${first?.node.id} ${first?.unit.state}: ${first?.unit.reason}${more}`;
}
