/**
 * One decision: filter, set aside the ejected and those that asked for time, choose, and write down why. Reads the
 * prospects and changes nothing but their scratch fields.
 */
import { limits } from "../core/limits.ts";
import type { Candidate, ConsideredPeer, Decision, RoutingRequest } from "./candidate.ts";
import { Chooser } from "./choose.ts";
import type { ChooseContext } from "./choose.ts";
import { Refusal, hardRefusal, isDemanding, refusalSentence } from "./filters.ts";
import { isEjected } from "./metrics.ts";
import type { Prospect, Prospects } from "./prospects.ts";
import { newestLoad, score } from "./score.ts";
import { VersionMatches } from "./version-match.ts";

/** Makes decisions; its arrays are kept between them. */
export class Decider {
  readonly #prospects: Prospects;
  readonly #versions = new VersionMatches();
  readonly #chooser = new Chooser();
  readonly #all: Prospect[] = [];
  readonly #eligible: Prospect[] = [];
  readonly #ejected: Prospect[] = [];
  readonly #drawn: Prospect[] = [];
  #avoided = 0;
  #round = 0;

  constructor(prospects: Prospects) {
    this.#prospects = prospects;
  }

  decide(
    request: RoutingRequest,
    candidates: readonly Candidate[],
    context: ChooseContext,
    wallMs: number,
  ): Decision {
    const { now } = context;
    this.#filter(request, candidates, now, wallMs);
    if (request.peer === undefined) this.#setEjectedAside();
    const retryAfterMs = this.#avoided === 0 ? 0 : this.#setAvoidedAside(now);
    const decision = this.#choose(request, context);
    if (retryAfterMs > 0) decision.retryAfterMs = retryAfterMs;
    return decision;
  }

  #filter(request: RoutingRequest, candidates: readonly Candidate[], now: number, wallMs: number): void {
    this.#round += 1;
    this.#all.length = this.#eligible.length = this.#ejected.length = this.#drawn.length = 0;
    this.#avoided = 0;
    const matches = this.#versions.of(request.skillVersion);
    const demanding = isDemanding(request.requirements);
    const peers = this.#prospects.ofSkill(request.skill);
    for (const candidate of candidates) {
      const prospect = this.#prospects.of(peers, request.skill, candidate, wallMs);
      // A peer that is named twice counts once.
      if (prospect.round === this.#round) continue;
      prospect.round = this.#round;
      prospect.score = null;
      prospect.refusal = hardRefusal(prospect, request, matches, demanding, now);
      this.#all.push(prospect);
      if (prospect.refusal !== Refusal.none) continue;
      this.#eligible.push(prospect);
      if (isEjected(prospect.metrics, now)) this.#ejected.push(prospect);
      if (prospect.metrics.avoidUntil > now) this.#avoided += 1;
    }
  }

  /**
   * At most half of those that can do the task stay ejected, and never the last one: when everybody seems to fail, the fault
   * is more likely ours, and the peers whose time ends first come back. The cap is computed after the ejections, from
   * those that are left for this very task.
   */
  #setEjectedAside(): void {
    const aside = this.#ejected;
    if (aside.length === 0) return;
    const most = Math.floor(this.#eligible.length / 2);
    if (aside.length > most) {
      aside.sort((x, y) => y.metrics.ejectedUntil - x.metrics.ejectedUntil);
      aside.length = most;
    }
    for (const prospect of aside) prospect.refusal = Refusal.ejected;
    keepUnrefused(this.#eligible);
  }

  /** Unless all of them asked for time: then nobody is set aside, and the ms until the first is willing are returned. */
  #setAvoidedAside(now: number): number {
    let leastMs = Infinity;
    for (const { metrics } of this.#eligible) leastMs = Math.min(leastMs, metrics.avoidUntil - now);
    if (leastMs > 0) return leastMs === Infinity ? 0 : leastMs;
    for (const prospect of this.#eligible) {
      if (prospect.metrics.avoidUntil > now) prospect.refusal = Refusal.avoided;
    }
    keepUnrefused(this.#eligible);
    return 0;
  }

  #choose(request: RoutingRequest, context: ChooseContext): Decision {
    const [eligible, drawn] = [this.#eligible, this.#drawn];
    let how = "none";
    let bandFloor = 0;
    const only = eligible[0];
    if (only !== undefined && eligible.length === 1) {
      how = request.peer === undefined ? "only" : "pinned-peer";
      // With nothing to compare it with, the expected trust says more than a sampled one.
      only.theta = only.standing.mean;
      only.score = score(only, context.skillMs, context.now);
      drawn.push(only);
    } else if (only !== undefined) {
      ({ how, bandFloor } = this.#chooser.choose(eligible, drawn, request, context));
    }
    const considered = this.#explain(request, bandFloor, context.now);
    return {
      order: drawn.map((prospect) => prospect.peer),
      how,
      considered,
      omitted: this.#all.length - considered.length,
    };
  }

  /** Those drawn, then the refused, who need a reason most, then the rest. */
  #explain(request: RoutingRequest, bandFloor: number, now: number): ConsideredPeer[] {
    const considered: ConsideredPeer[] = [];
    for (const prospect of this.#drawn) considered.push(describe(prospect, "", now));
    for (const wantRefused of [true, false]) {
      for (const prospect of this.#all) {
        if (considered.length >= limits.consideredPeers) return considered;
        if (prospect.score !== null || (prospect.refusal !== Refusal.none) !== wantRefused) continue;
        if (!wantRefused)
          prospect.refusal = prospect.standing.lower < bandFloor ? Refusal.outsideBand : Refusal.notDrawn;
        considered.push(describe(prospect, refusalSentence(prospect, request, bandFloor, now), now));
      }
    }
    return considered;
  }
}

function keepUnrefused(list: Prospect[]): void {
  let kept = 0;
  for (const prospect of list) {
    if (prospect.refusal === Refusal.none) list[kept++] = prospect;
  }
  list.length = kept;
}

function describe(prospect: Prospect, refused: string, now: number): ConsideredPeer {
  const { candidate, metrics, standing } = prospect;
  return {
    peer: candidate.peer,
    local: candidate.local,
    trustMean: standing.mean,
    trustLower: standing.lower,
    reliability: standing.reliability,
    inFlight: metrics.inFlight,
    load: newestLoad(prospect, now),
    score: prospect.score,
    refused,
  };
}
