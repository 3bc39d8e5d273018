/**
 * A decision as it is stored with an attempt: a list without names, and numbers to three places. Every task keeps one and hardly
 * anybody looks at it; with the names it was the dearest part of a small task's row, to write and to store.
 *
 *     [how, order, omitted, retryAfterMs, probes, [considered, …]]
 *
 * `order` is how many of those considered it is, or the peers themselves. A peer of 1 is the attempt's. The rest is below, as types.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { ConsideredPeer, Decision, ScoreParts } from "./candidate.ts";

export function decisionText(decision: Decision, peer: PeerIdText): string {
  const { how, order, considered, omitted, retryAfterMs = null, probes } = decision;
  const leading = order.every((one, i) => considered[i]?.peer === one);
  const said = probes === undefined ? "null" : `[${probes.asked},${probes.answered},${probes.waitedMs}]`;
  let list = "";
  for (const one of considered)
    list += list === "" ? consideredText(one, peer) : `,${consideredText(one, peer)}`;
  return `["${how}",${leading ? order.length : JSON.stringify(order)},${omitted},${retryAfterMs},${said},[${list}]]`;
}

function consideredText(one: ConsideredPeer, peer: PeerIdText): string {
  const { load, score } = one;
  const who = one.peer === peer ? "1" : JSON.stringify(one.peer);
  const trust = `[${places(one.trustMean)},${places(one.trustLower)},${places(one.reliability)}]`;
  const busy = `[${one.inFlight},${load.running},${load.slots},${load.queued},${places(load.serviceMs)}]`;
  const why = one.refused === "" ? '""' : JSON.stringify(one.refused);
  return `[${who},${one.local ? 1 : 0},${trust},${busy},${why}${score === null ? "" : scoreText(score)}]`;
}

function scoreText(score: ScoreParts): string {
  const expected = `${places(score.rttMs)},${places(score.serviceMs)},${places(score.unreliabilityMs)}`;
  return `,[${expected},${places(score.distrustMs)},${places(score.priceMs)},${places(score.qualityMs ?? 0)},${places(score.totalMs)}]`;
}

function places(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1_000) / 1_000 : null;
}

type Stored = [
  how: string,
  order: number | PeerIdText[],
  omitted: number,
  retryAfterMs: number | null,
  probes: [asked: number, answered: number, waitedMs: number] | null,
  considered: StoredPeer[],
];

type StoredPeer = [
  peer: PeerIdText | 1,
  local: number,
  trust: [mean: number, lower: number, reliability: number],
  busy: [inFlight: number, running: number, slots: number, queued: number, serviceMs: number],
  refused: string,
  score?: [number, number, number, number, number, number, number],
];

/** What `decisionText` wrote for an attempt at `peer`. What is no list is handed back: older versions stored the object. */
export function decisionFrom(stored: unknown, peer: PeerIdText): unknown {
  if (!Array.isArray(stored)) return stored;
  const [how, order, omitted, retryAfterMs, probes, list] = stored as Stored;
  const considered = list.map((one) => consideredFrom(one, peer));
  const decision: Decision = {
    order: typeof order === "number" ? considered.slice(0, order).map((one) => one.peer) : order,
    how,
    considered,
    omitted,
  };
  if (retryAfterMs !== null) decision.retryAfterMs = retryAfterMs;
  if (probes !== null) decision.probes = { asked: probes[0], answered: probes[1], waitedMs: probes[2] };
  return decision;
}

function consideredFrom(
  [who, local, trust, busy, refused, score]: StoredPeer,
  peer: PeerIdText,
): ConsideredPeer {
  const [trustMean, trustLower, reliability] = trust;
  const [inFlight, running, slots, queued, serviceMs] = busy;
  return {
    peer: who === 1 ? peer : who,
    local: local === 1,
    trustMean,
    trustLower,
    reliability,
    inFlight,
    load: { running, slots, queued, serviceMs },
    score: score === undefined ? null : scoreFrom(score),
    refused,
  };
}

function scoreFrom(score: NonNullable<StoredPeer[5]>): ScoreParts {
  const [rttMs, serviceMs, unreliabilityMs, distrustMs, priceMs, qualityMs, totalMs] = score;
  return { rttMs, serviceMs, unreliabilityMs, distrustMs, priceMs, qualityMs, totalMs };
}
