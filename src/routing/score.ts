/**
 * What an attempt at a prospect is expected to cost, in ms until a good result:
 *
 *     RTT + S·(1 + max(0, Q+1−c)/c) + (1−r)/r·3000 + (1−θ)/θ·w + price + (1−rating)·1500
 *
 * c are the peer's slots, Q what it has in hand, r its reliability, θ the sampled trust, w the price of a wrong result. The load is the peer's own word,
 * so it is bounded by what this node measured: lying in reports gains little.
 */
import type { Load } from "../network/messages.ts";
import type { ScoreParts } from "./candidate.ts";
import { rttAt } from "./metrics.ts";
import type { Prospect } from "./prospects.ts";

/** What a lost attempt costs: about the time until it is noticed and sent elsewhere. */
const lossMs = 3_000;
/**
 * What a wrong result costs: finding out and doing it again, where it is found out. At half of it, liars that are right four
 * times in five and ten times as fast as others were a bargain. With runs of a few ms it is less: there a second of distrust
 * would outweigh every queue, and doing it again is quick.
 */
const mostWrongMs = 3_000;
const leastWrongMs = 150;
const wrongRuns = 30;
/** What a result of no use costs at most, less than a wrong one, which may be used; a rating of 1 costs nothing. */
const poorMs = 1_500;
/** A credit saved is worth waiting this long. */
const priceMsPerCredit = 50;
/** A warm worker's run against a cold one's: what is saved is the start, of which little is known here. */
const warmShare = 0.8;
/** Assumed of a peer that was never measured; a few networks are faster, few are much slower. */
const unknownRttMs = 20;
/** Connecting first takes some three round trips in all. */
const unconnectedRtts = 3;
/** Bounds (1−x)/x for a peer that is all but certain to fail: 49 times. */
const leastShare = 0.02;
/** A report of this age counts half: the queue it speaks of has moved on. */
const loadHalfLifeMs = 5_000;
/** A queue of free tasks is still a queue. */
const leastServiceMs = 0.5;
/** More slots than that are not believed. */
const mostSlots = 1_024;

/** Attempts in hand at the peer (Q) and its slots (c), as far as can be known now. */
export interface Occupancy {
  inHand: number;
  slots: number;
  reportedServiceMs: number;
}

/** Age of the newest report, ms. */
export function loadAgeMs(prospect: Prospect, now: number): number {
  const { candidate, metrics } = prospect;
  if (candidate.local) return 0;
  return Math.max(0, isFromAnswer(prospect, now) ? now - metrics.loadAt : candidate.loadAgeMs);
}

/** The newer of the card's load and the peer's last answer. This node's own load needs no report. */
export function newestLoad(prospect: Prospect, now: number): Load {
  const { candidate, metrics } = prospect;
  return isFromAnswer(prospect, now) ? (metrics.load as Load) : candidate.load;
}

function isFromAnswer({ candidate, metrics }: Prospect, now: number): boolean {
  return !candidate.local && metrics.load !== undefined && now - metrics.loadAt <= candidate.loadAgeMs;
}

/**
 * From the newest load, faded by its age. An answer does not include what was sent since, so that is added; and whatever
 * is reported, own attempts that are out there are in hand.
 */
export function occupancy(prospect: Prospect, now: number): Occupancy {
  const { candidate, metrics } = prospect;
  // Its age is asked for once: a card's is computed anew from two clocks.
  const fromAnswer = isFromAnswer(prospect, now);
  const load = fromAnswer ? (metrics.load as Load) : candidate.load;
  const reportedServiceMs = number(load.serviceMs);
  let inHand = number(load.running) + number(load.queued);
  if (!candidate.local) {
    const ageMs = Math.max(0, fromAnswer ? now - metrics.loadAt : candidate.loadAgeMs);
    inHand *= 2 ** (-ageMs / Math.max(loadHalfLifeMs, reportedServiceMs));
    if (fromAnswer) inHand += metrics.sentSinceLoad;
  }
  return {
    inHand: Math.max(inHand, metrics.inFlight),
    slots: Math.min(mostSlots, Math.max(1, number(load.slots))),
    reportedServiceMs,
  };
}

/**
 * S for the run itself, and for each of those waiting before it. The reported time is an average over all skills of the
 * peer: right for the queue, which is mixed, wrong for this run, where the own average bounds it from both sides.
 */
export function serviceTimes(
  reportedMs: number,
  ownMs: number | undefined,
  skillMs: number,
): { runMs: number; queuedMs: number } {
  if (ownMs === undefined) {
    const runMs = Math.max(leastServiceMs, reportedMs > 0 ? reportedMs : skillMs);
    return { runMs, queuedMs: runMs };
  }
  const believedMs = reportedMs > 0 ? Math.max(reportedMs, ownMs / 2) : ownMs;
  return {
    runMs: Math.max(leastServiceMs, Math.min(believedMs, 2 * ownMs)),
    queuedMs: Math.max(leastServiceMs, believedMs),
  };
}

/** S of one prospect, from what was measured and what it says. */
export function expectedRunMs(prospect: Prospect, skillMs: number): number {
  const { candidate, metrics, service } = prospect;
  const reported = number((candidate.local ? candidate.load : (metrics.load ?? candidate.load)).serviceMs);
  return serviceTimes(reported, service?.averageMs, skillMs).runMs;
}

/** `skillMs`: average run time of the skill over all peers. Reads `prospect.theta`. */
export function score(prospect: Prospect, skillMs: number, now: number): ScoreParts {
  const { candidate, metrics, standing } = prospect;
  const { inHand, slots, reportedServiceMs } = occupancy(prospect, now);
  const { runMs, queuedMs } = serviceTimes(reportedServiceMs, prospect.service?.averageMs, skillMs);
  // Waiting out what the peer asked for matters only when all of them asked for it.
  const heldMs = Math.max(0, metrics.avoidUntil - now);
  const ownRunMs = candidate.warm === true ? warmShare * runMs : runMs;
  const serviceMs = ownRunMs + (queuedMs * Math.max(0, inHand + 1 - slots)) / slots + heldMs;
  if (candidate.local) {
    return {
      rttMs: 0,
      serviceMs,
      unreliabilityMs: 0,
      distrustMs: 0,
      priceMs: 0,
      qualityMs: 0,
      totalMs: serviceMs,
    };
  }
  const measuredMs = rttAt(metrics, now);
  const rttMs = (measuredMs < 0 ? unknownRttMs : measuredMs) * (candidate.connected ? 1 : unconnectedRtts);
  const unreliabilityMs = oddsAgainst(standing.reliability) * lossMs;
  const distrustMs = oddsAgainst(prospect.theta) * wrongMs(skillMs);
  const priceMs = number(candidate.price) * priceMsPerCredit;
  const qualityMs = (1 - (prospect.service?.rating ?? 1)) * poorMs;
  const totalMs = rttMs + serviceMs + unreliabilityMs + distrustMs + priceMs + qualityMs;
  return { rttMs, serviceMs, unreliabilityMs, distrustMs, priceMs, qualityMs, totalMs };
}

function wrongMs(skillMs: number): number {
  return Math.min(mostWrongMs, Math.max(leastWrongMs, wrongRuns * skillMs));
}

function oddsAgainst(share: number): number {
  const x = Math.max(leastShare, share);
  return (1 - x) / x;
}

/** Cards are written by strangers: what is no sensible number counts as 0. */
function number(value: number): number {
  return value >= 0 && value < 1e12 ? value : 0;
}
