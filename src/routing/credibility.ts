/**
 * How far a peer's word about others has proved right: its credibility ρ, kept apart from how well it serves. A spy
 * that serves well in order to be heard has trust as a provider and loses this.
 *
 * The judge is a grounded outcome of this node, against what was claimed before. Updates are class-balanced: where
 * nearly everything is good, praising everybody is right nearly always and shows nothing; so each outcome weighs as
 * much as the other kind is frequent, and praise for all and slander of all both come out even.
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

/** A row of the store. The row whose peer is "" holds this node's own average: `right` is p̄. */
export interface CredibilityRow extends Credibility {
  peer: PeerIdText;
}

const decay = 0.998;
const rightWeight = 4;
const falseAccusationWeight = 16;
const falsePraiseWeight = 4;
/** What operators vouch for is heard even while its claims fare badly. */
const pinnedFloor = 0.9;
const averageWeight = 0.02;
const firstAverage = 0.5;

export function newCredibility(): Credibility {
  return { right: 2, wrong: 1, equivocated: false };
}

/** ρ: 0 at a coin's accuracy and below, 1 from four in five. */
export function rho(c: Credibility | undefined): number {
  if (c === undefined) return rhoOf(2, 1);
  return c.equivocated ? 0 : rhoOf(c.right, c.wrong);
}

function rhoOf(right: number, wrong: number): number {
  return Math.min(1, Math.max(0, (right / (right + wrong) - 0.5) / 0.3));
}

/** One outcome against one claim, whose favor is above or below one half. `average`: share of good outcomes, p̄. */
export function judge(c: Credibility, good: boolean, favor: number, average: number): void {
  const praised = favor >= 0.5;
  const weight = good ? 1 - average : average;
  c.right *= decay;
  c.wrong *= decay;
  if (praised === good) c.right += rightWeight * weight;
  else c.wrong += (good ? falseAccusationWeight : falsePraiseWeight) * weight;
}

export class CredibilityTable {
  readonly #peers = new Map<PeerIdText, CredibilityRow>();
  readonly #dirty = new Set<CredibilityRow>();
  readonly #own: CredibilityRow = { peer: "", right: firstAverage, wrong: 0, equivocated: false };
  #pins: ReadonlyMap<PeerIdText, number> = new Map();

  set pins(pins: ReadonlyMap<PeerIdText, number>) {
    this.#pins = pins;
  }

  /** p̄: moving average of this node's own grounded outcomes. */
  get average(): number {
    return this.#own.right;
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

  judge(peer: PeerIdText, good: boolean, favor: number): void {
    const row = this.#rowOf(peer);
    judge(row, good, favor, this.average);
    this.#dirty.add(row);
  }

  /** Of any grounded outcome, after the claims about it were judged. */
  outcome(good: boolean): void {
    this.#own.right += averageWeight * ((good ? 1 : 0) - this.#own.right);
    this.#dirty.add(this.#own);
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
      if (row.peer === "") this.#own.right = Math.min(1, row.right);
      else Object.assign(this.#rowOf(row.peer), row);
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

  /** Drops the sixteenth part that differs least from a stranger's; proofs of equivocation stay as long as anything. */
  #evict(): void {
    const told = (row: CredibilityRow): number =>
      row.equivocated ? Infinity : Math.abs(rho(row) - rho(undefined));
    const ranked = Array.from(this.#peers.values()).toSorted((x, y) => told(x) - told(y));
    for (const row of ranked.slice(0, Math.ceil(limits.attestationIssuers / 16))) {
      this.#peers.delete(row.peer);
      this.#dirty.delete(row);
    }
  }
}
