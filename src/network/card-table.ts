/**
 * The cards known to this node: which are taken, how long they stay, and who offers a skill, by index. Pure but for the clock
 * it is given: it sends and dials nothing. `cards.ts` feeds it and `liveness.ts` weeds it.
 *
 * The rules: a peer's card is replaced only by one with a higher sequence number. It stays as long as its issuer said, counted
 * from when it was heard. A tombstone takes it out, and its number is remembered so that a late copy does not bring it back. A
 * suspect (its connection broke, or it comes from the disk) is kept but not offered until it has been reached.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { checkCard, claimOf } from "./card-codec.ts";
import type { Card, KnownCard } from "./card.ts";

/**
 * How a card came: `direct` from its issuer's own connection, by `gossip`, as a `relay` from a peer that knows it, or
 * `stored` in a former life of this node.
 */
export type Via = "direct" | "gossip" | "relay" | "stored";

export type Verdict =
  /** Taken. */
  | "new"
  /** Had it already; the peer was heard of. */
  | "known"
  /** A goodbye: the peer is out. */
  | "left"
  /** Nothing to learn from it: outdated, expired, or of another network. */
  | "ignored"
  /** This node's own. */
  | "own"
  /** No honest node makes such a card. */
  | "hostile";

export interface Taken {
  verdict: Verdict;
  peer?: PeerIdText;
  seq?: number;
  problem?: string;
}

export interface CardTable {
  readonly generation: number;
  readonly size: number;
  get(peer: PeerIdText): KnownCard | undefined;
  all(): Iterable<KnownCard>;
  /** Without suspects. The same array until something changes for this skill. */
  offering(skillId: string): readonly KnownCard[];
  take(signed: Uint8Array, via: Via): Taken;
  /** The peer could not be reached. A later card of it, or the same from itself, brings it back. */
  forget(peer: PeerIdText): void;
  suspect(peer: PeerIdText): void;
  isSuspect(peer: PeerIdText): boolean;
  /** The peer was heard of: it is no suspect. */
  touch(peer: PeerIdText): void;
  /** Drops what has outlived itself; returns those peers. */
  expire(): PeerIdText[];
  /** Peers that have missed a card of their own rhythm. */
  overdue(): PeerIdText[];
}

interface Entry {
  known: KnownCard;
  /** Monotonic ms. */
  until: number;
  /** The time from one card to the next, by what the issuer says of its life. */
  intervalMs: number;
  suspect: boolean;
}

interface Grave {
  seq: number;
  /** The peer said goodbye, rather than being unreachable. */
  final: boolean;
  until: number;
}

/** A card that is this late has been missed: in a small mesh whoever is killed is looked for, and gone, within 30 s. */
const lateShare = 1.15;

const nobody: readonly KnownCard[] = [];

