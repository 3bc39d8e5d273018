/**
 * The evidence of all peers: bounded, saved and loaded as plain rows. It survives a disconnect on purpose, since
 * forgetting whoever leaves would let a liar come back clean. Knows nothing of where the rows are kept.
 */
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import { checksAfterAlarm, information, newRow, noteVerdict, sensible } from "./evidence-row.ts";
import type { EvidenceRow, VerdictNote } from "./evidence-row.ts";
import * as evidence from "./evidence.ts";
import type { Evidence, Indirect, Standing } from "./evidence.ts";

/** A peer's records. */
export interface PeerEvidence {
  skills: Map<string, EvidenceRow>;
  /** A verdict on it has counted as a first encounter. */
  met: boolean;
}

/** What others say of a peer, by the trust graph. */
export type HearsaySource = (peer: PeerIdText, skill: string | undefined) => Indirect;

const nothing: Indirect = { good: 0, bad: 0 };
/** The last twenty first encounters count: who comes back under new names again and again must not live on the past. */
const encounterDecay = 0.95;
/** Spoken of by so much, a peer is no stranger: it was met on the word of others. */
const introducedAt = 1;

export class EvidenceTable {
  readonly #peers = new Map<PeerIdText, PeerEvidence>();
  readonly #dirty = new Set<EvidenceRow>();
  readonly #strangers = newRow("", "", 0);
  readonly #maxPeers: number;
  readonly #onPeer: (peer: PeerIdText) => void;
  readonly #hearsay: HearsaySource;
  /** Wall clock of the last change to anything. */
  #latest = 0;
  /** Trust in a stranger, p0. */
  prior = evidence.strangerPrior(0, 0);

  /** `onPeer` is told of every peer whose standing follows from something else now. */
  constructor(
    options: { maxPeers?: number; onPeer?: (peer: PeerIdText) => void; hearsay?: HearsaySource } = {},
  ) {
    this.#maxPeers = options.maxPeers ?? limits.evidencePeers;
    this.#onPeer = options.onPeer ?? (() => {});
    this.#hearsay = options.hearsay ?? (() => nothing);
  }

  get size(): number {
    return this.#peers.size;
  }

  get(peer: PeerIdText): PeerEvidence | undefined {
    return this.#peers.get(peer);
  }

