/**
 * A prospect is one peer seen as provider of one skill: everything a decision needs, gathered once and kept, so that a
 * decision over a thousand candidates looks nothing up and allocates nothing for them. It is a cache: what it holds can always be
 * gathered again from the tables, which tell when it has to be.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { textHash } from "./affinity.ts";
import type { Candidate, ScoreParts } from "./candidate.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { indirectOfPin } from "./evidence.ts";
import type { Standing } from "./evidence.ts";
import { Lineup } from "./lineup.ts";
import type { MetricsTable } from "./metrics-table.ts";
import { newMetrics } from "./metrics.ts";
import type { PeerMetrics, Service } from "./metrics.ts";

export interface Prospect {
  readonly peer: PeerIdText;
  /** Of the peer's id, for the rendezvous. */
  readonly hash: number;
  readonly lineup: Lineup;
  /** In the lineup; −1 while it is no candidate. */
  place: number;
  candidate: Candidate;

  metrics: PeerMetrics;
  /** Own measurements at this skill. */
  service: Service | undefined;

  /** Trust, from which prior and pin it was computed, and until when it holds. */
  standing: Standing;
  prior: number;
  pin: number | undefined;
  freshUntil: number;

  // What follows is written anew by each decision that draws it.
  /** Trust as sampled. */
  theta: number;
  /** One of the two that the task's affinity key prefers. */
  favorite: boolean;
  score: ScoreParts | null;
}

/** This node trusts itself. */
const ownStanding: Standing = Object.freeze({
  a: 1,
  b: 0,
  mean: 1,
  lower: 1,
  reliability: 1,
  known: true,
  lied: false,
});
/** Of a peer that was never tried. */
const noMetrics = Object.freeze(newMetrics());
/** Half-lives are days: within a minute decay is not seen, and reliability moves by 2 %. */
const freshMs = 60_000;
const nobody: readonly Prospect[] = Object.freeze([]);

export class Prospects {
  readonly #lineups = new Map<string, Lineup>();
  readonly #evidence: EvidenceTable;
  readonly #metrics: MetricsTable;
  /** One for each skill. */
  readonly #ofPeer = new Map<PeerIdText, Prospect[]>();
  #count = 0;

  constructor(evidence: EvidenceTable, metrics: MetricsTable) {
    this.#evidence = evidence;
    this.#metrics = metrics;
  }

  /** The lineup of a skill as its last decision left it. */
  ofSkill(skill: string): Lineup {
    if (this.#count > limits.prospects) this.#clear();
    let lineup = this.#lineups.get(skill);
    if (lineup === undefined) {
      if (this.#lineups.size >= limits.routedSkills) this.#clear();
      lineup = new Lineup(skill);
      this.#lineups.set(skill, lineup);
    }
    return lineup;
  }

  /** The lineup of these candidates, their trust brought up to `wallMs`. A peer that is named twice counts once. */
  lineUp(skill: string, candidates: readonly Candidate[], wallMs: number): Lineup {
    const lineup = this.ofSkill(skill);
    if (!lineup.holds(candidates)) this.#arrange(lineup, candidates);
    for (const place of lineup.touched) this.#bringUp(lineup.prospects[place] as Prospect, wallMs);
    lineup.touched.length = 0;
    if (wallMs > lineup.allFreshUntil || lineup.prior !== this.#evidence.prior) this.#renew(lineup, wallMs);
    return lineup;
  }

  /** Brings up those whose standing has aged or was made with another prior. */
  #renew(lineup: Lineup, wallMs: number): void {
    const { prospects, freshUntil } = lineup;
    const { prior } = this.#evidence;
    lineup.prior = prior;
    lineup.allFreshUntil = Infinity;
    for (const [place, prospect] of prospects.entries()) {
      if (wallMs > prospect.freshUntil || prospect.prior !== prior) this.#bringUp(prospect, wallMs);
      lineup.allFreshUntil = Math.min(lineup.allFreshUntil, freshUntil[place] as number);
    }
  }

  /** The candidate's prospect, its trust brought up to `wallMs`. */
  of(lineup: Lineup, candidate: Candidate, wallMs: number): Prospect {
    const prospect = lineup.byPeer.get(candidate.peer) ?? this.#add(lineup, candidate);
    this.#bringUp(prospect, wallMs);
    return prospect;
  }

  /** There is more to judge the peer by, or less. */
  changed(peer: PeerIdText): void {
    for (const prospect of this.#ofPeer.get(peer) ?? nobody) {
      prospect.freshUntil = -Infinity;
      prospect.lineup.touch(prospect);
    }
  }

  /** A record of what is measured of the peer has appeared or gone. */
  recorded(peer: PeerIdText): void {
    for (const prospect of this.#ofPeer.get(peer) ?? nobody) {
      this.#readMetrics(prospect);
      prospect.freshUntil = -Infinity;
      prospect.lineup.touch(prospect);
    }
  }

  /** Something else is measured of the peer; its trust is the same. */
  measured(peer: PeerIdText): void {
    for (const prospect of this.#ofPeer.get(peer) ?? nobody) prospect.lineup.touch(prospect);
  }

  #arrange(lineup: Lineup, candidates: readonly Candidate[]): void {
    lineup.clear(candidates.length);
    for (const candidate of candidates) {
      lineup.candidates.push(candidate);
      const prospect = lineup.byPeer.get(candidate.peer) ?? this.#add(lineup, candidate);
      if (prospect.place >= 0) continue;
      prospect.candidate = candidate;
      if (prospect.pin !== candidate.pin) prospect.freshUntil = -Infinity;
      lineup.add(prospect);
    }
  }

  #add(lineup: Lineup, candidate: Candidate): Prospect {
    const { peer } = candidate;
    const prospect: Prospect = {
      peer,
      hash: textHash(peer),
      lineup,
      place: -1,
      candidate,
      metrics: noMetrics,
      service: undefined,
      standing: ownStanding,
      prior: 0,
      pin: undefined,
      freshUntil: -Infinity,
      theta: 0,
      favorite: false,
      score: null,
    };
    this.#readMetrics(prospect);
    lineup.byPeer.set(peer, prospect);
    const known = this.#ofPeer.get(peer);
    if (known === undefined) this.#ofPeer.set(peer, [prospect]);
    else known.push(prospect);
    this.#count += 1;
    return prospect;
  }

  #clear(): void {
    this.#lineups.clear();
    this.#ofPeer.clear();
    this.#count = 0;
  }

  #readMetrics(prospect: Prospect): void {
    prospect.metrics = this.#metrics.get(prospect.peer) ?? noMetrics;
    prospect.service = prospect.metrics.services.get(prospect.lineup.skill);
  }

  #bringUp(prospect: Prospect, wallMs: number): void {
    if (prospect.candidate.local) {
      prospect.standing = ownStanding;
      prospect.prior = this.#evidence.prior;
      prospect.freshUntil = Infinity;
    } else if (wallMs > prospect.freshUntil || prospect.prior !== this.#evidence.prior) {
      this.#refresh(prospect, wallMs);
    }
    prospect.lineup.write(prospect);
  }

  #refresh(prospect: Prospect, wallMs: number): void {
    const { peer, candidate, lineup } = prospect;
    const { pin } = candidate;
    prospect.standing = this.#evidence.standing(peer, lineup.skill, indirectOfPin(pin), wallMs);
    prospect.prior = this.#evidence.prior;
    prospect.pin = pin;
    prospect.freshUntil = wallMs + freshMs;
  }
}
