/**
 * The evidence of all peers: bounded, saved and loaded as plain rows. It survives a disconnect on purpose, since
 * forgetting whoever leaves would let a liar come back clean. Knows nothing of where the rows are kept.
 */
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import * as evidence from "./evidence.ts";
import type { Evidence, Indirect, Standing } from "./evidence.ts";

/**
 * One row of the store. The row whose peer and skill are both "" is not a peer: `good` and `bad` are the first
 * encounters with strangers, S and F.
 */
export interface EvidenceRow extends Evidence {
  peer: PeerIdText;
  skill: string;
}

/** A peer's records. `version` grows with every change, for caches of what follows from them. */
export interface PeerEvidence {
  skills: Map<string, EvidenceRow>;
  version: number;
  /** A verdict on it has counted as a first encounter. */
  met: boolean;
}

/** First encounters fade slowly, so that a network which turned good or bad is noticed within a few hundred peers. */
const encounterDecay = 0.995;

export class EvidenceTable {
  readonly #peers = new Map<PeerIdText, PeerEvidence>();
  readonly #dirty = new Set<EvidenceRow>();
  readonly #strangers: EvidenceRow = { peer: "", skill: "", ...evidence.newEvidence(0) };
  readonly #maxPeers: number;
  readonly #onPeer: (peer: PeerIdText) => void;
  /** Trust in a stranger, p0. */
  prior = evidence.strangerPrior(0, 0);

  /** `onPeer` is told of every peer that gets its first record or loses all of them. */
  constructor(options: { maxPeers?: number; onPeer?: (peer: PeerIdText) => void } = {}) {
    this.#maxPeers = options.maxPeers ?? limits.evidencePeers;
    this.#onPeer = options.onPeer ?? (() => {});
  }

  get size(): number {
    return this.#peers.size;
  }

  get(peer: PeerIdText): PeerEvidence | undefined {
    return this.#peers.get(peer);
  }

  /** A verdict checked against the truth. */
  good(peer: PeerIdText, skill: string, now: number): void {
    this.#encounter(peer, true, 1, now);
    this.#update(peer, skill, evidence.addGood, now);
  }

  /** Completed and well formed, not checked. */
  weakGood(peer: PeerIdText, skill: string, now: number): void {
    this.#encounter(peer, true, 0.5, now);
    this.#update(peer, skill, evidence.addWeakGood, now);
  }

  /** A proved lie. */
  bad(peer: PeerIdText, skill: string, now: number): void {
    this.#encounter(peer, false, 1, now);
    this.#update(peer, skill, evidence.addBad, now);
  }

  /** An answer of any kind. */
  reply(peer: PeerIdText, skill: string, now: number): void {
    if (this.#peers.get(peer)?.skills.has(skill) === true) this.#update(peer, skill, evidence.addReply, now);
  }

  /** An attempt that never came back. */
  timeout(peer: PeerIdText, skill: string, now: number): void {
    this.#update(peer, skill, evidence.addTimeout, now);
  }

  /** Trust in `peer` at `skill`, or with `undefined` over all its skills. */
  standing(peer: PeerIdText, skill: string | undefined, indirect: Indirect, now: number): Standing {
    const known = this.#peers.get(peer);
    if (known === undefined) return evidence.posterior(undefined, 0, 0, indirect, this.prior, now);
    if (skill === undefined) {
      const sum = this.#sum(known, undefined, now);
      return evidence.posterior(sum, 0, 0, indirect, this.prior, now);
    }
    const own = known.skills.get(skill);
    const others = this.#sum(known, own, now);
    const standing = evidence.posterior(own, others.good, others.bad, indirect, this.prior, now);
    if (own === undefined) standing.reliability = others.reliability;
    return standing;
  }

  /** Decayed weights over all skills. */
  total(peer: PeerIdText, now: number): { good: number; bad: number } {
    const known = this.#peers.get(peer);
    if (known === undefined) return { good: 0, bad: 0 };
    const { good, bad } = this.#sum(known, undefined, now);
    return { good, bad };
  }

  /** All skills of a peer but `except` as one record; its reliability is the average. */
  #sum(known: PeerEvidence, except: EvidenceRow | undefined, now: number): Evidence {
    const sum = evidence.newEvidence(now);
    let count = 0;
    let reliability = 0;
    for (const row of known.skills.values()) {
      if (row === except) continue;
      const elapsedMs = now - row.updatedAt;
      sum.good += row.good * evidence.remaining(elapsedMs, evidence.goodHalfLifeMs);
      sum.bad += row.bad * evidence.remaining(elapsedMs, evidence.badHalfLifeMs);
      sum.badCount += row.badCount;
      reliability += evidence.reliabilityAt(row, now);
      count += 1;
    }
    if (count > 0) sum.reliability = reliability / count;
    return sum;
  }

