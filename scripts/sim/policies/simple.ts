/** Random, round robin, and the least loaded by the cards that everybody has: what a mesh without a memory does. */
import { pick } from "../random.ts";
import type { Card } from "../world.ts";
import type { Asked, Policy, PolicyContext } from "./policy.ts";

/** A random offer that was not tried yet; undefined when there is none. */
export function anyOf(offers: readonly Card[], task: Asked, { random }: PolicyContext): Card | undefined {
  for (let i = 0; i < 8; i++) {
    const card = offers.length > 0 ? pick(offers, random) : undefined;
    if (card !== undefined && !task.tried.has(card.peer)) return card;
  }
  const left = offers.filter(({ peer }) => !task.tried.has(peer));
  return left.length > 0 ? pick(left, random) : undefined;
}

export function randomPolicy(context: PolicyContext): Policy {
  return {
    choose(task) {
      const card = anyOf(context.world.offers[task.skill] ?? [], task, context);
      return card === undefined ? [] : [card.peer];
    },
  };
}

export function roundRobinPolicy({ world, random }: PolicyContext): Policy {
  const next = Array.from(world.offers, (offers) => Math.floor(random() * offers.length));
  return {
    choose(task) {
      const offers = world.offers[task.skill] ?? [];
      for (let i = 0; i < offers.length; i++) {
        const at = (next[task.skill] as number) % offers.length;
        next[task.skill] = at + 1;
        const { peer } = offers[at] as Card;
        if (!task.tried.has(peer)) return [peer];
      }
      return [];
    },
  };
}

export function heartbeatPolicy({ world, random }: PolicyContext): Policy {
  return {
    choose(task) {
      let best: Card | undefined;
      let least = Infinity;
      for (const card of world.offers[task.skill] ?? []) {
        if (task.tried.has(card.peer)) continue;
        const { running, queued, slots } = card.load;
        // A hair of chance, so that equals share.
        const load = (running + queued) / slots + 1e-6 * random();
        if (load < least) {
          least = load;
          best = card;
        }
      }
      return best === undefined ? [] : [best.peer];
    },
  };
}
