/** All series of a node: of itself, its skills and its peers. The last two are bounded; whoever had nothing to do for longest goes. */
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { countInSeries, newSeries, type Series } from "./series.ts";
import type { CountedEnd } from "./tally.ts";

export interface Book {
  readonly node: Series;
  readonly skills: Map<string, Series>;
  readonly peers: Map<PeerIdText, Series>;
  /** Those that are last in the two maps. */
  lastSkill: string | undefined;
  lastPeer: PeerIdText | undefined;
}

export function newBook(): Book {
  return {
    node: newSeries(),
    skills: new Map(),
    peers: new Map(),
    lastSkill: undefined,
    lastPeer: undefined,
  };
}

export function countInBook(book: Book, end: CountedEnd, nowAt: number): void {
  countInSeries(book.node, end, nowAt);
  countInSeries(latest(book.skills, end.skill, book.lastSkill, limits.statsSkills), end, nowAt);
  book.lastSkill = end.skill;
  // A result that was there already is nobody's work.
  if (end.peer === "" || end.cached) return;
  countInSeries(latest(book.peers, end.peer, book.lastPeer, limits.statsPeers), end, nowAt);
  book.lastPeer = end.peer;
}

/** `last`: the one that is last already. */
function latest(series: Map<string, Series>, key: string, last: string | undefined, most: number): Series {
  const found = series.get(key) ?? newSeries();
  if (key === last) return found;
  series.delete(key);
  series.set(key, found);
  if (series.size > most) series.delete(series.keys().next().value as string);
  return found;
}