  /** Copies of the rows that changed since the last call, to be written in one batch. */
  exportDirty(): EvidenceRow[] {
    const rows = Array.from(this.#dirty, (row) => ({ ...row }));
    this.#dirty.clear();
    return rows;
  }

  /** Rows as exported before. A row that makes no sense is left out; one that is older than what is here too. */
  import(rows: Iterable<EvidenceRow>): void {
    for (const row of rows) {
      if (!sensible(row)) continue;
      if (row.peer === "" && row.skill === "") {
        Object.assign(this.#strangers, row);
        this.prior = evidence.strangerPrior(row.good, row.bad);
        continue;
      }
      const known = this.#peerOf(row.peer, row.updatedAt);
      const here = known.skills.get(row.skill);
      if (here !== undefined && here.updatedAt >= row.updatedAt) continue;
      if (here === undefined) this.#makeRoomForSkill(known, row.updatedAt);
      known.skills.set(row.skill, { ...row });
      known.version += 1;
      known.met ||= row.good + row.bad > 0;
    }
  }

  #encounter(peer: PeerIdText, good: boolean, weight: number, now: number): void {
    const known = this.#peerOf(peer, now);
    if (known.met) return;
    known.met = true;
    const strangers = this.#strangers;
    strangers.good = strangers.good * encounterDecay + (good ? weight : 0);
    strangers.bad = strangers.bad * encounterDecay + (good ? 0 : weight);
    strangers.updatedAt = now;
    this.prior = evidence.strangerPrior(strangers.good, strangers.bad);
    this.#dirty.add(strangers);
  }

  /** Applies `change` to the record, made if it is new; one that returns false changed nothing worth writing. */
  #update(
    peer: PeerIdText,
    skill: string,
    change: (e: Evidence, now: number) => boolean | void,
    now: number,
  ): void {
    const known = this.#peerOf(peer, now);
    let row = known.skills.get(skill);
    if (row === undefined) {
      this.#makeRoomForSkill(known, now);
      row = { peer, skill, ...evidence.newEvidence(now) };
      known.skills.set(skill, row);
    }
    if (change(row, now) === false) return;
    known.version += 1;
    this.#dirty.add(row);
  }

  #peerOf(peer: PeerIdText, now: number): PeerEvidence {
    let known = this.#peers.get(peer);
    if (known !== undefined) return known;
    if (this.#peers.size >= this.#maxPeers) this.#evict(now);
    known = { skills: new Map(), version: 0, met: false };
    this.#peers.set(peer, known);
    this.#onPeer(peer);
    return known;
  }

  /**
   * Drops the sixteenth part that says least. Bad verdicts weigh most: a flood of fresh names must not wash out what is
   * known of liars. Many at once, so that a full table is sorted seldom.
   */
  #evict(now: number): void {
    const ranked = Array.from(this.#peers, ([peer, known]) => ({ peer, worth: worthOf(known, now) }));
    const leaving = ranked.toSorted((x, y) => x.worth - y.worth).slice(0, Math.ceil(this.#maxPeers / 16));
    for (const { peer } of leaving) {
      this.#peers.delete(peer);
      this.#onPeer(peer);
    }
  }

  #makeRoomForSkill(known: PeerEvidence, now: number): void {
    if (known.skills.size < limits.evidenceSkillsPerPeer) return;
    let least: EvidenceRow | undefined;
    for (const row of known.skills.values()) {
      if (least === undefined || information(row, now) < information(least, now)) least = row;
    }
    if (least !== undefined) known.skills.delete(least.skill);
  }
}

function information(row: Evidence, now: number): number {
  const elapsedMs = now - row.updatedAt;
  const good = row.good * evidence.remaining(elapsedMs, evidence.goodHalfLifeMs);
  const bad = row.bad * evidence.remaining(elapsedMs, evidence.badHalfLifeMs);
  return good + 2 * bad + (1 - evidence.reliabilityAt(row, now));
}

function worthOf(known: PeerEvidence, now: number): number {
  let worth = 0;
  for (const row of known.skills.values()) worth += information(row, now);
  return worth;
}

function sensible(row: EvidenceRow): boolean {
  return (
    row.good >= 0 &&
    row.bad >= 0 &&
    row.badCount >= 0 &&
    row.reliability > 0 &&
    row.reliability <= 1 &&
    Number.isFinite(row.good + row.bad + row.badCount + row.updatedAt)
  );
}
