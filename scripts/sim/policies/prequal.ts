/**
 * Prequal in its asynchronous form (Wydrowski and others, NSDI 2024, arXiv 2312.10172): each task sends a few probes whose
 * replies wait in a pool of sixteen for later tasks. Hot are those with more requests in flight than most of the recent
 * replies; the cold one of least latency is taken, else the hot one of fewest requests in flight. Used probes are charged one
 * request and leave after so many uses; at each task one more leaves, by turns the oldest and the worst.
 */
import type { Policy, PolicyContext } from "./policy.ts";
import { anyOf } from "./simple.ts";

const poolSize = 16;
const probesPerTask = 3;
const maxAgeMs = 1_000;
/** Quantile of requests in flight above which a peer is hot: 2^−.25. */
const hotQuantile = 0.84;
const recentReplies = 128;
/** Excess of probes over removals, the paper's δ. */
const delta = 1;

interface Probe {
  peer: string;
  inFlight: number;
  latencyMs: number;
  at: number;
  uses: number;
}

export function prequalPolicy(context: PolicyContext): Policy {
  const { world } = context;
  let pool: Probe[] = [];
  const recent: number[] = [];
  let turn = 0;

  const hotAbove = (): number => {
    if (recent.length === 0) return Infinity;
    const sorted = recent.toSorted((x, y) => x - y);
    return sorted[Math.min(sorted.length - 1, Math.floor(hotQuantile * sorted.length))] as number;
  };
  /** Below zero if x is better. */
  const compare = (x: Probe, y: Probe, hot: number): number => {
    const [xHot, yHot] = [x.inFlight > hot, y.inFlight > hot];
    if (xHot !== yHot) return xHot ? 1 : -1;
    return xHot ? x.inFlight - y.inFlight : x.latencyMs - y.latencyMs;
  };
  /** b of the paper: how often a probe may be used, from the size of the pool and of the mesh. */
  const mostUses = (offers: number): number =>
    Math.max(1, (1 + delta) / ((1 - poolSize / Math.max(poolSize + 1, offers)) * probesPerTask - 1));

  return {
    probes(task) {
      const offers = world.offers[task.skill] ?? [];
      const peers = new Set<string>();
      for (let i = 0; i < probesPerTask; i++) {
        const card = anyOf(offers, task, context);
        if (card !== undefined) peers.add(card.peer);
      }
      return { peers: [...peers], wait: 0, forMs: 0 };
    },
    probed(peer, { load, estimateMs }, _rttMs, now) {
      const inFlight = load.running + load.queued;
      recent.push(inFlight);
      if (recent.length > recentReplies) recent.shift();
      pool = pool.filter((probe) => probe.peer !== peer);
      pool.push({ peer, inFlight, latencyMs: estimateMs, at: now, uses: 0 });
      if (pool.length > poolSize) pool.shift();
    },
    choose(task, now) {
      pool = pool.filter(({ at }) => now - at <= maxAgeMs);
      const offers = world.offers[task.skill] ?? [];
      const usable = pool.filter(({ peer }) => !task.tried.has(peer));
      // The paper goes by chance while fewer than two probes are there.
      if (usable.length < 2) {
        const card = anyOf(offers, task, context);
        return card === undefined ? [] : [card.peer];
      }
      const hot = hotAbove();
      const best = usable.reduce((x, y) => (compare(x, y, hot) <= 0 ? x : y));
      best.inFlight += 1;
      best.uses += 1;
      if (best.uses >= mostUses(offers.length)) pool = pool.filter((probe) => probe !== best);
      if (pool.length > 1) {
        const worst = pool.reduce((x, y) => (compare(x, y, hot) > 0 ? x : y));
        const leaving = turn++ % 2 === 0 ? pool[0] : worst;
        pool = pool.filter((probe) => probe !== leaving);
      }
      return [best.peer];
    },
  };
}
