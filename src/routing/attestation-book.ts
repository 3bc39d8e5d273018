/**
 * The attestations in force: the newest of each issuer, looked up by who said it and by whom it is about. Bounded,
 * because all of it comes from strangers, and cheap to fill, because there may be many. Knows nothing of what the words are
 * worth: who leaves first when the book is full is the watcher's to say.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { isSound } from "./attestation.ts";
import type { Attestation, Claim } from "./attestation.ts";
import { emptyRow, rowOf } from "./book-node.ts";
import type { BookNode, Held, Statement, Tier } from "./book-node.ts";
import { Numbers, SharedNumbers } from "./numbers.ts";

/** Called with the issuer before its claims change and after. */
export interface BookWatcher {
  leaving(issuer: BookNode): void;
  entered(issuer: BookNode): void;
  tierOf(issuer: BookNode): Tier;
}

export interface BookLimits {
  issuers: number;
  edges: number;
}

export class AttestationBook {
  /** By id; ids that are free hold nobody. */
  readonly byId: (BookNode | undefined)[] = [];
  /** Whom each slot in use is about. */
  readonly bySlot: (BookNode | undefined)[] = [];
  readonly #ids = new Numbers();
  readonly #slots = new SharedNumbers();
  readonly #nodes = new Map<PeerIdText, BookNode>();
  /** Issuers remembered, by tier, each in the order in which they last spoke. */
  readonly #tiers: readonly Set<BookNode>[] = [new Set(), new Set(), new Set()];
  readonly #limits: BookLimits;
  readonly #watcher: BookWatcher;
  #edges = 0;
  /** Nothing expires before. */
  #nextExpiry = Infinity;

  constructor(
    watcher: BookWatcher,
    bounds: BookLimits = { issuers: limits.attestationIssuers, edges: limits.attestationEdges },
  ) {
    this.#watcher = watcher;
    this.#limits = bounds;
  }

  /** Claims in force. */
  get edges(): number {
    return this.#edges;
  }

  /** Issuers remembered, with or without an attestation in force. */
  get size(): number {
    return this.#tiers.reduce((sum, tier) => sum + tier.size, 0);
  }

