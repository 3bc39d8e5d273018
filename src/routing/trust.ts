/**
 * Trust as this node sees it: own evidence, what others attest, how credible they proved, and the graph that weighs
 * their words. Owns the order in which these are brought together, and when the graph is computed anew. Pure: told the time.
 *
 * Attestations of issuers that the walk does not reach are kept and change nothing else, so a flood of them costs its storage
 * alone. One that is reached changes what is said of its subjects at once; the walk itself is done again by `tick`.
 */
import type { PeerIdText } from "../core/ids.ts";
import { praise } from "./attestation.ts";
import type { Attestation, Claim } from "./attestation.ts";
import { AttestationBook } from "./attestation-book.ts";
import type { Tier } from "./attestation-book.ts";
import { ClaimIndex } from "./claim-index.ts";
import { CredibilityTable } from "./credibility.ts";
import type { CredibilityRow } from "./credibility.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import type { Indirect } from "./evidence.ts";
import type { GraphNode } from "./graph-node.ts";
import { HearsayTable } from "./hearsay.ts";
import { walk } from "./trust-walk.ts";
import type { Walk } from "./trust-walk.ts";
import { Unsaid } from "./unsaid.ts";

/** The walk is repeated at most this often, and less often where it is long: 2 % of the time of one core at most. */
const leastMs = 1_000;
const msPerEdge = 0.03;

export class Trust {
  readonly credibility = new CredibilityTable();
  readonly book: AttestationBook;
  readonly index = new ClaimIndex();
  readonly #self: PeerIdText;
  readonly #evidence: EvidenceTable;
  readonly #hearsay: HearsayTable;
  readonly #unsaid = new Unsaid();
  #pins: ReadonlyMap<PeerIdText, number> = new Map();
  #walk: Walk | undefined;
  #dirty = false;
  #computedAt = -Infinity;

  /** `onPeer` is told of every peer of which noticeably different things are said. */
  constructor(self: PeerIdText, evidence: EvidenceTable, onPeer: (peer: PeerIdText) => void) {
    this.#self = self;
    this.#evidence = evidence;
    this.#hearsay = new HearsayTable(this.index, onPeer);
    this.book = new AttestationBook({
      silenced: (issuer) => this.#said(issuer, []),
      tierOf: (issuer) => this.#tierOf(issuer),
    });
  }

  get pins(): ReadonlyMap<PeerIdText, number> {
    return this.#pins;
  }

  /** The last computation; undefined before the first. */
  get lastWalk(): Walk | undefined {
    return this.#walk;
  }

  setPins(pins: ReadonlyMap<PeerIdText, number>): void {
    this.#pins = new Map(pins);
    this.credibility.pins = this.#pins;
    this.#dirty = true;
  }

