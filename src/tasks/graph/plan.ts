/**
 * From a checked graph to one flat plan: nested graphs become nodes of the whole, references become dependencies, and everything
 * is in topological order. Pure.
 *
 * A nested graph is two nodes: a gate that its outer rule opens before any of its nodes, and the node itself, which ends after
 * all of them.
 */
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { nearestName } from "../../core/spelling.ts";
import type { CheckedNode, Trigger } from "./spec.ts";

export interface PlanNode {
  /** A gate has its group's, with a slash behind. */
  id: string;
  kind: "task" | "gate" | "group";
  rule: Trigger;
  /** Plan indexes; a group's are its nodes. */
  deps: readonly number[];
  /** Of the nested graph it is in, or -1. */
  gate: number;
  /** Longest way from a node without dependencies, in tasks. */
  level: number;
  /** What its references name, by the name they use. */
  sources: ReadonlyMap<string, number>;
  /** Of a group: its last nodes by name; undefined for the others. */
  sinks: ReadonlyMap<string, number> | undefined;
  spec: CheckedNode;
}

/** What needs a node to have ended: its dependents, and for a gate all nodes inside. */
export interface Plan {
  /** In topological order. */
  nodes: readonly PlanNode[];
  byId: ReadonlyMap<string, number>;
  followers: readonly (readonly number[])[];
  /** Nodes of the outermost graph that no other depends on, by id. */
  sinks: ReadonlyMap<string, number>;
  edges: number;
}

interface Scope {
  nodes: readonly CheckedNode[];
  byName: ReadonlyMap<string, CheckedNode>;
  /** The node whose nested graph this is. */
  owner: CheckedNode | undefined;
  outer: Scope | undefined;
}

interface Links {
  /** Nodes of the same scope. */
  deps: Set<CheckedNode>;
  /** What its references and those of its nodes name. */
  sources: Map<string, CheckedNode>;
}

/** Throws `InvalidInput`: unknown or own name, or a cycle, which it names; `LimitExceeded`. */
export function planGraph(nodes: readonly CheckedNode[]): Plan {
  const links = new Map<CheckedNode, Links>();
  const root = scopeOf(nodes, undefined, undefined);
  link(root, links);
  const built: PlanNode[] = [];
  const indexes = new Map<CheckedNode, number>();
  const edges = { count: 0 };
  place(root, -1, links, built, indexes, edges);
  const followers: number[][] = built.map(() => []);
  built.forEach((node, i) => {
    for (const dep of node.deps) followers[dep]?.push(i);
    if (node.gate >= 0) followers[node.gate]?.push(i);
  });
  const byId = new Map(built.map((node, i) => [node.id, i]));
  return { nodes: built, byId, followers, sinks: sinksOf(root, links, indexes), edges: edges.count };
}

function scopeOf(
  nodes: readonly CheckedNode[],
  owner: CheckedNode | undefined,
  outer: Scope | undefined,
): Scope {
  return { nodes, byName: new Map(nodes.map((node) => [node.name, node])), owner, outer };
}

/** Fills `links` for the scope and all inside it. */
function link(scope: Scope, links: Map<CheckedNode, Links>): void {
  for (const node of scope.nodes) links.set(node, { deps: new Set(), sources: new Map() });
  for (const node of scope.nodes) {
    const { deps } = links.get(node) as Links;
    for (const name of node.needs) {
      const dep = scope.byName.get(name);
      if (dep === undefined) throw unknown(node, name, scope);
      if (dep === node) throw new ErrandError("InvalidInput", `${node.id} needs itself`);
      deps.add(dep);
    }
    for (const { root, text } of node.references) refer(scope, node, root, text, links);
    if (node.nested !== undefined) link(scopeOf(node.nested, node, scope), links);
  }
  refuseCycle(scope, links);
}

/** A name is looked for in the node's own graph, then in those around it: there its group depends on what it found. */
function refer(
  scope: Scope,
  node: CheckedNode,
  name: string,
  text: string,
  links: Map<CheckedNode, Links>,
): void {
  let dependent = node;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = at.byName.get(name);
    if (found !== undefined) {
      if (found === dependent)
        throw new ErrandError(
          "InvalidInput",
          found === node
            ? `${node.id} refers to itself: ${text}`
            : `${node.id} refers to the graph it is in: ${text}`,
        );
      (links.get(dependent) as Links).deps.add(found);
      (links.get(node) as Links).sources.set(name, found);
      return;
    }
    if (at.owner !== undefined) dependent = at.owner;
  }
  throw unknown(node, name, scope);
}

function unknown(node: CheckedNode, name: string, scope: Scope): ErrandError {
  const near = nearestName(name, scope.byName.keys());
  return new ErrandError(
    "InvalidInput",
    `${node.id} needs "${name.slice(0, 64)}", which is no node of its graph`,
    {
      hint:
        near === undefined || near === node.name
          ? `Its graph has ${[...scope.byName.keys()].slice(0, 12).join(", ")}.`
          : `Did you mean "${near}"?`,
    },
  );
}

