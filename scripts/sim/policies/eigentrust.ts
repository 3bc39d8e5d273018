/**
 * EigenTrust as published (Kamvar, Schlosser, Garcia-Molina, WWW 2003): one global trust vector t = (1−a)·Cᵀt + a·p, with
 * c_ij ∝ max(0, satisfactory − unsatisfactory) and p over the pre-trusted peers. A provider is drawn in proportion to its
 * trust, and with 10 % from those that have none. Computed afresh as often as attestations are sent here.
 */
import type { Random } from "../../../src/core/clock.ts";
import { pick } from "../random.ts";
import { fabricated } from "../threats.ts";
import type { Card, SimNode, World } from "../world.ts";
import type { Policy, PolicyContext } from "./policy.ts";

const exploration = 0.1;
const rounds = 30;

export class EigenTrust {
  readonly #world: World;
  readonly #a: number;
  readonly #random: Random;
  /** Satisfactory less unsatisfactory of each client, by name. */
  readonly #balances = new Map<SimNode, Map<string, number>>();
  #trust = new Map<string, number>();

  constructor(world: World, a: number, random: Random) {
    this.#world = world;
    this.#a = a;
    this.#random = random;
    this.compute();
  }

  /** The global vector from what everybody says now. */
  compute(): void {
    const names = [...this.#world.byId.keys()];
    const index = new Map(names.map((name, i) => [name, i]));
    const start = new Float64Array(names.length);
    for (const { id } of this.#world.anchors) start[index.get(id) as number] = 1 / this.#world.anchors.length;
    const rows = this.#rows(index);
    let t = start.slice();
    for (let round = 0; round < rounds; round++) t = this.#step(t, rows, start);
    this.#trust = new Map(names.map((name, i) => [name, t[i] as number]));
  }

  #rows(index: ReadonlyMap<string, number>): Map<number, [to: number, weight: number][]> {
    const rows = new Map<number, [number, number][]>();
    for (const node of this.#world.nodes) {
      const said: [string, number][] =
        node.kind === "honest"
          ? [...(this.#balances.get(node) ?? [])]
          : fabricated(node, this.#world, this.#random).map(({ subject, good }) => [
              subject.id,
              good ? 1 : 0,
            ]);
      const praised = said.filter(([, weight]) => weight > 0);
      const sum = praised.reduce((all, [, weight]) => all + weight, 0);
      if (sum === 0) continue;
      rows.set(
        index.get(node.id) as number,
        praised.map(([name, weight]) => [index.get(name) as number, weight / sum]),
      );
    }
    return rows;
  }

  #step(
    t: Float64Array<ArrayBuffer>,
    rows: ReadonlyMap<number, [number, number][]>,
    start: Float64Array,
  ): Float64Array<ArrayBuffer> {
    const next = new Float64Array(t.length);
    for (let i = 0; i < t.length; i++) {
      const here = t[i] as number;
      const row = rows.get(i);
      // Whoever trusts nobody trusts the pre-trusted.
      if (row === undefined) for (let j = 0; j < t.length; j++) next[j]! += here * (start[j] as number);
      else for (const [to, weight] of row) next[to]! += here * weight;
    }
    for (let j = 0; j < t.length; j++)
      next[j] = (1 - this.#a) * (next[j] as number) + this.#a * (start[j] as number);
    return next;
  }

  client({ world, self, random }: PolicyContext): Policy {
    const balances = new Map<string, number>();
    this.#balances.set(self, balances);
    const trustOf = ({ peer }: Card): number => this.#trust.get(peer) ?? 0;
    return {
      choose(task) {
        const offers = (world.offers[task.skill] ?? []).filter(({ peer }) => !task.tried.has(peer));
        const trusted = offers.filter((card) => trustOf(card) > 1e-9);
        const strangers = offers.filter((card) => trustOf(card) <= 1e-9);
        if (trusted.length === 0 || (strangers.length > 0 && random() < exploration))
          return strangers.length === 0 ? [] : [pick(strangers, random).peer];
        let left = random() * trusted.reduce((sum, card) => sum + trustOf(card), 0);
        const drawn = trusted.find((card) => (left -= trustOf(card)) <= 0) ?? trusted[0];
        return drawn === undefined ? [] : [drawn.peer];
      },
      ended(peer, _skill, end) {
        if (end !== "unchecked") balances.set(peer, (balances.get(peer) ?? 0) + (end === "good" ? 1 : -1));
      },
    };
  }
}