  onAttestation(a: Attestation, wallMs: number): boolean {
    if (a.issuer === this.#self || this.credibility.get(a.issuer)?.equivocated === true) return false;
    if (!this.book.offer(a, wallMs)) return false;
    this.#test(a);
    this.#said(a.issuer, a.claims);
    return true;
  }

  /** This node has told others what it knows: it is no test of their words any more. */
  onSaid(): void {
    this.#unsaid.clear();
  }

  #test(a: Attestation): void {
    // Of whom it spoke before, each verdict has judged it by what it said then.
    const before = this.index.get(a.issuer);
    const alreadyJudged = (subject: PeerIdText): boolean =>
      before !== undefined && this.index.get(subject)?.about.has(before) === true;
    this.#unsaid.test(a, alreadyJudged, ({ good, known }, claim) => {
      this.credibility.judge(a.issuer, good, claim, known);
      this.#dirty = true;
    });
  }

  onEquivocation(issuer: PeerIdText): void {
    if (issuer === this.#self) return;
    this.credibility.equivocated(issuer);
    this.book.drop(issuer);
    this.#dirty = true;
  }

  /**
   * A grounded outcome, before it is added to the evidence: whoever spoke of the peer is judged by it, for all that it said of the
   * peer together. Few speak of the very skill that was asked for, and a peer that lies at one skill lies at the next.
   */
  onOutcome(peer: PeerIdText, good: boolean, wallMs: number): void {
    const { right, wrong } = this.#evidence.totals(peer, wallMs);
    const known = right + wrong;
    this.#unsaid.add({ peer, good, known });
    for (const statement of this.index.get(peer)?.about.values() ?? [])
      this.credibility.judge(statement.issuer.peer, good, statement, known);
    this.#dirty = true;
  }

  /** I⁺ and I⁻. */
  indirect(peer: PeerIdText, skill: string | undefined): Indirect {
    return this.#hearsay.of(this.index.get(peer), skill);
  }

  /** g; 0 for those who are not heard. */
  weightOf(peer: PeerIdText): number {
    return this.index.get(peer)?.weight ?? 0;
  }

  visitsOf(peer: PeerIdText): number {
    return this.index.get(peer)?.visits ?? 0;
  }

  importCredibility(rows: Iterable<CredibilityRow>): void {
    this.credibility.import(rows);
    this.#dirty = true;
  }

  /** Removes what has expired, and computes the graph anew if something changed and it is time. */
  tick(nowMs: number, wallMs: number): void {
    this.book.expire(wallMs);
    const debounceMs = Math.max(leastMs, msPerEdge * this.book.edges);
    if (!this.#dirty || nowMs - this.#computedAt < debounceMs) return;
    this.#computedAt = nowMs;
    this.recompute(wallMs);
  }

  /** The whole computation, now. */
  recompute(wallMs: number): void {
    this.#dirty = false;
    const done = walk({
      index: this.index,
      claimsOf: (peer) => this.book.claimsOf(peer),
      claims: this.book.edges,
      self: this.#self,
      own: ownEdges(this.#evidence, wallMs),
      pins: recommenders(this.#pins),
      credibility: (peer) => this.credibility.of(peer),
    });
    const before = this.#walk?.nodes ?? [];
    this.#walk = done;
    for (const node of before) node.visits = node.weight = 0;
    const heard: GraphNode[] = [];
    for (const [i, node] of done.nodes.entries()) {
      node.visits = done.visits[i] as number;
      node.weight = done.weight[i] as number;
      this.book.retier(node.peer);
      if (node.weight > 0 && node.says.length > 0) heard.push(node);
    }
    for (const node of before) if (node.visits === 0) this.#forget(node);
    this.#hearsay.recompute(heard, done.total);
  }

  /** Nobody whose word counts leads to it any more. */
  #forget(node: GraphNode): void {
    this.index.put(node, []);
    this.index.release(node);
    this.book.retier(node.peer);
  }

  /** An issuer says something else than before. Of those that are not reached nothing is looked into. */
  #said(issuer: PeerIdText, claims: readonly Claim[]): void {
    const node = this.index.get(issuer);
    if (node === undefined || node.visits === 0) return;
    this.#dirty = true;
    this.#hearsay.remove(node);
    this.index.put(node, claims);
    this.#hearsay.add(node);
  }

  #tierOf(peer: PeerIdText): Tier {
    if (this.visitsOf(peer) > 0 || this.#pins.has(peer)) return 2;
    return this.credibility.of(peer) > 0 ? 1 : 0;
  }
}

/** This node's own edges: what its grounded verdicts leave of each peer, over all skills. */
function* ownEdges(table: EvidenceTable, wallMs: number): Generator<readonly [PeerIdText, number]> {
  for (const [peer] of table.peers()) {
    const { right, wrong } = table.totals(peer, wallMs);
    const weight = praise({ pos: right, neg: wrong });
    if (weight > 0) yield [peer, weight];
  }
}

/** Pins of one half and more speak for a peer; the walk starts there in proportion. */
function recommenders(pins: ReadonlyMap<PeerIdText, number>): Map<PeerIdText, number> {
  return new Map(Array.from(pins).filter(([, pin]) => pin >= 0.5));
}
