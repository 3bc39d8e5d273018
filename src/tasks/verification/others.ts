/**
 * Who else could be asked for the same: this node, anchors (peers that the operator has pinned as good as himself), or anybody
 * who does not vouch for those that were asked. From memory alone; routing decides which of them it is.
 */
import type { PeerIdText } from "../../core/ids.ts";
import type { CardDirectory } from "../../network/card.ts";
import type { Worker } from "../../worker/worker.ts";
import type { PeerStanding } from "../providers.ts";

export interface OthersOptions {
  self: PeerIdText;
  worker: Pick<Worker, "skills" | "load">;
  directory: Pick<CardDirectory, "offering">;
  standing: PeerStanding;
  vouches(a: PeerIdText, b: PeerIdText): boolean;
  /** Least pin of an anchor. */
  anchorPin: number;
}

export interface Others {
  /** What it answers is taken for the truth. */
  isTruth(peer: PeerIdText): boolean;
  /** Somebody whose answer is the truth and who offers exactly this version: this node if it is not busy, else an anchor. */
  truth(skill: string, version: string, asked: ReadonlySet<PeerIdText>): PeerIdText | undefined;
  /** Equal input gives equal output, as those say who know best. A liar must not get out of it by saying no. */
  isDeterministic(skill: string): boolean;
  /** The range of versions to ask for, so that it is `version` that answers: the task's own if nobody offers another. */
  range(skill: string, version: string, own: string): string;
  /** Whether there is anybody to ask beside `asked` and their friends. */
  somebodyElse(skill: string, version: string, asked: ReadonlySet<PeerIdText>): boolean;
  /** `asked`, and who vouches for one of them. */
  withFriends(skill: string, asked: ReadonlySet<PeerIdText>): ReadonlySet<PeerIdText>;
}

export function createOthers(options: OthersOptions): Others {
  const { self, worker, directory, standing, vouches, anchorPin } = options;

  const isAnchor = (peer: PeerIdText): boolean => (standing.pinOf(peer) ?? 0) >= anchorPin;

  /** Peers that offer the skill, with the version and what they say of it. */
  function* offering(
    skill: string,
  ): Generator<{ peer: PeerIdText; version: string; deterministic: boolean }> {
    for (const { card } of directory.offering(skill)) {
      if (card.peer === self || standing.isBlocked(card.peer)) continue;
      const offered = card.skills.find(({ id }) => id === skill);
      if (offered === undefined) continue;
      yield { peer: card.peer, version: offered.version, deterministic: offered.deterministic };
    }
  }

  function isFriend(peer: PeerIdText, asked: ReadonlySet<PeerIdText>): boolean {
    for (const one of asked) if (one !== self && (vouches(one, peer) || vouches(peer, one))) return true;
    return false;
  }

  function withFriends(skill: string, asked: ReadonlySet<PeerIdText>): ReadonlySet<PeerIdText> {
    const all = new Set(asked);
    for (const { peer } of offering(skill)) if (!asked.has(peer) && isFriend(peer, asked)) all.add(peer);
    return all;
  }

  return {
    withFriends,
    isTruth: (peer) => peer === self || isAnchor(peer),
    truth(skill, version, asked) {
      const own = worker.skills.get(skill)?.definition;
      if (own?.version === version && own.deterministic === true && !asked.has(self)) {
        const { queued, slots } = worker.load();
        if (queued <= slots) return self;
      }
      for (const { peer, version: offered } of offering(skill)) {
        if (offered === version && isAnchor(peer) && standing.isConnected(peer) && !asked.has(peer))
          return peer;
      }
      return undefined;
    },
    isDeterministic(skill) {
      const own = worker.skills.get(skill)?.definition;
      if (own !== undefined) return own.deterministic === true;
      let yes = 0;
      let all = 0;
      for (const { peer, deterministic } of offering(skill)) {
        if (isAnchor(peer)) return deterministic;
        all++;
        if (deterministic) yes++;
      }
      return yes > all / 2;
    },
    range(skill, version, own) {
      for (const one of offering(skill)) if (one.version !== version) return version;
      return own;
    },
    somebodyElse(skill, version, asked) {
      const own = worker.skills.get(skill)?.definition;
      if (own?.version === version && !asked.has(self)) return true;
      for (const one of offering(skill))
        if (one.version === version && !asked.has(one.peer) && !isFriend(one.peer, asked)) return true;
      return false;
    },
  };
}
