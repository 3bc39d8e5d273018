/**
 * Counting replicas: strictly more than half of those who speak for themselves. Peers that vouch for one another have one
 * voice together, however many they are, so a ring of friends cannot outvote strangers. Pure.
 */
import type { PeerIdText } from "../../core/ids.ts";

export interface Vote {
  peer: PeerIdText;
  /** Answers of the same group are equal, as the task's comparator sees it. */
  group: number;
}

export type Count =
  | { kind: "agreed"; group: number; voices: number; of: number }
  /** So many more voices could decide it, if they agree. */
  | { kind: "open"; missing: number; voices: number; of: number };

/**
 * `quorum`: least number of equal voices. The winner also needs more than half of all voices, so further replicas break a tie
 * and never lower the bar.
 */
export function countVotes(
  votes: readonly Vote[],
  quorum: number,
  vouches: (a: PeerIdText, b: PeerIdText) => boolean,
): Count {
  const heard = independent(votes, vouches);
  const byGroup = new Map<number, number>();
  for (const { group } of heard) byGroup.set(group, (byGroup.get(group) ?? 0) + 1);
  let [best, voices] = [-1, 0];
  for (const [group, count] of byGroup) if (count > voices) [best, voices] = [group, count];
  const of = heard.length;
  if (voices >= quorum && voices > of / 2) return { kind: "agreed", group: best, voices, of };
  // Each voice more that agrees with the best raises both sides: 2·(voices + x) > of + x.
  const missing = Math.max(quorum - voices, of - 2 * voices + 1);
  return { kind: "open", missing, voices, of };
}

/**
 * One vote for each answer of a group of friends. The groups are those that chains of vouching connect: a ring in which each
 * praises only the next is one group too. Friends that disagree keep a voice for each answer, so that nobody is silenced by praise that he
 * did not ask for.
 */
export function independent(
  votes: readonly Vote[],
  vouches: (a: PeerIdText, b: PeerIdText) => boolean,
): Vote[] {
  const friends: Vote[][] = [];
  for (const vote of votes) {
    const joined = friends.filter((group) =>
      group.some((other) => connected(other.peer, vote.peer, vouches)),
    );
    for (const group of joined) friends.splice(friends.indexOf(group), 1);
    friends.push([...joined.flat(), vote]);
  }
  return friends.flatMap((group) =>
    group.filter((vote, i) => group.findIndex((other) => other.group === vote.group) === i),
  );
}

function connected(
  a: PeerIdText,
  b: PeerIdText,
  vouches: (a: PeerIdText, b: PeerIdText) => boolean,
): boolean {
  return a === b || vouches(a, b) || vouches(b, a);
}
