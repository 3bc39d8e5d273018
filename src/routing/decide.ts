/**
 * One decision: filter, set aside the ejected and those that asked for time, choose, and write down why. Reads the
 * prospects and changes nothing but their scratch fields.
 */
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import { whomToAsk } from "./ask.ts";
import type { Candidate, ConsideredPeer, Decision, RoutingRequest } from "./candidate.ts";
import { Chooser, meanOccupancy, rank } from "./choose.ts";
import type { ChooseContext } from "./choose.ts";
import { Refusal, hardRefusal, isDemanding, refusalSentence } from "./filters.ts";
import { isEjected } from "./metrics.ts";
import type { Prospect, Prospects } from "./prospects.ts";
import { newestLoad, score } from "./score.ts";
import { VersionMatches } from "./version-match.ts";

/** A decision on what is known now, and whose load to ask for before it is made for good. */
export interface Draft {
  readonly decision: Decision;
  /** Mostly nobody: then the decision stands. */
  readonly ask: readonly PeerIdText[];
  /** What `finish` goes on from; there is none when nobody is asked. */
  readonly open?: OpenDraw;
}

interface OpenDraw {
  skill: string;
  drawn: { prospect: Prospect; theta: number; favorite: boolean; tried: boolean }[];
  /** Those of the decision that were not drawn, with their reasons. */
  refused: ConsideredPeer[];
}

/** A second attempt is not sent while those that could take it are busier than this: at high load it made waits longer. */
const mostLoadToHedge = 0.8;
const nobody: readonly PeerIdText[] = Object.freeze([]);

/** Makes decisions; its arrays are kept between them. */
export class Decider {
  readonly #prospects: Prospects;
  readonly #versions = new VersionMatches();
  readonly #chooser = new Chooser();
  readonly #all: Prospect[] = [];
  readonly #eligible: Prospect[] = [];
  readonly #ejected: Prospect[] = [];
  readonly #drawn: Prospect[] = [];
  #refused = 0;
  #avoided = 0;
  #round = 0;

  constructor(prospects: Prospects) {
    this.#prospects = prospects;
  }

  /** With `mayAsk`, the draft may name peers to ask first. */
  decide(
    request: RoutingRequest,
    candidates: readonly Candidate[],
    context: ChooseContext,
    wallMs: number,
    mayAsk: boolean,
  ): Draft {
    const { now } = context;
    this.#filter(request, candidates, now, wallMs);
    if (request.peer === undefined) this.#setEjectedAside();
    const retryAfterMs = this.#avoided === 0 ? 0 : this.#setAvoidedAside(now);
    return this.#choose(request, context, retryAfterMs, mayAsk && retryAfterMs === 0);
  }

  /** The decision of a draft, once those asked have answered, or some have not (`silent`) for `waitedMs`. Draws nothing anew. */
  finish(
    draft: Draft,
    silent: ReadonlySet<PeerIdText>,
    waitedMs: number,
    context: ChooseContext,
    wallMs: number,
  ): Decision {
    const { decision, open, ask } = draft;
    if (open === undefined) return decision;
    let tried: Prospect | undefined;
    const drawn = this.#drawn;
    drawn.length = 0;
    const known = this.#prospects.ofSkill(open.skill);
    for (const one of open.drawn) {
      const { candidate } = one.prospect;
      const prospect = this.#prospects.of(known, candidate, wallMs);
      prospect.theta = one.theta;
      prospect.favorite = one.favorite;
      if (one.tried) tried = prospect;
      else drawn.push(prospect);
    }
    rank(drawn, tried, context);
    const considered = drawn.map((prospect) => describe(prospect, "", context.now));
    return {
      ...decision,
      order: drawn.map(({ peer }) => peer),
      considered: [...considered, ...open.refused],
      probes: { asked: ask.length, answered: ask.length - silent.size, waitedMs: Math.round(waitedMs) },
    };
  }

