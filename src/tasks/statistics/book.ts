/** All series of a node: of itself, its skills and its peers. The last two are bounded; whoever had nothing to do for longest goes. */
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { countInSeries, newSeries, type Series } from "./series.ts";
import type { CountedEnd } from "./tally.ts";

export interface Book {
  readonly node: Series;
  readonly skills: Map<string, Series>;
  readonly peers: Map<PeerIdText, Series>;
}

export function newBook(): Book {
  return { node: newSeries(), skills: new Map(), peers: new Map() };
}

export function countInBook(book: Book, end: CountedEnd, nowAt: number): void {
  countInSeries(book.node, end, nowAt);
  countInSeries(latest(book.skills, end.skill, limits.statsSkills), end, nowAt);
  // A result that was there already is nobody's work.
  if (end.peer !== "" && !end.cached)
    countInSeries(latest(book.peers, end.peer, limits.statsPeers), end, nowAt);
}

function latest(series: Map<string, Series>, key: string, most: number): Series {
  const found = series.get(key) ?? newSeries();
  series.delete(key);
  series.set(key, found);
  if (series.size > most) series.delete(series.keys().next().value as string);
  return found;
}
