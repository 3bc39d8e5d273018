/**
 * Which of the prospects that can do a task gets it: power of d choices within a band of trusted peers, with
 * a little room for newcomers (design: "power of two choices", Mitzenmacher 2001; Thompson sampling for whom to try).
 *
 * Taking the best of all by one shared score would send every client of a mesh to the same peer at once. Drawing a few at
 * random and taking the best of those keeps nearly all of the gain and spreads the load.
 */
import type { Random } from "../core/clock.ts";
import { favorites } from "./affinity.ts";
import type { RoutingRequest } from "./candidate.ts";
import { moveInto, remove, sample, sampled, swapIn, takeAtRandom } from "./draw.ts";
import { Refusal } from "./filters.ts";
import { Mark } from "./lineup.ts";
import type { Lineup } from "./lineup.ts";
import type { Prospect } from "./prospects.ts";
import { occupancy, score } from "./score.ts";

/** Drawn from the band. */
const drawSize = 4;
const bandFloor = 0.4;
const bandShareOfBest = 0.75;
/** Share of tasks that go to a newcomer although enough trusted peers are there. */
const explorationShare = 0.01;
const leastExplorationShare = 0.002;
/** The same while the band is smaller than a draw: a young mesh has to find its good peers. */
const youngExplorationShare = 0.1;
/** Outsiders looked at to find the one with the best sampled trust; looking at all would cost as much as they are many. */
const thompsonSize = 4;
/** Trust in strangers where nobody lies: they are drawn beside the band the less often, the further below it is. */
const mostPrior = 0.5;
/** How often one that is known and not in the band is drawn beside it: it may have been misjudged, but most were not. */
const secondChance = 0.3;
/** Looked at when everybody drawn is busy, and taken of those that are not. */
const idleLookedAt = 32;
const idleTaken = 2;
const warmMs = 10 * 60_000;
const warmFactor = 0.8;
const affinityLoadFactor = 1.25;

export interface ChooseContext {
  random: Random;
  /** Local monotonic ms. */
  now: number;
  /** Average run time of the skill over all peers. */
  skillMs: number;
  /** Trust in a stranger, .02–.5: how newcomers have done so far. */
  strangerPrior: number;
}

/** Who was drawn, before they are compared. */
export interface Draw {
  /** A newcomer that is tried whatever its score; it comes first. */
  tried: Prospect | undefined;
  /** Least trust of the band. */
  bandFloor: number;
}

/** Chooses for one node; the arrays are kept between decisions, so that a large mesh makes no garbage. They hold places. */
export class Chooser {
  readonly #band: number[] = [];
  readonly #newcomers: number[] = [];
  readonly #others: number[] = [];

  /** Fills `drawn` with those to compare, each with its sampled trust. Two at least are not refused. */
  draw(lineup: Lineup, drawn: Prospect[], request: RoutingRequest, context: ChooseContext): Draw {
    const { prospects } = lineup;
    const floor = bandFloorOf(lineup, request.minTrust);
    const local = this.#split(lineup, floor);
    const [band, newcomers, others] = [this.#band, this.#newcomers, this.#others];

    let tried: Prospect | undefined;
    if (request.hedge !== true && this.#shouldExplore(local, context)) {
      tried = bestOf(sampled(prospects, newcomers, drawSize, context.random), context);
      remove(newcomers, tried.place);
    }
    takeAtRandom(prospects, band, drawn, drawSize, context.random);
    // A band smaller than a draw is filled up with newcomers, which compete by their score; liars only if nobody else is left.
    if (drawn.length < drawSize)
      moveInto(drawn, prospects, newcomers, drawSize - drawn.length, context.random);
    if (drawn.length === 0) moveInto(drawn, prospects, others, drawSize, context.random);
    if (!drawn.some((prospect) => hasRoom(prospect, context.now))) this.#addIdle(prospects, drawn, context);
    for (const prospect of drawn) sample(prospect, context.random);
    this.#addSpill(prospects, drawn, context);
    if (local !== undefined) drawn.push(local);
    if (request.affinityKey !== undefined && request.affinityKey !== "")
      this.#addFavorites(lineup, drawn, request.affinityKey, context);
    return { tried, bandFloor: floor };
  }

  /**
   * Everybody drawn is busy as far as is known: look on, in random order, for a few that are not. It costs nothing but the
   * looking, and a task does not queue while somebody idles who was only not drawn.
   */
  #addIdle(prospects: readonly Prospect[], drawn: Prospect[], context: ChooseContext): void {
    // In a young mesh there is no band yet; the newcomers that were drawn have left their list.
    const young = this.#band.length === 0;
    const from = young ? this.#newcomers : this.#band;
    const start = young ? 0 : drawSize;
    const end = Math.min(from.length, start + idleLookedAt);
    let found = 0;
    for (let i = start; i < end && found < idleTaken; i++) {
      swapIn(from, i, context.random);
      const prospect = prospects[from[i] as number] as Prospect;
      if (!hasRoom(prospect, context.now)) continue;
      drawn.push(prospect);
      found += 1;
    }
  }

  /** Returns the local prospect, which belongs to no group: it is always drawn, and trusted above any floor. */
  #split({ size, prospects, refusals, lower, marks }: Lineup, floor: number): Prospect | undefined {
    let local: Prospect | undefined;
    const [band, newcomers, others] = [this.#band, this.#newcomers, this.#others];
    let [trusted, fresh, rest] = [0, 0, 0];
    for (let place = 0; place < size; place++) {
      if (refusals[place] !== Refusal.none) continue;
      const mark = marks[place] as number;
      if ((lower[place] as number) >= floor) {
        if ((mark & Mark.local) !== 0) local = prospects[place];
        else band[trusted++] = place;
      } else if ((mark & Mark.known) !== 0) others[rest++] = place;
      else newcomers[fresh++] = place;
    }
    band.length = trusted;
    newcomers.length = fresh;
    others.length = rest;
    return local;
  }

