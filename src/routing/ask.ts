/**
 * Whom to ask for its load before the choice among the drawn. What peers report with every answer comes first and is
 * nearly always enough; a question costs a round trip, so it is put only where its answer may change the choice for more than
 * that (Mitzenmacher's stale information; Prequal, arXiv 2312.10172, asks always because its reports never come unasked).
 */
import type { PeerIdText } from "../core/ids.ts";
import { rttAt } from "./metrics.ts";
import type { Prospect } from "./prospects.ts";
import { expectedRunMs, loadAgeMs } from "./score.ts";

/** The answer is waited for no longer than this. */
export const probeWaitMs = 80;
/** A report is fresh for this part of a run: fewer tasks come and go meanwhile than would change the order. */
const freshShare = 0.25;
const leastFreshMs = 20;
/** With a run shorter than so many round trips, sending the task is as cheap as asking. */
const leastRunRtts = 2;
const unknownRttMs = 20;
const nobody: readonly PeerIdText[] = Object.freeze([]);

/** Of `drawn`, which are scored, those to ask; mostly none. All are asked at once. */
export function whomToAsk(drawn: readonly Prospect[], skillMs: number, now: number): readonly PeerIdText[] {
  if (drawn.length < 2) return nobody;
  let bestFreshMs = Infinity;
  let stale = 0;
  for (const prospect of drawn) {
    if (isFresh(prospect, skillMs, now))
      bestFreshMs = Math.min(bestFreshMs, prospect.score?.totalMs ?? Infinity);
    else stale += 1;
  }
  if (stale === 0) return nobody;
  let asked: PeerIdText[] | undefined;
  for (const prospect of drawn) {
    if (!prospect.candidate.connected) continue;
    const rttMs = Math.min(probeWaitMs, knownRtt(prospect, now));
    const runMs = expectedRunMs(prospect, skillMs);
    if (runMs < leastRunRtts * rttMs || isFresh(prospect, skillMs, now)) continue;
    // At best its queue is empty.
    const { score } = prospect;
    const atBestMs = score === null ? runMs : score.totalMs - Math.max(0, score.serviceMs - runMs);
    if (atBestMs + rttMs < bestFreshMs) (asked ??= []).push(prospect.peer);
  }
  return asked ?? nobody;
}

function knownRtt({ metrics }: Prospect, now: number): number {
  const rttMs = rttAt(metrics, now);
  return rttMs < 0 ? unknownRttMs : rttMs;
}

function isFresh(prospect: Prospect, skillMs: number, now: number): boolean {
  const forMs = Math.max(leastFreshMs, freshShare * expectedRunMs(prospect, skillMs));
  return loadAgeMs(prospect, now) <= forMs;
}