  /** A verdict checked against the truth. */
  good(peer: PeerIdText, skill: string, now: number, note: VerdictNote = {}): void {
    this.#encounter(peer, true, 1, now);
    noteVerdict(this.#update(peer, skill, evidence.addGood, now), true, now, note);
  }

  /** Completed and well formed, not checked. */
  weakGood(peer: PeerIdText, skill: string, now: number): void {
    this.#encounter(peer, true, 0.5, now);
    this.#update(peer, skill, evidence.addWeakGood, now);
  }

  /** A proved lie. */
  bad(peer: PeerIdText, skill: string, now: number, note: VerdictNote = {}): void {
    this.#encounter(peer, false, 1, now);
    noteVerdict(this.#update(peer, skill, evidence.addBad, now), false, now, note);
    // One who fails at one skill has to prove himself anew at all of them.
    for (const row of this.#peers.get(peer)?.skills.values() ?? []) {
      if (row.valid > 0) this.#dirty.add(row);
      row.valid = 0;
    }
  }

  /** The next few results are to be checked, until `untilWallMs`. */
  alarm(peer: PeerIdText, skill: string, untilWallMs: number): void {
    const row = this.#update(peer, skill, () => {}, this.#latest);
    row.alarmChecks = checksAfterAlarm;
    row.alarmUntil = Math.max(row.alarmUntil, untilWallMs);
  }

  /** All peers with their rows. */
  peers(): IterableIterator<[PeerIdText, PeerEvidence]> {
    return this.#peers.entries();
  }

  /** An answer of any kind. */
  reply(peer: PeerIdText, skill: string, now: number): void {
    if (this.#peers.get(peer)?.skills.has(skill) === true) this.#update(peer, skill, evidence.addReply, now);
  }

  /** An attempt that never came back. */
  timeout(peer: PeerIdText, skill: string, now: number): void {
    this.#update(peer, skill, evidence.addTimeout, now);
  }

  /** Trust in `peer` at `skill`, or with `undefined` over all its skills; `pinned` is the operator's word. */
  standing(peer: PeerIdText, skill: string | undefined, pinned: Indirect, now: number): Standing {
    const said = this.#hearsay(peer, skill);
    const indirect = { good: pinned.good + said.good, bad: pinned.bad + said.bad };
    const known = this.#peers.get(peer);
    if (known === undefined)
      return evidence.posterior(undefined, evidence.nothingElsewhere, indirect, this.prior, now);
    if (skill === undefined) {
      const sum = this.#sum(known, undefined, now);
      return evidence.posterior(sum, evidence.nothingElsewhere, indirect, this.prior, now);
    }
    const own = known.skills.get(skill);
    const others = this.#sum(known, own, now);
    const standing = evidence.posterior(own, others, indirect, this.prior, now);
    if (own === undefined) standing.reliability = others.reliability;
    return standing;
  }

  /** Decayed weights over all skills. */
  total(peer: PeerIdText, now: number): { good: number; bad: number } {
    const { good, bad } = this.totals(peer, now);
    return { good, bad };
  }

  /** One skill of a peer, decayed to now. */
  ofSkill(peer: PeerIdText, skill: string, now: number): Evidence {
    const row = this.#peers.get(peer)?.skills.get(skill);
    return row === undefined ? evidence.newEvidence(now) : evidence.decayed(row, now);
  }

  /** All skills of a peer as one record. */
  totals(peer: PeerIdText, now: number): Evidence {
    const known = this.#peers.get(peer);
    return known === undefined ? evidence.newEvidence(now) : this.#sum(known, undefined, now);
  }

  /** All skills of a peer but `except` as one record; its reliability is the average. */
  #sum(known: PeerEvidence, except: EvidenceRow | undefined, now: number): Evidence {
    // Summed up in variables, and decayed without a copy of each row: it is done for every peer whenever something is heard of it.
    let [good, right, wrong, valid, bad, badCount, reliability, count] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (const row of known.skills.values()) {
      if (row === except) continue;
      const goodLeft = evidence.remaining(now - row.updatedAt, evidence.goodHalfLifeMs);
      const badLeft = evidence.remaining(now - row.updatedAt, evidence.badHalfLifeMs);
      good += row.good * goodLeft;
      right += row.right * goodLeft;
      wrong += row.wrong * badLeft;
      valid += row.valid;
      bad += row.bad * badLeft;
      badCount += row.badCount;
      reliability += evidence.reliabilityAt(row, now);
      count += 1;
    }
    reliability = count > 0 ? reliability / count : 1;
    return { good, right, wrong, valid, bad, badCount, reliability, updatedAt: now };
  }

  /** Copies of the rows that changed since the last call, to be written in one batch. */
  exportDirty(): EvidenceRow[] {
    const rows = Array.from(this.#dirty, (row) => ({ ...row, verdicts: [...row.verdicts] }));
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
      known.skills.set(row.skill, { ...row, verdicts: [...row.verdicts] });
      this.#onPeer(row.peer);
      known.met ||= row.good + row.bad > 0;
    }
  }

  #encounter(peer: PeerIdText, good: boolean, weight: number, now: number): void {
    const known = this.#peerOf(peer, now);
    if (known.met) return;
    known.met = true;
    const said = this.#hearsay(peer, undefined);
    if (said.good + said.bad >= introducedAt) return;
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
  ): EvidenceRow {
    this.#latest = now;
    const known = this.#peerOf(peer, now);
    let row = known.skills.get(skill);
    if (row === undefined) {
      this.#makeRoomForSkill(known, now);
      row = newRow(peer, skill, now);
      known.skills.set(skill, row);
    }
    if (change(row, now) === false) return row;
    this.#onPeer(peer);
    this.#dirty.add(row);
    return row;
  }

  #peerOf(peer: PeerIdText, now: number): PeerEvidence {
    let known = this.#peers.get(peer);
    if (known !== undefined) return known;
    if (this.#peers.size >= this.#maxPeers) this.#evict(now);
    known = { skills: new Map(), met: false };
    this.#peers.set(peer, known);
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

function worthOf(known: PeerEvidence, now: number): number {
  let worth = 0;
  for (const row of known.skills.values()) worth += information(row, now);
  return worth;
}
