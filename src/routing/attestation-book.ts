/**
 * The attestations in force: the newest of each issuer, looked up by who said it and by whom it is about. Bounded,
 * because all of it comes from strangers. Knows nothing of what the words are worth: who leaves first when the book is full is
 * the caller's to say.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { isSound } from "./attestation.ts";
import type { Attestation, Claim } from "./attestation.ts";

/** One peer that says something, or of which something is said. */
export interface BookNode {
  readonly peer: PeerIdText;
  /** Claims in force about the peer, by issuer. */
  readonly about: Map<BookNode, Claim[]>;
  /** Claims in force of the peer, by subject. */
  says: Map<BookNode, Claim[]>;
  /** Set for an issuer, also for a while after its attestation expired, so that no older one comes back. */
  held: Held | undefined;
  /** Scratch of the walk: where the node stands in it, if `round` is the walk's. */
  index: number;
  round: number;
}

export interface Held {
  seq: number;
  issuedAt: number;
  expiresAt: number;
  claims: number;
}

/** Called with the issuer before its claims change and after. */
export interface BookWatcher {
  leaving(issuer: BookNode): void;
  entered(issuer: BookNode): void;
}

export interface BookLimits {
  issuers: number;
  edges: number;
}

export class AttestationBook {
  readonly #nodes = new Map<PeerIdText, BookNode>();
  readonly #issuers = new Set<BookNode>();
  readonly #limits: BookLimits;
  readonly #watcher: BookWatcher;
  readonly #worth: (issuer: BookNode) => number;
  #edges = 0;
  /** Nothing expires before. */
  #nextExpiry = Infinity;

  /** `worth`: who is worth least leaves first when the book is full, and among equals who has been quiet longest. */
  constructor(
    watcher: BookWatcher,
    worth: (issuer: BookNode) => number,
    bounds: BookLimits = { issuers: limits.attestationIssuers, edges: limits.attestationEdges },
  ) {
    this.#watcher = watcher;
    this.#worth = worth;
    this.#limits = bounds;
  }

  /** Claims in force. */
  get edges(): number {
    return this.#edges;
  }

  /** Issuers remembered, with or without an attestation in force. */
  get issuers(): ReadonlySet<BookNode> {
    return this.#issuers;
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
      node = { peer, about: new Map(), says: new Map(), held: undefined, index: 0, round: 0 };
      this.#nodes.set(peer, node);
    }
    return node;
  }

  /** Forgets the node if nothing is said by it or of it. */
  release(node: BookNode): void {
    if (node.held === undefined && node.about.size === 0) this.#nodes.delete(node.peer);
  }

  /** Returns whether it is in force now: not if a newer one is known, or if it is unsound. */
  offer(a: Attestation, wallMs: number): boolean {
    if (!isSound(a, wallMs)) return false;
    const known = this.#nodes.get(a.issuer);
    if (known?.held !== undefined && known.held.seq >= a.seq) return false;
    const issuer = this.node(a.issuer);
    this.#watcher.leaving(issuer);
    this.#clear(issuer);
    this.#fill(issuer, a);
    issuer.held = { seq: a.seq, issuedAt: a.issuedAt, expiresAt: a.expiresAt, claims: issuer.says.size };
    this.#issuers.delete(issuer);
    this.#issuers.add(issuer);
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
    for (const issuer of this.#issuers) {
      const held = issuer.held as Held;
      const forgetAt = held.issuedAt + limits.attestationLifetimeMs + limits.clockSkewMs;
      if (wallMs >= Math.max(held.expiresAt, forgetAt)) {
        this.#remove(issuer);
        continue;
      }
      if (wallMs >= held.expiresAt && issuer.says.size > 0) {
        this.#watcher.leaving(issuer);
        this.#clear(issuer);
        this.#watcher.entered(issuer);
      }
      const next = wallMs >= held.expiresAt ? forgetAt : held.expiresAt;
      this.#nextExpiry = Math.min(this.#nextExpiry, next);
    }
  }

  #fill(issuer: BookNode, a: Attestation): void {
    const seen = new Set<string>();
    for (const claim of a.claims) {
      // Nobody is a witness in his own case; unchecked agreement is hearsay; and saying it twice adds nothing.
      if (claim.subject === a.issuer || !claim.grounded || claim.pos + claim.neg === 0) continue;
      const key = `${claim.subject} ${claim.skill}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const subject = this.node(claim.subject);
      let claims = issuer.says.get(subject);
      if (claims === undefined) {
        claims = [];
        issuer.says.set(subject, claims);
        subject.about.set(issuer, claims);
      }
      claims.push(claim);
      this.#edges += 1;
    }
  }

  #clear(issuer: BookNode): void {
    for (const [subject, claims] of issuer.says) {
      this.#edges -= claims.length;
      subject.about.delete(issuer);
      this.release(subject);
    }
    issuer.says = new Map();
  }

  #remove(issuer: BookNode): void {
    this.#watcher.leaving(issuer);
    this.#clear(issuer);
    this.#watcher.entered(issuer);
    issuer.held = undefined;
    this.#issuers.delete(issuer);
    this.release(issuer);
  }

  /** Many at once, so that a full book is sorted seldom. The newest stays: it would come again. */
  #makeRoom(newest: BookNode): void {
    if (this.#issuers.size <= this.#limits.issuers && this.#edges <= this.#limits.edges) return;
    const spare = 15 / 16;
    const ranked = Array.from(this.#issuers, (issuer) => ({ issuer, worth: this.#worth(issuer) }));
    // Issuers are kept in the order in which they last spoke, and the sort is stable.
    ranked.sort((x, y) => x.worth - y.worth);
    for (const { issuer } of ranked) {
      if (issuer === newest) continue;
      this.#remove(issuer);
      if (this.#issuers.size <= this.#limits.issuers * spare && this.#edges <= this.#limits.edges * spare)
        return;
    }
  }
}
