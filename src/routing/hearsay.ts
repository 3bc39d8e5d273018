/**
 * What others say of each peer, as far as they are heard: I⁺ and I⁻ in pseudo-observations, at most twenty together, so that
 * own experience always outweighs hearsay in the end: one failure here halves what is good of it, and the peer leaves the band. Kept as sums, so that one changed attestation costs as much as it
 * has claims, and read by routing at every decision.
 *
 *     W = Σ g·κ     I = 20·min(1, W / (.05·Σg))     I⁺ : I⁻ as the weighted mean of pos/(pos + 4·neg)
 */
import type { PeerIdText } from "../core/ids.ts";
import type { ClaimIndex } from "./claim-index.ts";
import type { GraphNode } from "./graph-node.ts";
import type { Indirect } from "./evidence.ts";

/** Pseudo-observations, at most. */
const most = 20;
/** Share of all weight that must speak of a peer for that. */
const fullShare = 0.05;
/** What is said of a peer's other skills stands in for at most so many. */
const backOffWeight = 12;
/** A change by less is not worth a new computation of what follows from it. */
const noticeable = 0.05;
/** What rounding leaves of a sum whose parts were all taken away; no weight that counts is so small. */
const negligible = 1e-9;

const nothing: Indirect = Object.freeze({ good: 0, bad: 0 });

export class HearsayTable {
  readonly #index: ClaimIndex;
  readonly #onPeer: (peer: PeerIdText) => void;
  /** By slot of the index: Σ g·κ, and the same times the favor. */
  #weight = new Float64Array(1_024);
  #praise = new Float64Array(1_024);
  /** As last noticed. */
  #good = new Float64Array(1_024);
  #bad = new Float64Array(1_024);
  /** Slots that a change touches, with whom they are about: by the time it is done they may be another's. */
  readonly #touchedSlots: number[] = [];
  readonly #touchedPeers: PeerIdText[] = [];
  #total = 0;

  /** `onPeer` is told of every peer of which noticeably different things are said. */
  constructor(index: ClaimIndex, onPeer: (peer: PeerIdText) => void) {
    this.#index = index;
    this.#onPeer = onPeer;
  }

  /** Everything anew: `heard` are the issuers that have a weight, `total` is that of all. */
  recompute(heard: Iterable<GraphNode>, total: number): void {
    const { bySlot } = this.#index;
    this.#grow(bySlot.length);
    this.#total = total;
    this.#weight.fill(0);
    this.#praise.fill(0);
    for (const issuer of heard) this.#add(issuer, issuer.weight);
    const changed = new Set<GraphNode>();
    for (let slot = 0; slot < bySlot.length; slot++) {
      const subject = bySlot[slot];
      if (this.#notice(slot) && subject !== undefined) changed.add(subject);
    }
    for (const { peer } of changed) this.#onPeer(peer);
  }

  /** Takes away what an issuer says; `add` follows. */
  remove(issuer: GraphNode): void {
    if (issuer.weight === 0) return;
    this.#add(issuer, -issuer.weight);
    this.#touch(issuer);
  }

  /** Adds what an issuer says now, and makes the change since `remove` known. */
  add(issuer: GraphNode): void {
    if (issuer.weight === 0) return;
    this.#grow(this.#index.bySlot.length);
    this.#add(issuer, issuer.weight);
    this.#touch(issuer);
    const [slots, peers] = [this.#touchedSlots, this.#touchedPeers];
    for (let i = 0; i < slots.length; i++)
      if (this.#notice(slots[i] as number)) this.#onPeer(peers[i] as string);
    slots.length = peers.length = 0;
  }

  #touch({ says, row }: GraphNode): void {
    const { bySlot } = this.#index;
    for (const slot of row.slots) {
      this.#touchedSlots.push(slot);
      this.#touchedPeers.push(bySlot[slot]?.peer ?? "");
    }
    // A slot that is given up may be another's before the change is done, and would then be noticed for that one alone.
    for (const { subject } of says) if (subject.about.size === 1) this.#onPeer(subject.peer);
  }

  /** What is said of a peer at a skill, filled up with what is said of its others; over all skills with `undefined`. */
  of(subject: GraphNode | undefined, skill: string | undefined): Indirect {
    if (subject === undefined || subject.slot < 0) return nothing;
    const all = this.#indirect(subject.slot);
    if (skill === undefined) return all;
    const slot = subject.skillSlots.get(skill);
    const here = slot === undefined ? nothing : this.#indirect(slot);
    const n = all.good + all.bad;
    if (n === 0) return here;
    // As with own evidence: praise fades as what is said of this very skill comes in, blame stays.
    const room = Math.max(0, backOffWeight - here.good - here.bad);
    return {
      good: here.good + (Math.min(n, room) * all.good) / n,
      bad: Math.max(here.bad, (Math.min(n, backOffWeight) * all.bad) / n),
    };
  }

  #add({ row }: GraphNode, weight: number): void {
    const [sums, praises] = [this.#weight, this.#praise];
    const { slots, support, favored } = row;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      sums[slot] = (sums[slot] as number) + weight * (support[i] as number);
      praises[slot] = (praises[slot] as number) + weight * (favored[i] as number);
    }
  }

  #notice(slot: number): boolean {
    const good = this.#goodAt(slot);
    const bad = this.#strengthAt(slot) - good;
    const moved = Math.abs(good - (this.#good[slot] as number)) + Math.abs(bad - (this.#bad[slot] as number));
    if (moved < noticeable) return false;
    this.#good[slot] = good;
    this.#bad[slot] = bad;
    return true;
  }

  #indirect(slot: number): Indirect {
    const good = this.#goodAt(slot);
    return { good, bad: Math.max(0, this.#strengthAt(slot) - good) };
  }

  /** I⁺ + I⁻. */
  #strengthAt(slot: number): number {
    const weight = this.#weight[slot] ?? 0;
    return weight < negligible ? 0 : most * Math.min(1, weight / (fullShare * this.#total));
  }

  #goodAt(slot: number): number {
    const strength = this.#strengthAt(slot);
    return strength === 0 ? 0 : (strength * (this.#praise[slot] as number)) / (this.#weight[slot] as number);
  }

  #grow(slots: number): void {
    if (slots <= this.#weight.length) return;
    const length = 2 * slots;
    this.#weight = grown(this.#weight, length);
    this.#praise = grown(this.#praise, length);
    this.#good = grown(this.#good, length);
    this.#bad = grown(this.#bad, length);
  }
}

function grown(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const array = new Float64Array(length);
  array.set(old);
  return array;
}
