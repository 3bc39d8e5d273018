/**
 * One decision: filter, set aside the ejected and those that asked for time, choose, and write down why. Reads the
 * prospects and changes nothing but their scratch fields.
 */
import type { PeerIdText } from "../core/ids.ts";
import { whomToAsk } from "./ask.ts";
import type { Candidate, ConsideredPeer, Decision, RoutingRequest } from "./candidate.ts";
import { Chooser, meanOccupancy, rank } from "./choose.ts";
import type { ChooseContext } from "./choose.ts";
import { describe, explain } from "./considered.ts";
import { Refusal, hardRefusal, isEasy } from "./filters.ts";
import { Mark } from "./lineup.ts";
import type { Lineup } from "./lineup.ts";
import { isEjected } from "./metrics.ts";
import type { Prospect, Prospects } from "./prospects.ts";
import { score } from "./score.ts";
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
  /** Places of those that could do it, but are ejected or have asked for time. */
  readonly #ejected: number[] = [];
  readonly #held: number[] = [];
  readonly #drawn: Prospect[] = [];

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
    const lineup = this.#prospects.lineUp(request.skill, candidates, wallMs);
    this.#filter(lineup, request, context.now);
    if (request.peer === undefined && this.#ejected.length > 0) this.#setEjectedAside(lineup);
    const retryAfterMs = this.#held.length === 0 ? 0 : this.#setHeldAside(lineup, context.now);
    return this.#choose(lineup, request, context, retryAfterMs, mayAsk && retryAfterMs === 0);
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
    const lineup = this.#prospects.ofSkill(open.skill);
    for (const one of open.drawn) {
      const prospect = this.#prospects.of(lineup, one.prospect.candidate, wallMs);
      prospect.theta = one.theta;
      prospect.favorite = one.favorite;
      if (one.tried) tried = prospect;
      else drawn.push(prospect);
    }
    rank(drawn, tried, context);
    const considered = drawn.map((prospect) => describe(prospect, prospect.score, "", context.now));
    return {
      ...decision,
      order: drawn.map(({ peer }) => peer),
      considered: [...considered, ...open.refused],
      probes: { asked: ask.length, answered: ask.length - silent.size, waitedMs: Math.round(waitedMs) },
    };
  }

  /** Who can do it. The columns tell of most; the rest, and all where the task asks for more, are looked at closely. */
  #filter(lineup: Lineup, request: RoutingRequest, now: number): void {
    const { size, prospects, marks, lower, leastMs, refusals } = lineup;
    const { minTrust, timeoutMs } = request;
    const matches = this.#versions.of(request.skillVersion);
    const easy = isEasy(request, matches);
    refusals.fill(Refusal.none, 0, size);
    for (const peer of request.exclude) lineup.refuse(peer, Refusal.excluded);
    this.#ejected.length = this.#held.length = 0;
    let able = size;
    for (let i = 0; i < size; i++) {
      const mark = marks[i] as number;
      const clear =
        easy &&
        (mark & (Mark.blocked | Mark.suspect | Mark.held)) === 0 &&
        refusals[i] === Refusal.none &&
        (lower[i] as number) >= minTrust &&
        (leastMs[i] as number) < timeoutMs;
      if (clear) continue;
      const prospect = prospects[i] as Prospect;
      const refusal = hardRefusal(prospect, request, matches, now);
      refusals[i] = refusal;
      if (refusal !== Refusal.none) able -= 1;
      else {
        if (isEjected(prospect.metrics, now)) this.#ejected.push(i);
        if (prospect.metrics.avoidUntil > now) this.#held.push(i);
      }
    }
    lineup.able = able;
  }

  /**
   * At most half of those that can do the task stay ejected, and never the last one: when everybody seems to fail, the fault
   * is more likely ours, and the peers whose time ends first come back. The cap is computed after the ejections, from
   * those that are left for this very task.
   */
  #setEjectedAside(lineup: Lineup): void {
    const { prospects, refusals } = lineup;
    const aside = this.#ejected;
    const most = Math.floor(lineup.able / 2);
    if (aside.length > most) {
      const untilOf = (place: number): number => (prospects[place] as Prospect).metrics.ejectedUntil;
      aside.sort((x, y) => untilOf(y) - untilOf(x));
      aside.length = most;
    }
    for (const place of aside) refusals[place] = Refusal.ejected;
    lineup.able -= aside.length;
  }

  /**
   * Those that asked for time, unless all did: then nobody is set aside, and the ms until the first is willing are returned.
   */
  #setHeldAside(lineup: Lineup, now: number): number {
    const { prospects, refusals } = lineup;
    const aside = this.#held.filter((place) => refusals[place] === Refusal.none);
    if (aside.length === lineup.able) {
      const untilOf = (place: number): number => (prospects[place] as Prospect).metrics.avoidUntil;
      return aside.reduce((leastMs, place) => Math.min(leastMs, untilOf(place) - now), Infinity);
    }
    for (const place of aside) refusals[place] = Refusal.avoided;
    lineup.able -= aside.length;
    return 0;
  }

  #choose(
    lineup: Lineup,
    request: RoutingRequest,
    context: ChooseContext,
    retryAfterMs: number,
    mayAsk: boolean,
  ): Draft {
    const drawn = this.#drawn;
    let how = "none";
    let bandFloor = 0;
    let tried: Prospect | undefined;
    let ask = nobody;
    drawn.length = 0;
    if (lineup.able === 1) {
      const only = lineup.prospects[lineup.refusals.indexOf(Refusal.none)] as Prospect;
      how = request.peer === undefined ? "only" : "pinned-peer";
      // With nothing to compare it with, the expected trust says more than a sampled one.
      only.theta = only.standing.mean;
      only.score = score(only, context.skillMs, context.now);
      drawn.push(only);
    } else if (lineup.able > 1) {
      ({ tried, bandFloor } = this.#chooser.draw(lineup, drawn, request, context));
      rank(drawn, tried, context);
      if (mayAsk && tried === undefined) ask = whomToAsk(drawn, context.skillMs, context.now);
      how = tried === undefined ? "best" : "exploration";
    }
    for (const { place } of drawn) lineup.refusals[place] = Refusal.drawn;
    if (request.hedge === true && lineup.able > 0) {
      how = "hedge";
      if (meanOccupancy(drawn, context.now) > mostLoadToHedge) drawn.length = 0;
    }
    const considered = explain(lineup, drawn, request, bandFloor, context.now);
    const decision: Decision = {
      order: drawn.map((prospect) => prospect.peer),
      how,
      considered,
      omitted: lineup.size - considered.length,
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
}
