/**
 * The latency rivals. Peak-EWMA with the power of two choices is Finagle's (`PeakEwma.scala`, decay 10 s): the better of two
 * random peers by latency times requests in flight. C3 (Suresh and others, NSDI 2015) ranks replicas by
 * response time and the cube of the expected queue, as in Elasticsearch; without its rate control.
 */
import { attemptTimeoutMs } from "../run-state.ts";
import type { Card } from "../world.ts";
import type { Policy, PolicyContext } from "./policy.ts";
import { anyOf } from "./simple.ts";

const decayMs = 10_000;

interface Peak {
  costMs: number;
  at: number;
  pending: number;
}

export function leastLatencyPolicy(context: PolicyContext): Policy {
  const peers = new Map<string, Peak>();
  const of = (peer: string): Peak => {
    let peak = peers.get(peer);
    if (peak === undefined) peers.set(peer, (peak = { costMs: 0, at: 0, pending: 0 }));
    return peak;
  };
  function observe(peak: Peak, latencyMs: number, now: number): void {
    const weight = Math.exp(-(now - peak.at) / decayMs);
    peak.costMs = latencyMs > peak.costMs ? latencyMs : peak.costMs * weight + latencyMs * (1 - weight);
    peak.at = now;
  }
  /** Nothing known and something out there: wait for that first. */
  function costOf(peer: string, now: number): number {
    const peak = peers.get(peer);
    if (peak === undefined) return 0;
    if (peak.costMs === 0) return peak.pending === 0 ? 0 : 1e9 + peak.pending;
    return peak.costMs * Math.exp(-(now - peak.at) / decayMs) * (peak.pending + 1);
  }
  function over(peer: string, latencyMs: number, now: number): void {
    const peak = of(peer);
    peak.pending -= 1;
    observe(peak, latencyMs, now);
  }
  return {
    choose(task, now) {
      const offers = context.world.offers[task.skill] ?? [];
      const one = anyOf(offers, task, context);
      const two = anyOf(offers, task, context);
      if (one === undefined || two === undefined) return [];
      return [costOf(one.peer, now) <= costOf(two.peer, now) ? one.peer : two.peer];
    },
    sent: (peer) => void (of(peer).pending += 1),
    ended: (peer, _skill, _end, { latencyMs }, now) => over(peer, latencyMs, now),
    // Finagle leaves refusals to others; without this, a full peer would look better by the second.
    refused: (peer, _load, retryAfterMs, now) => over(peer, Math.max(retryAfterMs, of(peer).costMs), now),
    timedOut: (peer, _skill, now) => over(peer, attemptTimeoutMs, now),
  };
}

interface Replica {
  responseMs: number;
  serviceMs: number;
  queue: number;
  pending: number;
}

const c3Weight = 0.3;

export function c3Policy({ world, random }: PolicyContext): Policy {
  const peers = new Map<string, Replica>();
  const of = (peer: string): Replica => {
    let replica = peers.get(peer);
    if (replica === undefined) {
      replica = { responseMs: 0, serviceMs: 0, queue: 0, pending: 0 };
      peers.set(peer, replica);
    }
    return replica;
  };
  const average = (old: number, value: number): number =>
    old === 0 ? value : old + c3Weight * (value - old);
  const clients = world.nodes.filter(({ client }) => client).length;
  function rank({ peer }: Card): number {
    const replica = peers.get(peer);
    if (replica === undefined) return -1;
    const queue = 1 + replica.pending * clients + replica.queue;
    return replica.responseMs - replica.serviceMs + queue ** 3 * replica.serviceMs;
  }
  return {
    choose(task) {
      let best: Card | undefined;
      let least = Infinity;
      for (const card of world.offers[task.skill] ?? []) {
        if (task.tried.has(card.peer)) continue;
        const cost = rank(card) + 1e-6 * random();
        if (cost < least) {
          least = cost;
          best = card;
        }
      }
      return best === undefined ? [] : [best.peer];
    },
    sent: (peer) => void (of(peer).pending += 1),
    refused(peer, load) {
      const replica = of(peer);
      replica.pending -= 1;
      replica.queue = load.queued + load.running;
      // Nothing else is known of a peer that only ever refused.
      if (replica.serviceMs === 0) replica.responseMs = replica.serviceMs = load.serviceMs / load.slots;
    },
    timedOut: (peer) => void (of(peer).pending -= 1),
    ended(peer, _skill, _end, { latencyMs, runMs, load }) {
      const replica = of(peer);
      replica.pending -= 1;
      replica.responseMs = average(replica.responseMs, latencyMs);
      replica.serviceMs = average(replica.serviceMs, runMs / load.slots);
      replica.queue = average(replica.queue, load.queued + load.running);
    },
  };
}
