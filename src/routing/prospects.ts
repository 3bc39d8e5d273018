/**
 * A prospect is one peer seen as provider of one skill: everything a decision needs, gathered once and kept, so that a
 * decision over a thousand candidates looks each up once and allocates nothing for it. It is a cache: what it holds can always
 * be gathered again from the tables.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { textHash } from "./affinity.ts";
import type { Candidate, ScoreParts } from "./candidate.ts";
import type { EvidenceTable, PeerEvidence } from "./evidence-table.ts";
import { indirectOfPin } from "./evidence.ts";
import type { Standing } from "./evidence.ts";
import type { MetricsTable } from "./metrics-table.ts";
import { newMetrics } from "./metrics.ts";
import type { PeerMetrics, Service } from "./metrics.ts";

export interface Prospect {
  readonly peer: PeerIdText;
  /** Of the peer's id, for the rendezvous. */
  readonly hash: number;
  readonly metrics: PeerMetrics;
  /** Own measurements at this skill. */
  readonly service: Service | undefined;
  readonly evidence: PeerEvidence | undefined;

  /** Trust, and from what it was computed: the evidence's version, the prior and the pin; it ages by `freshUntil`. */
  standing: Standing;
  /** `standing.lower`, beside what else is looked at for every candidate. */
  lower: number;
  version: number;
  prior: number;
  pin: number | undefined;
  freshUntil: number;

  /** One of its records has appeared or gone, so it was gathered anew: this one speaks of the past. */
  gone: boolean;

  // What follows is written anew by each decision.
  candidate: Candidate;
  /** Number of the decision, to see a candidate that is named twice. */
  round: number;
  /** One of `Refusal`. */
  refusal: number;
  /** Trust as sampled, for those that are drawn. */
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

/** The prospects of one skill. */
export interface SkillProspects {
  readonly skill: string;
  readonly byPeer: Map<PeerIdText, Prospect>;
  /**
   * Those of the last decision, in the order of its candidates. Candidates mostly come as the same objects in the same order, and
   * then a thousand of them are found without a thousand look-ups.
   */
  readonly row: (Prospect | undefined)[];
}

export class Prospects {
  readonly #skills = new Map<string, SkillProspects>();
  readonly #evidence: EvidenceTable;
  readonly #metrics: MetricsTable;
  /** Peers of which there may be some. */
  readonly #gathered = new Set<PeerIdText>();
  #count = 0;

  constructor(evidence: EvidenceTable, metrics: MetricsTable) {
    this.#evidence = evidence;
    this.#metrics = metrics;
  }

  /** The prospects of a skill, to be handed to `of`. Call once for each decision. */
  ofSkill(skill: string): SkillProspects {
    if (this.#count > limits.prospects) this.#clear();
    let known = this.#skills.get(skill);
    if (known === undefined) {
      if (this.#skills.size >= limits.routedSkills) this.#clear();
      known = { skill, byPeer: new Map(), row: [] };
      this.#skills.set(skill, known);
    }
    return known;
  }

  #clear(): void {
    this.#skills.clear();
    this.#gathered.clear();
    this.#count = 0;
  }

  /** The prospect of the candidate at `index` of a decision, its trust brought up to `wallMs`. */
  at(known: SkillProspects, index: number, candidate: Candidate, wallMs: number): Prospect {
    const last = known.row[index];
    if (last === undefined || last.candidate !== candidate || last.gone)
      return (known.row[index] = this.of(known, candidate, wallMs));
    this.#keepFresh(last, known.skill, wallMs);
    return last;
  }

  /** The candidate's prospect, its trust brought up to `wallMs`. */
  of({ skill, byPeer }: SkillProspects, candidate: Candidate, wallMs: number): Prospect {
    let prospect = byPeer.get(candidate.peer);
    if (prospect === undefined) {
      prospect = this.#gather(skill, candidate);
      byPeer.set(candidate.peer, prospect);
      this.#gathered.add(candidate.peer);
      this.#count += 1;
    }
    prospect.candidate = candidate;
    this.#keepFresh(prospect, skill, wallMs);
    return prospect;
  }

  #keepFresh(prospect: Prospect, skill: string, wallMs: number): void {
    if (prospect.candidate.local) {
      prospect.standing = ownStanding;
      prospect.lower = 1;
      prospect.freshUntil = -Infinity;
    } else if (
      wallMs > prospect.freshUntil ||
      prospect.pin !== prospect.candidate.pin ||
      prospect.prior !== this.#evidence.prior ||
      prospect.version !== (prospect.evidence?.version ?? 0)
    ) {
      this.#refresh(prospect, skill, wallMs);
    }
  }

  /** Called when one of the peer's records has appeared or gone. */
  forget(peer: PeerIdText): void {
    // Told again and again in a round of attestations, of which one is enough.
    if (!this.#gathered.delete(peer)) return;
    for (const { byPeer } of this.#skills.values()) {
      const prospect = byPeer.get(peer);
      if (prospect === undefined) continue;
      prospect.gone = true;
      byPeer.delete(peer);
      this.#count -= 1;
    }
  }

  #gather(skill: string, candidate: Candidate): Prospect {
    const metrics = this.#metrics.get(candidate.peer) ?? noMetrics;
    return {
      peer: candidate.peer,
      hash: textHash(candidate.peer),
      metrics,
      service: metrics.services.get(skill),
      evidence: this.#evidence.get(candidate.peer),
      standing: ownStanding,
      lower: 1,
      version: -1,
      prior: 0,
      pin: undefined,
      freshUntil: -Infinity,
      gone: false,
      candidate,
      round: 0,
      refusal: 0,
      theta: 0,
      favorite: false,
      score: null,
    };
  }

  #refresh(prospect: Prospect, skill: string, wallMs: number): void {
    const pin = prospect.candidate.pin;
    prospect.standing = this.#evidence.standing(prospect.peer, skill, indirectOfPin(pin), wallMs);
    prospect.lower = prospect.standing.lower;
    prospect.version = prospect.evidence?.version ?? 0;
    prospect.prior = this.#evidence.prior;
    prospect.pin = pin;
    prospect.freshUntil = wallMs + freshMs;
  }
}