/** Depth first without recursion: a chain may be as long as a graph. */
function refuseCycle(scope: Scope, links: Map<CheckedNode, Links>): void {
  const done = new Set<CheckedNode>();
  for (const start of scope.nodes) {
    const path: { node: CheckedNode; rest: Iterator<CheckedNode> }[] = [];
    const on = new Set<CheckedNode>();
    const enter = (node: CheckedNode): void => {
      on.add(node);
      path.push({ node, rest: (links.get(node) as Links).deps.values() });
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.next();
      if (next.done === true) {
        done.add(top.node);
        on.delete(top.node);
        path.pop();
      } else if (on.has(next.value))
        throw cycle(
          path.map(({ node }) => node),
          next.value,
        );
      else if (!done.has(next.value)) enter(next.value);
    }
  }
}

/** The way goes from dependents to dependencies; shown is what runs before what. */
function cycle(path: readonly CheckedNode[], again: CheckedNode): ErrandError {
  const ids = path
    .slice(path.indexOf(again))
    .map(({ id }) => id)
    .toReversed();
  const first = ids.indexOf(ids.toSorted()[0] as string);
  const turned = [...ids.slice(first), ...ids.slice(0, first)];
  const shown =
    turned.length > 16
      ? [...turned.slice(0, 8), `(${turned.length - 16} more)`, ...turned.slice(-8)]
      : turned;
  return new ErrandError("InvalidInput", `the graph has a cycle: ${[...shown, turned[0]].join(" → ")}`, {
    hint: "Each node can only need nodes that run before it: remove one of these dependencies.",
    details: { cycle: turned.slice(0, 100) },
  });
}

/** Nodes of a scope after what they depend on (Kahn); in the order written where that leaves a choice. */
function ordered(scope: Scope, links: Map<CheckedNode, Links>): CheckedNode[] {
  const left = new Map(scope.nodes.map((node) => [node, (links.get(node) as Links).deps.size]));
  const dependents = new Map<CheckedNode, CheckedNode[]>();
  for (const node of scope.nodes)
    for (const dep of (links.get(node) as Links).deps) {
      const list = dependents.get(dep);
      if (list === undefined) dependents.set(dep, [node]);
      else list.push(node);
    }
  const order = scope.nodes.filter((node) => left.get(node) === 0);
  for (const node of order)
    for (const dependent of dependents.get(node) ?? []) {
      const count = (left.get(dependent) as number) - 1;
      left.set(dependent, count);
      if (count === 0) order.push(dependent);
    }
  return order;
}

function place(
  scope: Scope,
  gate: number,
  links: Map<CheckedNode, Links>,
  built: PlanNode[],
  indexes: Map<CheckedNode, number>,
  edges: { count: number },
): void {
  const gateLevel = gate < 0 ? 0 : (built[gate] as PlanNode).level;
  for (const spec of ordered(scope, links)) {
    const own = links.get(spec) as Links;
    const deps = [...own.deps].map((dep) => indexes.get(dep) as number);
    edges.count += deps.length;
    if (edges.count > limits.graphEdges)
      throw new ErrandError("LimitExceeded", `a graph may have at most ${limits.graphEdges} dependencies`, {
        hint: "Let a node of its own collect what many nodes need.",
      });
    const before = Math.max(gateLevel, ...deps.map((dep) => endLevel(built[dep] as PlanNode)));
    const common = { rule: spec.when, spec, sources: new Map<string, number>(), sinks: undefined };
    if (spec.nested === undefined) {
      const sources = new Map([...own.sources].map(([name, node]) => [name, indexes.get(node) as number]));
      indexes.set(spec, built.length);
      built.push({ ...common, id: spec.id, kind: "task", deps, gate, level: before, sources });
      continue;
    }
    const inner = scopeOf(spec.nested, spec, scope);
    const innerGate = built.length;
    built.push({ ...common, id: `${spec.id}/`, kind: "gate", deps, gate, level: before });
    place(inner, innerGate, links, built, indexes, edges);
    const members = spec.nested.map((node) => indexes.get(node) as number);
    const level = Math.max(before, ...members.map((i) => endLevel(built[i] as PlanNode) - 1));
    indexes.set(spec, built.length);
    const sinks = sinksOf(inner, links, indexes);
    built.push({ ...common, id: spec.id, kind: "group", deps: members, gate: innerGate, level, sinks });
  }
}

/** Of what follows the node. */
function endLevel({ kind, level }: PlanNode): number {
  return kind === "gate" ? level : level + 1;
}

function sinksOf(
  scope: Scope,
  links: Map<CheckedNode, Links>,
  indexes: Map<CheckedNode, number>,
): Map<string, number> {
  const needed = new Set(scope.nodes.flatMap((node) => [...(links.get(node) as Links).deps]));
  return new Map(
    scope.nodes.filter((node) => !needed.has(node)).map((node) => [node.name, indexes.get(node) as number]),
  );
}