  *issuers(): Generator<BookNode> {
    for (const tier of this.#tiers) yield* tier;
  }

  get(peer: PeerIdText): BookNode | undefined {
    return this.#nodes.get(peer);
  }

  /** All nodes, as new ones come in the order of their first mention. */
  nodes(): IterableIterator<BookNode> {
    return this.#nodes.values();
  }

  /** The node of a peer that is needed though nothing is said of it, to be given back by `release`. */
  node(peer: PeerIdText): BookNode {
    let node = this.#nodes.get(peer);
    if (node === undefined) {
      const id = this.#ids.take();
      const about = new Map<BookNode, Statement>();
      const skillSlots = new Map<string, number>();
      node = { peer, id, slot: -1, skillSlots, about, says: [], row: emptyRow, held: undefined, tier: 0 };
      this.#nodes.set(peer, node);
      this.byId[id] = node;
    }
    return node;
  }

  /** Forgets the node if nothing is said by it or of it. */
  release(node: BookNode): void {
    if (node.held !== undefined || node.about.size > 0 || this.byId[node.id] !== node) return;
    this.#nodes.delete(node.peer);
    this.byId[node.id] = undefined;
    this.#ids.give(node.id);
  }

  /** Returns whether it is in force now: not if a newer one is known, or if it is unsound. */
  offer(a: Attestation, wallMs: number): boolean {
    if (!isSound(a, wallMs)) return false;
    const known = this.#nodes.get(a.issuer);
    if (known?.held !== undefined && known.held.seq >= a.seq) return false;
    const issuer = this.node(a.issuer);
    this.#watcher.leaving(issuer);
    this.#clear(issuer);
    this.#fill(issuer, a.claims);
    issuer.held = { seq: a.seq, issuedAt: a.issuedAt, expiresAt: a.expiresAt };
    this.#enqueue(issuer);
    this.#nextExpiry = Math.min(this.#nextExpiry, a.expiresAt);
    this.#watcher.entered(issuer);
    this.#makeRoom(issuer);
    return true;
  }

  /** Forgets what it said, and its number too: it may say it again. */
  drop(peer: PeerIdText): void {
    const issuer = this.#nodes.get(peer);
    if (issuer?.held !== undefined) this.#remove(issuer);
  }

  /** Takes what has expired out of force; the number is kept until no older attestation can be in force either. */
  expire(wallMs: number): void {
    if (wallMs < this.#nextExpiry) return;
    this.#nextExpiry = Infinity;
    for (const issuer of Array.from(this.issuers())) {
      const held = issuer.held as Held;
      const forgetAt = held.issuedAt + limits.attestationLifetimeMs + limits.clockSkewMs;
      if (wallMs >= Math.max(held.expiresAt, forgetAt)) {
        this.#remove(issuer);
        continue;
      }
      if (wallMs >= held.expiresAt && issuer.says.length > 0) {
        this.#watcher.leaving(issuer);
        this.#clear(issuer);
        this.#watcher.entered(issuer);
      }
      const next = wallMs >= held.expiresAt ? forgetAt : held.expiresAt;
      this.#nextExpiry = Math.min(this.#nextExpiry, next);
    }
  }

  /** The issuer has come to be heard, or is no more. */
  retier(issuer: BookNode): void {
    if (issuer.held !== undefined && issuer.tier !== this.#watcher.tierOf(issuer)) this.#enqueue(issuer);
  }

  #enqueue(issuer: BookNode): void {
    this.#tiers[issuer.tier]?.delete(issuer);
    issuer.tier = this.#watcher.tierOf(issuer);
    this.#tiers[issuer.tier]?.add(issuer);
  }

  #fill(issuer: BookNode, claims: readonly Claim[]): void {
    const says: Statement[] = [];
    for (const { subject: peer, skill, pos, neg, grounded } of claims) {
      // Nobody is a witness in his own case, and unchecked agreement is hearsay.
      if (peer === issuer.peer || !grounded || pos + neg === 0) continue;
      const subject = this.node(peer);
      let statement = subject.about.get(issuer);
      if (statement === undefined) {
        statement = { issuer, subject, claims: [], pos: 0, neg: 0 };
        subject.about.set(issuer, statement);
        subject.slot = this.#useSlot(subject.slot, subject);
        says.push(statement);
      } else if (statement.claims.some((claim) => claim.skill === skill)) {
        // Saying it twice adds nothing.
        continue;
      }
      const slot = this.#useSlot(subject.skillSlots.get(skill) ?? -1, subject);
      subject.skillSlots.set(skill, slot);
      statement.claims.push({ skill, slot, pos, neg });
      statement.pos += pos;
      statement.neg += neg;
      this.#edges += 1;
    }
    issuer.says = says;
    issuer.row = rowOf(says);
  }

  #useSlot(slot: number, subject: BookNode): number {
    const used = this.#slots.use(slot);
    this.bySlot[used] = subject;
    return used;
  }

  /** Returns whether that was its last use. */
  #leaveSlot(slot: number): boolean {
    if (!this.#slots.leave(slot)) return false;
    this.bySlot[slot] = undefined;
    return true;
  }

  #clear(issuer: BookNode): void {
    for (const { subject, claims } of issuer.says) {
      this.#edges -= claims.length;
      subject.about.delete(issuer);
      for (const { skill, slot } of claims) if (this.#leaveSlot(slot)) subject.skillSlots.delete(skill);
      if (this.#leaveSlot(subject.slot)) subject.slot = -1;
      this.release(subject);
    }
    issuer.says = [];
    issuer.row = emptyRow;
  }

  #remove(issuer: BookNode): void {
    this.#watcher.leaving(issuer);
    this.#clear(issuer);
    this.#watcher.entered(issuer);
    issuer.held = undefined;
    this.#tiers[issuer.tier]?.delete(issuer);
    this.release(issuer);
  }

  /** The lowest tier goes first, and in it who has been quiet longest. The newest stays: it would come again. */
  #makeRoom(newest: BookNode): void {
    for (const tier of this.#tiers) {
      for (const issuer of tier) {
        if (this.size <= this.#limits.issuers && this.#edges <= this.#limits.edges) return;
        if (issuer !== newest) this.#remove(issuer);
      }
    }
  }
}
