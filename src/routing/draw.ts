/** Draws from a group of prospects, which is a list of their places. What is drawn comes to its front or leaves it. */
import type { Random } from "../core/clock.ts";
import { sampleBeta } from "./beta.ts";
import type { Prospect } from "./prospects.ts";

/** Moves `count` random members to the front of `from` (a partial Fisher–Yates shuffle) and copies them to `into`. */
export function takeAtRandom(
  prospects: readonly Prospect[],
  from: number[],
  into: Prospect[],
  count: number,
  random: Random,
): void {
  const end = Math.min(count, from.length);
  for (let i = 0; i < end; i++) {
    swapIn(from, i, random);
    into.push(prospects[from[i] as number] as Prospect);
  }
}

/** As `takeAtRandom`, but they leave `from`. */
export function moveInto(
  into: Prospect[],
  prospects: readonly Prospect[],
  from: number[],
  count: number,
  random: Random,
): void {
  takeAtRandom(prospects, from, into, count, random);
  from.splice(0, count);
}

/** Puts a random one of those from `i` on at `i`. */
export function swapIn(places: number[], i: number, random: Random): void {
  const j = i + Math.floor(random() * (places.length - i));
  const other = places[j] as number;
  places[j] = places[i] as number;
  places[i] = other;
}

/** At most `count` random members, of best sampled trust first. */
export function sampled(
  prospects: readonly Prospect[],
  places: number[],
  count: number,
  random: Random,
): Prospect[] {
  const members: Prospect[] = [];
  takeAtRandom(prospects, places, members, count, random);
  for (const member of members) sample(member, random);
  return members.toSorted((x, y) => y.theta - x.theta);
}

/** Draws the prospect's trust. */
export function sample(prospect: Prospect, random: Random): void {
  prospect.theta = sampleBeta(prospect.standing.a, prospect.standing.b, random);
  prospect.favorite = false;
}

export function remove(places: number[], place: number): void {
  const at = places.indexOf(place);
  if (at >= 0) places.splice(at, 1);
}
