/** Whom a decision shows, and what it says of each. */
import { limits } from "../core/limits.ts";
import type { ConsideredPeer, RoutingRequest, ScoreParts } from "./candidate.ts";
import { Refusal, refusalSentence } from "./filters.ts";
import type { Lineup } from "./lineup.ts";
import type { Prospect } from "./prospects.ts";
import { newestLoad } from "./score.ts";

/** Those drawn, then the refused, who need a reason most, then the rest. */
export function explain(
  lineup: Lineup,
  drawn: readonly Prospect[],
  request: RoutingRequest,
  bandFloor: number,
  now: number,
): ConsideredPeer[] {
  const { size, able, prospects, lower, refusals } = lineup;
  const considered: ConsideredPeer[] = [];
  for (const prospect of drawn) considered.push(describe(prospect, prospect.score, "", now));
  const add = (place: number): void => {
    const prospect = prospects[place] as Prospect;
    const why = refusalSentence(refusals[place] as number, prospect, request, bandFloor, now);
    considered.push(describe(prospect, null, why, now));
  };
  const most = limits.consideredPeers;
  if (able < size)
    for (let i = 0; i < size && considered.length < most; i++)
      if (refusals[i] !== Refusal.none && refusals[i] !== Refusal.drawn) add(i);
  for (let i = 0; i < size && considered.length < most; i++) {
    if (refusals[i] !== Refusal.none) continue;
    refusals[i] = (lower[i] as number) < bandFloor ? Refusal.outsideBand : Refusal.notDrawn;
    add(i);
  }
  return considered;
}

export function describe(
  prospect: Prospect,
  score: ScoreParts | null,
  refused: string,
  now: number,
): ConsideredPeer {
  const { candidate, metrics, standing } = prospect;
  return {
    peer: candidate.peer,
    local: candidate.local,
    trustMean: standing.mean,
    trustLower: standing.lower,
    reliability: standing.reliability,
    inFlight: metrics.inFlight,
    load: newestLoad(prospect, now),
    score,
    refused,
  };
}