  #filter(request: RoutingRequest, candidates: readonly Candidate[], now: number, wallMs: number): void {
    const round = (this.#round += 1);
    const [all, eligible] = [this.#all, this.#eligible];
    this.#ejected.length = this.#drawn.length = 0;
    this.#avoided = this.#refused = 0;
    // Written by index and cut once: emptied and filled again, they would be allocated anew for each decision.
    let [seen, able] = [0, 0];
    const matches = this.#versions.of(request.skillVersion);
    const demanding = isDemanding(request.requirements);
    const known = this.#prospects.ofSkill(request.skill);
    if (known.row.length > candidates.length) known.row.length = candidates.length;
    for (let i = 0; i < candidates.length; i++) {
      const prospect = this.#prospects.at(known, i, candidates[i] as Candidate, wallMs);
      // A peer that is named twice counts once.
      if (prospect.round === round) continue;
      prospect.round = round;
      prospect.score = null;
      prospect.favorite = false;
      const refusal = hardRefusal(prospect, request, matches, demanding, now);
      prospect.refusal = refusal;
      all[seen++] = prospect;
      if (refusal !== Refusal.none) continue;
      eligible[able++] = prospect;
      if (isEjected(prospect.metrics, now)) this.#ejected.push(prospect);
      if (prospect.metrics.avoidUntil > now) this.#avoided += 1;
    }
    all.length = seen;
    eligible.length = able;
    this.#refused = seen - able;
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
    this.#refused += aside.length;
    keepUnrefused(this.#eligible);
  }

  /** Unless all of them asked for time: then nobody is set aside, and the ms until the first is willing are returned. */
  #setAvoidedAside(now: number): number {
    let leastMs = Infinity;
    for (const { metrics } of this.#eligible) leastMs = Math.min(leastMs, metrics.avoidUntil - now);
    if (leastMs > 0) return leastMs === Infinity ? 0 : leastMs;
    for (const prospect of this.#eligible) {
      if (prospect.metrics.avoidUntil <= now) continue;
      prospect.refusal = Refusal.avoided;
      this.#refused += 1;
    }
    keepUnrefused(this.#eligible);
    return 0;
  }

  #choose(request: RoutingRequest, context: ChooseContext, retryAfterMs: number, mayAsk: boolean): Draft {
    const [eligible, drawn] = [this.#eligible, this.#drawn];
    let how = "none";
    let bandFloor = 0;
    let tried: Prospect | undefined;
    let ask = nobody;
    const only = eligible[0];
    if (only !== undefined && eligible.length === 1) {
      how = request.peer === undefined ? "only" : "pinned-peer";
      // With nothing to compare it with, the expected trust says more than a sampled one.
      only.theta = only.standing.mean;
      only.score = score(only, context.skillMs, context.now);
      drawn.push(only);
    } else if (only !== undefined) {
      ({ tried, bandFloor } = this.#chooser.draw(eligible, drawn, request, context));
      rank(drawn, tried, context);
      if (mayAsk && tried === undefined) ask = whomToAsk(drawn, context.skillMs, context.now);
      how = tried === undefined ? "best" : "exploration";
    }
    if (request.hedge === true && only !== undefined) {
      how = "hedge";
      if (meanOccupancy(drawn, context.now) > mostLoadToHedge) drawn.length = 0;
    }
    const considered = this.#explain(request, bandFloor, context.now);
    const decision: Decision = {
      order: drawn.map((prospect) => prospect.peer),
      how,
      considered,
      omitted: this.#all.length - considered.length,
    };
    if (retryAfterMs > 0) decision.retryAfterMs = retryAfterMs;
    if (ask.length === 0) return { decision, ask };
    const open = drawn.map((prospect) => ({
      prospect,
      theta: prospect.theta,
      favorite: prospect.favorite,
      tried: prospect === tried,
    }));
    return {
      decision,
      ask,
      open: { skill: request.skill, drawn: open, refused: considered.slice(drawn.length) },
    };
  }

  /** Those drawn, then the refused, who need a reason most, then the rest. */
  #explain(request: RoutingRequest, bandFloor: number, now: number): ConsideredPeer[] {
    const considered: ConsideredPeer[] = [];
    for (const prospect of this.#drawn) considered.push(describe(prospect, "", now));
    if (this.#refused > 0) this.#explainRest(considered, true, request, bandFloor, now);
    if (considered.length < this.#all.length) this.#explainRest(considered, false, request, bandFloor, now);
    return considered;
  }

  #explainRest(
    considered: ConsideredPeer[],
    wantRefused: boolean,
    request: RoutingRequest,
    bandFloor: number,
    now: number,
  ): void {
    for (const prospect of this.#all) {
      if (considered.length >= limits.consideredPeers) return;
      if (prospect.score !== null || (prospect.refusal !== Refusal.none) !== wantRefused) continue;
      if (!wantRefused)
        prospect.refusal = prospect.standing.lower < bandFloor ? Refusal.outsideBand : Refusal.notDrawn;
      considered.push(describe(prospect, refusalSentence(prospect, request, bandFloor, now), now));
    }
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
