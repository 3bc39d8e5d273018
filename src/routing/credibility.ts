/**
 * How far a peer's word about others has proved right: its credibility ρ, kept apart from how well it serves. A spy
 * that serves well in order to be heard has trust as a provider and loses this.
 *
 * The judge is a grounded outcome of this node, against what was claimed before. A claim is a forecast: of n verdicts, so
 * many were good. It is scored by how much better or worse it foresaw the outcome than a forecast of 80 % good would have
 * (Brier 1950). To speak ill of the good, or well of the bad, costs many times what a true word earns; praise without end
 * for peers that are good four times in five costs more than it earns, while an honest report on them costs nothing.
 *
 * Whoever was judged often and never far off is believed, though nothing he said was a revelation: in a mesh of middling peers
 * there are no others, and who believes only those that foresaw better than everybody believes nobody.
 *
 * An outcome counts most with a peer that is new here. What this node knows well is no test: it says so itself, in its
 * own attestations, for everybody to repeat.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";

export interface Credibility {
  /** Decayed weight of what proved right, and of what proved wrong. */
  right: number;
  wrong: number;
  /** Proved to have signed two attestations under one number: never heard again. */
  equivocated: boolean;
}

/** A row of the store. */
export interface CredibilityRow extends Credibility {
  peer: PeerIdText;
}

/** What one outcome takes from all before it. */
const fading = 0.002;
/**
 * What everybody begins with: not to be heard. With credit at the start, a ring of peers that serve well four times in five was
 * believed long enough to fill the band with its own. It is soon outweighed: two true words are enough.
 */
const startRight = 1;
const startWrong = 1;
/** Share of right of all at which a word begins to count, and up to which it counts the more. */
const heardFrom = 0.6;
const heardFullyFrom = 0.85;
/**
 * Reference forecast, and how many verdicts' worth of it a claim is mixed with: few verdicts foresee little, and whoever honestly
 * reports the two it has must not be called a liar by the third.
 */
const reference = 0.8;
const referenceWeight = 20;
/** Scale of scores. */
const scoreWeight = 40;
/** Added to each score: to be no worse than the reference is to be right. A ring that praises camouflage still loses by .018 a word. */
const leniency = 0.01;
/** Grounded verdicts of a peer after which its outcomes count half. */
const familiarAt = 16;
/** What operators vouch for is heard even while its claims fare badly. */
const pinnedFloor = 0.9;

export function newCredibility(): Credibility {
  return { right: startRight, wrong: startWrong, equivocated: false };
}

/** ρ: 0 up to three right in five, 1 from seventeen in twenty. */
export function rho(c: Credibility | undefined): number {
  if (c === undefined) return rhoOf(startRight, startWrong);
  return c.equivocated ? 0 : rhoOf(c.right, c.wrong);
}

function rhoOf(right: number, wrong: number): number {
  const share = right / (right + wrong);
  return Math.min(1, Math.max(0, (share - heardFrom) / (heardFullyFrom - heardFrom)));
}

/** One outcome against one claim; `known`: grounded verdicts of the subject that were here before. */
export function judge(c: Credibility, good: boolean, { pos, neg }: Verdicts, known: number): void {
  const forecast = (pos + referenceWeight * reference) / (pos + neg + referenceWeight);
  const outcome = good ? 1 : 0;
  const score = (outcome - reference) ** 2 - (outcome - forecast) ** 2 + leniency;
  const novelty = familiarAt / (familiarAt + known);
  const left = 1 - fading * novelty;
  c.right = left * c.right + scoreWeight * novelty * Math.max(0, score);
  c.wrong = left * c.wrong + scoreWeight * novelty * Math.max(0, -score);
}

interface Verdicts {
  pos: number;
  neg: number;
}

export class CredibilityTable {
  readonly #peers = new Map<PeerIdText, CredibilityRow>();
  readonly #dirty = new Set<CredibilityRow>();
  #pins: ReadonlyMap<PeerIdText, number> = new Map();

  set pins(pins: ReadonlyMap<PeerIdText, number>) {
    this.#pins = pins;
  }

  get(peer: PeerIdText): Credibility | undefined {
    return this.#peers.get(peer);
  }

  /** ρ of a peer. Whom the operator distrusts recommends nobody; equivocation outdoes a pin. */
  of(peer: PeerIdText): number {
    const row = this.#peers.get(peer);
    const own = rho(row);
    const pin = this.#pins.get(peer);
    if (pin === undefined || row?.equivocated === true) return own;
    return pin >= 0.5 ? Math.max(pinnedFloor, own) : 0;
  }

  judge(peer: PeerIdText, good: boolean, claim: Verdicts, known: number): void {
    const row = this.#rowOf(peer);
    judge(row, good, claim, known);
    this.#dirty.add(row);
  }

  equivocated(peer: PeerIdText): void {
    const row = this.#rowOf(peer);
    row.equivocated = true;
    this.#dirty.add(row);
  }

  /** Copies of the rows that changed since the last call. */
  exportDirty(): CredibilityRow[] {
    const rows = Array.from(this.#dirty, (row) => ({ ...row }));
    this.#dirty.clear();
    return rows;
  }

  /** Rows as exported before; what makes no sense is left out. */
  import(rows: Iterable<CredibilityRow>): void {
    for (const row of rows) {
      if (!(row.right >= 0 && row.wrong >= 0) || !Number.isFinite(row.right + row.wrong)) continue;
      Object.assign(this.#rowOf(row.peer), row);
    }
  }

  #rowOf(peer: PeerIdText): CredibilityRow {
    let row = this.#peers.get(peer);
    if (row === undefined) {
      if (this.#peers.size >= limits.attestationIssuers) this.#evict();
      row = { peer, ...newCredibility() };
      this.#peers.set(peer, row);
    }
    return row;
  }

  /** Drops the sixteenth part that was judged least; proofs of equivocation stay as long as anything. */
  #evict(): void {
    const told = (row: CredibilityRow): number => (row.equivocated ? Infinity : row.right + row.wrong);
    const ranked = Array.from(this.#peers.values()).toSorted((x, y) => told(x) - told(y));
    for (const row of ranked.slice(0, Math.ceil(limits.attestationIssuers / 16))) {
      this.#peers.delete(row.peer);
      this.#dirty.delete(row);
    }
  }
}
