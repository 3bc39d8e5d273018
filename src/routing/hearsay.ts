/**
 * What others say of each peer, as far as they are heard: I⁺ and I⁻ in pseudo-observations, at most ten together, so that
 * own experience always outweighs hearsay in the end. Kept as sums, so that one changed attestation costs as much as it
 * has claims, and read by routing at every decision.
 *
 *     W = Σ g·κ     I = 10·min(1, W / (.1·Σg))     I⁺ : I⁻ as the weighted mean of pos/(pos + 4·neg)
 */
import type { PeerIdText } from "../core/ids.ts";
import { favor, support } from "./attestation.ts";
import type { Claim } from "./attestation.ts";
import type { BookNode } from "./attestation-book.ts";
import type { Indirect } from "./evidence.ts";

/** Pseudo-observations, at most. */
const most = 10;
/** Share of all weight that must speak of a peer for that. */
const fullShare = 0.1;
/** What is said of a peer's other skills stands in for at most so many. */
const backOffWeight = 4;
/** A change by less is not worth a new computation of what follows from it. */
const noticeable = 0.05;
/** What rounding leaves of a sum whose parts were all taken away; no weight that counts is so small. */
const negligible = 1e-9;

/** Sums over those who are heard. */
interface Said {
  /** Σ g·κ, and the same times the favor. */
  weight: number;
  praise: number;
  /** As last noticed. */
  good: number;
  bad: number;
}

export interface Hearsay {
  readonly peer: PeerIdText;
  /** Over all skills. */
  all: Said;
  skills: Map<string, Said>;
  /** Grows with each noticeable change, for caches. */
  version: number;
}

const nothing: Indirect = Object.freeze({ good: 0, bad: 0 });

export class HearsayTable {
  readonly #peers = new Map<PeerIdText, Hearsay>();
  readonly #onPeer: (peer: PeerIdText) => void;
  readonly #touched = new Set<PeerIdText>();
  #total = 0;

  /** `onPeer` is told of every peer of which noticeably different things are said. */
  constructor(onPeer: (peer: PeerIdText) => void) {
    this.#onPeer = onPeer;
  }

  get(peer: PeerIdText): Hearsay | undefined {
    return this.#peers.get(peer);
  }

  /** Everything anew: `heard` are the issuers with the weight of each, `total` that of all. */
  recompute(heard: Iterable<readonly [BookNode, number]>, total: number): void {
    this.#total = total;
    for (const hearsay of this.#peers.values()) {
      clear(hearsay.all);
      for (const said of hearsay.skills.values()) clear(said);
    }
    for (const [issuer, weight] of heard) this.#add(issuer, weight);
    for (const [peer, hearsay] of this.#peers) {
      if (hearsay.all.weight < negligible) {
        this.#peers.delete(peer);
        hearsay.version += 1;
        this.#onPeer(peer);
      } else this.#notice(hearsay);
    }
  }

  /** Takes away what an issuer says, whose weight is as in the last computation; `add` follows. */
  remove(issuer: BookNode, weight: number): void {
    if (weight === 0) return;
    this.#add(issuer, -weight);
    for (const subject of issuer.says.keys()) this.#touched.add(subject.peer);
  }

  /** Adds what an issuer says now, and makes the change since `remove` known. */
  add(issuer: BookNode, weight: number): void {
    if (weight === 0) return;
    this.#add(issuer, weight);
    for (const subject of issuer.says.keys()) this.#touched.add(subject.peer);
    for (const peer of this.#touched) {
      const hearsay = this.#peers.get(peer);
      if (hearsay !== undefined) this.#notice(hearsay);
    }
    this.#touched.clear();
  }

  /** What is said of a peer at a skill, filled up with what is said of its others; over all skills with `undefined`. */
  of(hearsay: Hearsay | undefined, skill: string | undefined): Indirect {
    if (hearsay === undefined) return nothing;
    const all = this.#indirect(hearsay.all);
    if (skill === undefined) return all;
    const said = hearsay.skills.get(skill);
    const here = said === undefined ? nothing : this.#indirect(said);
    const n = all.good + all.bad;
    if (n === 0) return here;
    // As with own evidence: praise fades as what is said of this very skill comes in, blame stays.
    const room = Math.max(0, backOffWeight - here.good - here.bad);
    return {
      good: here.good + (Math.min(n, room) * all.good) / n,
      bad: Math.max(here.bad, (Math.min(n, backOffWeight) * all.bad) / n),
    };
  }

  #add(issuer: BookNode, weight: number): void {
    if (weight === 0) return;
    for (const [subject, claims] of issuer.says) {
      let hearsay = this.#peers.get(subject.peer);
      if (hearsay === undefined) {
        hearsay = { peer: subject.peer, all: newSaid(), skills: new Map(), version: 0 };
        this.#peers.set(subject.peer, hearsay);
      }
      let pos = 0;
      let neg = 0;
      for (const claim of claims) {
        let said = hearsay.skills.get(claim.skill);
        if (said === undefined) {
          said = newSaid();
          hearsay.skills.set(claim.skill, said);
        }
        addTo(said, weight, claim);
        pos += claim.pos;
        neg += claim.neg;
      }
      addTo(hearsay.all, weight, { pos, neg });
    }
  }

  #notice(hearsay: Hearsay): void {
    let changed = this.#noticed(hearsay.all);
    for (const [skill, said] of hearsay.skills) {
      if (this.#noticed(said)) changed = true;
      if (said.weight < negligible) hearsay.skills.delete(skill);
    }
    if (!changed) return;
    hearsay.version += 1;
    this.#onPeer(hearsay.peer);
  }

  #noticed(said: Said): boolean {
    const { good, bad } = this.#indirect(said);
    if (Math.abs(good - said.good) < noticeable && Math.abs(bad - said.bad) < noticeable) return false;
    said.good = good;
    said.bad = bad;
    return true;
  }

  #indirect(said: Said): Indirect {
    if (said.weight < negligible) return nothing;
    const strength = most * Math.min(1, said.weight / (fullShare * this.#total));
    const good = (strength * said.praise) / said.weight;
    return { good, bad: Math.max(0, strength - good) };
  }
}

function newSaid(): Said {
  return { weight: 0, praise: 0, good: 0, bad: 0 };
}

function clear(said: Said): void {
  said.weight = 0;
  said.praise = 0;
}

function addTo(said: Said, weight: number, { pos, neg }: Pick<Claim, "pos" | "neg">): void {
  const part = weight * support(pos, neg);
  said.weight += part;
  said.praise += part * favor(pos, neg);
}
