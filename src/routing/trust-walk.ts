/**
 * The trust graph: whose word reaches this node, and how far. Personalised PageRank gated by credibility: a walk begins
 * at this node (and the peers its operator pinned), steps from a peer to those it praises in proportion to the praise,
 * and goes on from a peer only with the probability of its credibility. Sources: Page 1998, Kamvar 2003 (EigenTrust), Andersen 2006;
 * the gate is ours.
 *
 * What it promises: a walk is inside a ring of liars only after it crossed an edge from outside, so all visits in the
 * ring together are at most 1/α times the mass over those edges, whatever the ring's size and shape.
 *
 * Only what the walk can reach is looked at: nodes that nobody praises cost nothing.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Claim } from "./attestation.ts";
import type { ClaimIndex } from "./claim-index.ts";
import type { GraphNode } from "./graph-node.ts";

/** Chance that a walk ends at each step. */
export const alpha = 0.2;
/** Beyond it .8^8 = 17 % of the walks still go on, mostly where they have been. */
const steps = 8;
/** One peer is heard with at most this share of the whole weight. */
const largestShare = 0.25;

export interface Walk {
  /** In the order in which they were reached; this node first. */
  nodes: GraphNode[];
  /** Expected visits of each. */
  visits: Float64Array;
  /** g: weight of its word; 0 for this node itself, which needs no witness. */
  weight: Float64Array;
  /** Weight of all, this node's share included: what the weights are held against. */
  total: number;
}

export interface WalkInput {
  index: ClaimIndex;
  /** What a peer says: whoever is reached and is not in the index yet is taken in. */
  claimsOf: (peer: PeerIdText) => readonly Claim[];
  /** Claims of all, at most. */
  claims: number;
  self: PeerIdText;
  /** This node's own edges: how far it trusts whom from its own evidence, above 0. */
  own: Iterable<readonly [PeerIdText, number]>;
  /** Pinned recommenders and the weight of each. */
  pins: ReadonlyMap<PeerIdText, number>;
  /** ρ, 0–1. */
  credibility: (peer: PeerIdText) => number;
}

/** Computes the graph afresh. Linear in the edges that can be reached. */
export function walk(input: WalkInput): Walk {
  const { nodes, gates, seeds, rows } = reach(input);
  const count = nodes.length;
  const visits = Float64Array.from(seeds);
  let mass = seeds;
  let next = new Float64Array(count);
  for (let step = 0; step < steps; step++) {
    next.fill(0);
    pass(rows, mass, next);
    for (let i = 0; i < count; i++) visits[i] = (visits[i] as number) + (next[i] as number);
    [mass, next] = [next, mass];
  }
  return { nodes, visits, ...weigh(visits, gates) };
}

/** g = min(ρ·visits, a quarter of all). */
function weigh(visits: Float64Array, gates: Float64Array): { weight: Float64Array; total: number } {
  const weight = new Float64Array(visits.length);
  let total = 0;
  for (let i = 0; i < visits.length; i++) {
    weight[i] = (gates[i] as number) * (visits[i] as number);
    total += weight[i] as number;
  }
  const most = largestShare * total;
  for (let i = 0; i < weight.length; i++) weight[i] = Math.min(most, weight[i] as number);
  weight[0] = 0;
  return { weight, total };
}

/** One step of all walks. */
function pass({ starts, targets, chances }: Rows, mass: Float64Array, next: Float64Array): void {
  for (let i = 0; i < mass.length; i++) {
    const here = mass[i] as number;
    if (here === 0) continue;
    const end = starts[i + 1] as number;
    for (let e = starts[i] as number; e < end; e++) {
      const to = targets[e] as number;
      next[to] = (next[to] as number) + here * (chances[e] as number);
    }
  }
}

/** Compressed sparse rows: the edges of node i are those from `starts[i]` to `starts[i + 1]`. */
interface Rows {
  starts: number[];
  targets: Int32Array;
  /** Of a walk at the node to go on by this edge: (1−α)·ρ·c. */
  chances: Float64Array;
}

interface Reached {
  nodes: GraphNode[];
  /** ρ of each. */
  gates: Float64Array;
  /** Where walks begin: half here and half at the pins, or all here. */
  seeds: Float64Array<ArrayBuffer>;
  rows: Rows;
}

/** The part of the graph that a walk can reach, numbered as it is found. */
function reach({ index, claimsOf, claims, self, own, pins, credibility }: WalkInput): Reached {
  const me = index.node(self);
  const pinned = Array.from(pins, ([peer, weight]) => [index.node(peer), weight] as const);
  const ownRow = Array.from(own, ([peer, weight]) => [index.node(peer), weight] as const);
  const nodes: GraphNode[] = [];
  /** By id of the node; those that come while the walk goes on are appended. */
  const places: number[] = Array.from({ length: index.byId.length }, () => -1);
  const placeOf = (id: number): number => {
    const known = places[id] ?? -1;
    return known >= 0 ? known : (places[id] = nodes.push(index.byId[id] as GraphNode) - 1);
  };
  const most = claims + ownRow.length;
  const rows: Rows = { starts: [0], targets: new Int32Array(most), chances: new Float64Array(most) };
  const { starts, targets, chances } = rows;
  let end = 0;
  const addRow = (ids: ArrayLike<number>, weights: ArrayLike<number>, gate: number): void => {
    const from = end;
    let sum = 0;
    for (let i = 0; i < ids.length; i++) {
      const weight = weights[i] as number;
      // What others say of this node is nothing to it.
      if (!(weight > 0) || ids[i] === me.id) continue;
      targets[end] = placeOf(ids[i] as number);
      chances[end++] = weight;
      sum += weight;
    }
    const scale = ((1 - alpha) * gate) / sum;
    for (let e = from; e < end; e++) chances[e] = (chances[e] as number) * scale;
    starts.push(end);
  };

  placeOf(me.id);
  const seeds = pinned.map(([node, weight]) => [placeOf(node.id), weight] as const);
  const gates = [1];
  addRow(
    ownRow.map(([{ id }]) => id),
    ownRow.map(([, weight]) => weight),
    1,
  );
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i] as GraphNode;
    if (!index.speakers.has(node)) index.put(node, claimsOf(node.peer));
    const gate = credibility(node.peer);
    gates.push(gate);
    if (gate > 0) addRow(node.row.subjects, node.row.praise, gate);
    else starts.push(end);
  }
  return { nodes, gates: Float64Array.from(gates), seeds: seedsOf(seeds, nodes.length), rows };
}

function seedsOf(pinned: readonly (readonly [number, number])[], count: number): Float64Array<ArrayBuffer> {
  const seeds = new Float64Array(count);
  let sum = 0;
  for (const [, weight] of pinned) sum += weight;
  seeds[0] = sum > 0 ? 0.5 : 1;
  for (const [index, weight] of pinned) seeds[index] = (seeds[index] as number) + (0.5 * weight) / sum;
  return seeds;
}