  #shouldExplore(local: Prospect | undefined, context: ChooseContext): boolean {
    if (this.#newcomers.length === 0 || this.#band.length === 0) return false;
    // While this node has a slot free for the task, no stranger needs to be tried with it.
    if (local !== undefined && hasRoom(local, context.now)) return false;
    const success = Math.min(1, context.strangerPrior / mostPrior);
    const share =
      this.#band.length < drawSize
        ? youngExplorationShare * success
        : Math.max(leastExplorationShare, explorationShare * success);
    return context.random() < share;
  }

  /**
   * The Thompson-best outside the draw and the band: what lets a peer that was misjudged come back. Where strangers mostly lied,
   * they come seldom: the best of a few samples of low trust is still high now and then, and at every decision that is often.
   */
  #addSpill(
    prospects: readonly Prospect[],
    drawn: Prospect[],
    { random, strangerPrior }: ChooseContext,
  ): void {
    const newcomers = this.#newcomers.length;
    const outside = newcomers + this.#others.length;
    if (outside === 0) return;
    // One group is asked, in proportion to its size.
    const group = random() * outside < newcomers ? this.#newcomers : this.#others;
    if (random() >= (group === this.#newcomers ? (strangerPrior / mostPrior) ** 3 : secondChance)) return;
    const [spill] = sampled(prospects, group, thompsonSize, random);
    if (spill !== undefined && !drawn.includes(spill)) drawn.push(spill);
  }

  #addFavorites({ skill, prospects }: Lineup, drawn: Prospect[], key: string, context: ChooseContext): void {
    // Everybody in the draw is known by now; the mean load says whether a favorite carries more than its share.
    let sum = 0;
    for (const prospect of drawn) sum += loadOf(prospect, context.now);
    const mostLoad = Math.max(1, (affinityLoadFactor * sum) / drawn.length);
    const band = this.#band.map((place) => prospects[place] as Prospect);
    for (const favorite of favorites(band, skill, key)) {
      if (loadOf(favorite, context.now) > mostLoad) continue;
      if (!drawn.includes(favorite)) {
        sample(favorite, context.random);
        drawn.push(favorite);
      }
      favorite.favorite = true;
    }
  }
}

/** Scores and sorts the drawn, best first; whoever is tried comes before them. Draws nothing. */
export function rank(drawn: Prospect[], tried: Prospect | undefined, context: ChooseContext): void {
  const { skillMs, now } = context;
  for (const prospect of drawn) {
    prospect.score = score(prospect, skillMs, now);
    if (prospect.favorite && isWarm(prospect, now)) prospect.score.totalMs *= warmFactor;
  }
  sortByScore(drawn);
  if (tried === undefined) return;
  tried.score = score(tried, skillMs, now);
  drawn.unshift(tried);
}

function isWarm({ service }: Prospect, now: number): boolean {
  return service !== undefined && now - service.at < warmMs;
}

/** Share of the slots of the drawn that is taken, as far as is known; above 1 where tasks wait. */
export function meanOccupancy(drawn: readonly Prospect[], now: number): number {
  let sum = 0;
  for (const prospect of drawn) {
    const { inHand, slots } = occupancy(prospect, now);
    sum += inHand / slots;
  }
  return drawn.length === 0 ? 0 : sum / drawn.length;
}

/** As far as is known: an old report that says "busy" fades. */
function hasRoom(prospect: Prospect, now: number): boolean {
  const { inHand, slots } = occupancy(prospect, now);
  return inHand + 0.5 < slots;
}

/** max(.4, minTrust, .75 of the best remote lower bound). This node's own perfect trust would leave nobody else. */
function bandFloorOf({ size, refusals, lower, marks }: Lineup, minTrust: number): number {
  let best = 0;
  for (let place = 0; place < size; place++) {
    const trust = lower[place] as number;
    if (trust <= best || refusals[place] !== Refusal.none) continue;
    if (((marks[place] as number) & Mark.local) === 0) best = trust;
  }
  return Math.max(bandFloor, minTrust, bandShareOfBest * best);
}

/** Share of the slots that is taken, counting the task to come. */
function loadOf(prospect: Prospect, now: number): number {
  const { inHand, slots } = occupancy(prospect, now);
  return (inHand + 1) / slots;
}

/** The one of lowest score; scores them. */
function bestOf(list: readonly Prospect[], context: ChooseContext): Prospect {
  let best = list[0] as Prospect;
  for (const prospect of list) {
    prospect.score = score(prospect, context.skillMs, context.now);
    if (prospect.score.totalMs < (best.score?.totalMs ?? Infinity)) best = prospect;
  }
  return best;
}

/** Insertion sort: a draw has at most eight, and nearly every one is in place already. */
function sortByScore(drawn: Prospect[]): void {
  for (let i = 1; i < drawn.length; i++) {
    const moving = drawn[i] as Prospect;
    const total = moving.score?.totalMs ?? Infinity;
    let j = i - 1;
    while (j >= 0 && ((drawn[j] as Prospect).score?.totalMs ?? Infinity) > total) {
      drawn[j + 1] = drawn[j] as Prospect;
      j -= 1;
    }
    drawn[j + 1] = moving;
  }
}
