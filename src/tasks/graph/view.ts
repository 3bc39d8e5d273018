/** Graphs as the API shows them. */
import { limits } from "../../core/limits.ts";
import type { TaskId } from "../../core/ids.ts";
import type { GraphListing } from "../../storage/graphs.ts";
import type { Plan } from "./plan.ts";
import type { NodeState } from "./progress.ts";
import type { GraphRun, GraphState, Unit } from "./run.ts";
import type { Trigger } from "./spec.ts";

export type NodeCounts = Record<NodeState, number>;

export interface GraphNodeView {
  /** `outer/inner` in a nested graph. */
  id: string;
  /** "" for a nested graph. */
  skill: string;
  state: NodeState;
  /** `upstream-failed`, `upstream-skipped`, `not-triggered`, or what the task said. */
  reason: string;
  needs: string[];
  when: Trigger;
  task: TaskId | null;
  /** Of a fan-out: its items by state, null before its list is known. */
  items: NodeCounts | null;
  /** The tasks of its items, in order; null for one that has none. */
  itemTasks?: (TaskId | null)[];
}

/** JSON shape of a graph in the API and in `-o json`. */
export interface GraphView {
  id: string;
  name: string;
  status: GraphState;
  reason: string;
  /** ISO 8601. */
  createdAt: string;
  finishedAt: string | null;
  /** From its start to its end, or to now. */
  durationMs: number;
  /** Tasks: nodes that are no nested graphs, the items of a fan-out instead of itself. */
  counts: NodeCounts;
  /** 0–1. */
  progress: number;
  /** In an order in which they can run. */
  nodes?: GraphNodeView[];
  /** Of the last nodes, or of all, by id; null before the end, or when they are too large: see `outputNote`. */
  output: Record<string, unknown> | null;
  outputNote?: string;
}

export interface GraphPlan {
  name: string;
  nodes: {
    id: string;
    skill: string;
    needs: string[];
    when: Trigger;
    level: number;
    fanOut: boolean;
    items: number | null;
  }[];
  /** Ids of the tasks that can run at the same time, level by level. */
  levels: string[][];
  counts: { nodes: number; edges: number; levels: number; widest: number };
}

export function noCounts(): NodeCounts {
  return { waiting: 0, running: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0 };
}

function countUnits(units: Iterable<Unit>): NodeCounts {
  const counts = noCounts();
  for (const { state } of units) counts[state]++;
  return counts;
}

/** The units that count: tasks, not groups, and items instead of their node. */
function* countedUnits(run: GraphRun): Generator<Unit> {
  for (const { node, unit, items, list } of run.nodes) {
    if (node.kind !== "task") continue;
    if (items === undefined || items.length === 0 || (list === undefined && unit.state === "waiting"))
      yield unit;
    else yield* items;
  }
}

export function viewOfRun(run: GraphRun, nowAt: number, withNodes: boolean): GraphView {
  const counts = countUnits(countedUnits(run));
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return {
    ...heading(run, run.spec.name ?? "", nowAt),
    counts,
    progress: total === 0 ? 1 : 1 - (counts.waiting + counts.running) / total,
    ...(withNodes ? { nodes: nodeViews(run) } : {}),
    output: null,
  };
}

export function viewOfListing(listing: GraphListing, nowAt: number): GraphView {
  const counts = { ...noCounts(), ...listing.nodes };
  const ended = listing.finishedAt !== null;
  return {
    ...heading(
      { ...listing, state: listing.state as GraphState, finishedAt: listing.finishedAt ?? undefined },
      listing.name,
      nowAt,
    ),
    counts,
    progress: ended ? 1 : 0,
    output: null,
  };
}

function heading(
  {
    id,
    state,
    reason,
    createdAt,
    finishedAt,
  }: Pick<GraphRun, "id" | "state" | "reason" | "createdAt" | "finishedAt">,
  name: string,
  nowAt: number,
): Pick<GraphView, "id" | "name" | "status" | "reason" | "createdAt" | "finishedAt" | "durationMs"> {
  return {
    id,
    name,
    status: state,
    reason,
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: finishedAt === undefined ? null : new Date(finishedAt).toISOString(),
    durationMs: Math.max(0, (finishedAt ?? nowAt) - createdAt),
  };
}

function nodeViews(run: GraphRun): GraphNodeView[] {
  const views: GraphNodeView[] = [];
  for (const { node, unit, items } of run.nodes) {
    if (node.kind === "gate") continue;
    views.push({
      id: node.id,
      skill: node.spec.task?.skill ?? "",
      state: unit.state,
      reason: unit.reason,
      needs: needsOf(run.plan, node),
      when: node.rule,
      task: unit.taskId ?? null,
      items: items === undefined || items.length === 0 ? null : countUnits(items),
      ...(items === undefined ? {} : { itemTasks: items.map(({ taskId }) => taskId ?? null) }),
    });
  }
  return views;
}

/** Of a nested graph: what its gate waits for. */
function needsOf(plan: Plan, node: Plan["nodes"][number]): string[] {
  const { deps } = node.kind === "group" ? (plan.nodes[node.gate] as typeof node) : node;
  return deps.map((dep) => plan.nodes[dep]?.id ?? "");
}

export function viewOfPlan(name: string, plan: Plan): GraphPlan {
  const levels: string[][] = [];
  const nodes: GraphPlan["nodes"] = [];
  for (const node of plan.nodes) {
    if (node.kind === "gate") continue;
    if (node.kind === "task") (levels[node.level] ??= []).push(node.id);
    const { forEach } = node.spec;
    nodes.push({
      id: node.id,
      skill: node.spec.task?.skill ?? "",
      needs: needsOf(plan, node),
      when: node.rule,
      level: node.level,
      fanOut: forEach !== undefined,
      items: Array.isArray(forEach) ? forEach.length : null,
    });
  }
  const widest = Math.max(...levels.map((level) => level.length));
  return {
    name,
    nodes,
    levels,
    counts: { nodes: nodes.length, edges: plan.edges, levels: levels.length, widest },
  };
}

export const outputTooLarge = `The outputs are larger than ${limits.graphOutputBytes} bytes together: fetch each from its task.`;
