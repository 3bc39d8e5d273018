/**
 * The candidates of one skill in the order of its last decision. What a decision looks at for every one of them stands in columns
 * of numbers, so that it goes through a thousand in a few microseconds and reads the records only of the few that it draws.
 * `prospects.ts` keeps the columns in step with the records; an index into them is called a place.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Candidate } from "./candidate.ts";
import { isSuspect, leastRunMs } from "./metrics.ts";
import type { Prospect } from "./prospects.ts";

/** What is said of a place by one bit each. */
export const Mark = {
  local: 1,
  /** Told from a stranger. */
  known: 2,
  blocked: 4,
  /** Lost so often that it may be ejected. */
  suspect: 8,
  /** It asked for time, and has taken nothing since. */
  held: 16,
  /** Something that the place shows has changed since it was written. */
  touched: 32,
} as const;

export class Lineup {
  readonly skill: string;
  /** All that were ever gathered for the skill, also those that are no candidates now. */
  readonly byPeer = new Map<PeerIdText, Prospect>();
  /** As they came, to see whether they come so again: mostly they are the same objects in the same order. */
  readonly candidates: Candidate[] = [];
  /** By place, each peer once. */
  readonly prospects: Prospect[] = [];
  /** Places to be written anew before they are looked at. */
  readonly touched: number[] = [];
  marks = new Uint8Array(16);
  /** `standing.lower`. */
  lower = new Float64Array(16);
  /** No attempt there is expected to take less; the round trip is that of the last peak, which may have decayed since. */
  leastMs = new Float64Array(16);
  /** Until when the standing holds, by the wall clock; no place's is over before `allFreshUntil`. */
  freshUntil = new Float64Array(16);
  allFreshUntil = Infinity;
  /** With which prior all standings were made; NaN if not with the same. */
  prior = NaN;
  /** Written by each decision: one of `Refusal` for each, and how many are not refused. */
  refusals = new Uint8Array(16);
  able = 0;

  constructor(skill: string) {
    this.skill = skill;
  }

  get size(): number {
    return this.prospects.length;
  }

  /** Whether these are the candidates of the last decision, in its order. */
  holds(candidates: readonly Candidate[]): boolean {
    const known = this.candidates;
    if (known.length !== candidates.length) return false;
    for (let i = 0; i < known.length; i++) if (known[i] !== candidates[i]) return false;
    return true;
  }

  /** Empties all places, for up to `size` prospects to come. */
  clear(size: number): void {
    for (const prospect of this.prospects) prospect.place = -1;
    this.candidates.length = this.prospects.length = this.touched.length = 0;
    if (size <= this.marks.length) return;
    const length = 2 * size;
    this.marks = new Uint8Array(length);
    this.lower = new Float64Array(length);
    this.leastMs = new Float64Array(length);
    this.freshUntil = new Float64Array(length);
    this.refusals = new Uint8Array(length);
  }

  /** Gives the prospect the next place. */
  add(prospect: Prospect): void {
    const place = this.prospects.push(prospect) - 1;
    prospect.place = place;
    this.marks[place] = Mark.touched;
    this.touched.push(place);
  }

  /** What the prospect's place shows, if it has one, has changed. */
  touch({ place }: Prospect): void {
    if (place < 0) return;
    const mark = this.marks[place] as number;
    if ((mark & Mark.touched) !== 0) return;
    this.marks[place] = mark | Mark.touched;
    this.touched.push(place);
  }

  /** Brings the prospect's place, if it has one, up to what it holds. */
  write({ place, candidate, standing, metrics, service, freshUntil, prior }: Prospect): void {
    if (place < 0) return;
    this.marks[place] =
      (candidate.local ? Mark.local : 0) |
      (standing.known ? Mark.known : 0) |
      (candidate.blocked ? Mark.blocked : 0) |
      (isSuspect(metrics) ? Mark.suspect : 0) |
      (metrics.avoidUntil > 0 ? Mark.held : 0);
    this.lower[place] = standing.lower;
    this.leastMs[place] = Math.max(0, metrics.rttMs) + leastRunMs(service);
    this.freshUntil[place] = freshUntil;
    if (freshUntil < this.allFreshUntil) this.allFreshUntil = freshUntil;
    if (prior !== this.prior) this.prior = NaN;
  }

  /** Refuses the peer in this decision, if it is in it. */
  refuse(peer: PeerIdText, refusal: number): void {
    const place = this.byPeer.get(peer)?.place ?? -1;
    if (place >= 0) this.refusals[place] = refusal;
  }
}