export function createCardTable(options: { self: PeerIdText; network: string; clock: Clock }): CardTable {
  const { self, network, clock } = options;
  // In order of last card: the first is the stalest.
  const entries = new Map<PeerIdText, Entry>();
  const graves = new Map<PeerIdText, Grave>();
  const bySkill = new Map<string, Set<Entry>>();
  const offers = new Map<string, readonly KnownCard[]>();
  let generation = 0;

  const changed = (card: Card): void => {
    generation++;
    for (const { id } of card.skills) offers.delete(id);
  };

  const add = (entry: Entry): void => {
    const { card } = entry.known;
    entries.set(card.peer, entry);
    for (const { id } of card.skills) {
      const set = bySkill.get(id);
      if (set === undefined) bySkill.set(id, new Set([entry]));
      else set.add(entry);
    }
    changed(card);
  };

  const remove = (peer: PeerIdText): void => {
    const entry = entries.get(peer);
    if (entry === undefined) return;
    entries.delete(peer);
    for (const { id } of entry.known.card.skills) {
      const set = bySkill.get(id);
      set?.delete(entry);
      if (set?.size === 0) bySkill.delete(id);
    }
    changed(entry.known.card);
  };

  const bury = (peer: PeerIdText, seq: number, final: boolean): void => {
    // As long as a copy of the card could still be taken for fresh.
    const until = clock.monotonic() + limits.cardLifetimeMs + 2 * limits.clockSkewMs;
    graves.delete(peer);
    graves.set(peer, { seq, final, until });
    if (graves.size > limits.cardsKept) graves.delete(graves.keys().next().value as PeerIdText);
  };

  const setSuspect = (peer: PeerIdText, suspect: boolean): void => {
    const entry = entries.get(peer);
    if (entry === undefined || entry.suspect === suspect) return;
    entry.suspect = suspect;
    changed(entry.known.card);
  };

  const touch = (peer: PeerIdText): void => {
    const entry = entries.get(peer);
    if (entry === undefined) return;
    entry.known.heardAt = clock.monotonic();
    setSuspect(peer, false);
  };

  /** What is known of this peer already decides, before anything costly is checked. */
  const byClaim = (peer: PeerIdText, seq: number, via: Via): Verdict | undefined => {
    const entry = entries.get(peer);
    if (entry !== undefined && seq <= entry.known.card.seq) {
      if (seq < entry.known.card.seq) return "ignored";
      // Only the issuer's own word says that it is there now. Gossip's author was checked before.
      if (via === "direct" || via === "gossip") touch(peer);
      return "known";
    }
    const grave = graves.get(peer);
    if (grave === undefined || seq > grave.seq) return undefined;
    return grave.final || via !== "direct" || seq < grave.seq ? "ignored" : undefined;
  };

  const insert = (card: Card, signed: Uint8Array, via: Via): Taken => {
    const now = clock.monotonic();
    const life = card.expiresAt - card.issuedAt;
    // Straight from its issuer a card is as fresh as can be, whatever the clocks say. One that was lying about is as old
    // as the clocks say, or a dead peer would be handed on from node to node.
    const fresh = via === "direct" || via === "gossip";
    const left = fresh ? life : Math.min(life, card.expiresAt - clock.now());
    if (left <= 0) return { verdict: "ignored", peer: card.peer, seq: card.seq, problem: "expired" };
    remove(card.peer);
    graves.delete(card.peer);
    add({
      known: { card, signed, heardAt: now - (life - left) },
      until: now + left,
      intervalMs: life / 3,
      suspect: via === "stored",
    });
    if (entries.size > limits.cardsKept) remove(entries.keys().next().value as PeerIdText);
    return { verdict: "new", peer: card.peer, seq: card.seq };
  };

  return {
    get generation() {
      return generation;
    },
    get size() {
      return entries.size;
    },
    get: (peer) => entries.get(peer)?.known,
    all: () => entries.values().map(({ known }) => known),
    offering(skillId) {
      const cached = offers.get(skillId);
      if (cached !== undefined) return cached;
      const set = bySkill.get(skillId);
      // Unknown skills are not cached: callers may ask for any number of them.
      if (set === undefined) return nobody;
      const list = [...set].filter(({ suspect }) => !suspect).map(({ known }) => known);
      offers.set(skillId, list);
      return list;
    },
    take(signed, via) {
      const claim = claimOf(signed);
      if (claim === undefined) return { verdict: "hostile", problem: "not a card" };
      const { peer, seq } = claim;
      const early = byClaim(peer, seq, via);
      if (early !== undefined) return { verdict: early, peer, seq };
      const checked = checkCard(signed, network, clock.now());
      if (checked.problem !== undefined) {
        return { verdict: checked.hostile ? "hostile" : "ignored", peer, seq, problem: checked.problem };
      }
      if (peer === self) return { verdict: "own", peer, seq };
      if (!checked.card.tombstone) return insert(checked.card, signed, via);
      remove(peer);
      bury(peer, seq, true);
      return { verdict: "left", peer, seq };
    },
    forget(peer) {
      const entry = entries.get(peer);
      if (entry === undefined) return;
      remove(peer);
      bury(peer, entry.known.card.seq, false);
    },
    suspect: (peer) => setSuspect(peer, true),
    isSuspect: (peer) => entries.get(peer)?.suspect ?? false,
    touch,
    expire() {
      const now = clock.monotonic();
      const gone = [...entries].filter(([, { until }]) => until <= now).map(([peer]) => peer);
      for (const peer of gone) remove(peer);
      for (const [peer, { until }] of graves) if (until <= now) graves.delete(peer);
      return gone;
    },
    overdue() {
      const now = clock.monotonic();
      return [...entries]
        .filter(([, { known, intervalMs }]) => now - known.heardAt > lateShare * intervalMs)
        .map(([peer]) => peer);
    },
  };
}
