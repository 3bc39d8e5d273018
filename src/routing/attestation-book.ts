/**
 * The attestations in force: the newest of each issuer. Bounded, because all of it comes from strangers, and cheap to fill,
 * because there may be many: what an attestation says is looked into only when its issuer is heard (claim-index.ts). Who
 * leaves first when the book is full is the watcher's to say.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { isSound } from "./attestation.ts";
import type { Attestation, Claim } from "./attestation.ts";

/** What is remembered of an issuer, also for a while after its attestation expired, so that no older one comes back. */
export interface Held {
  readonly issuer: PeerIdText;
  readonly seq: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** None once it has expired. */
  claims: readonly Claim[];
  tier: Tier;
}

/** Who leaves first when the book is full: 0 strangers, 1 those that were right before, 2 those who are heard. */
export type Tier = 0 | 1 | 2;

export interface BookWatcher {
  /** What the issuer said is in force no more, and nothing has come in its place. */
  silenced(issuer: PeerIdText): void;
  tierOf(issuer: PeerIdText): Tier;
}

export interface BookLimits {
  issuers: number;
  edges: number;
}

export class AttestationBook {
  readonly #issuers = new Map<PeerIdText, Held>();
  /** By tier, each in the order in which they last spoke. */
  readonly #tiers: readonly Set<Held>[] = [new Set(), new Set(), new Set()];
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

  /** Issuers remembered. */
  get size(): number {
    return this.#issuers.size;
  }

  all(): IterableIterator<Held> {
    return this.#issuers.values();
  }

  /** What the issuer says now. */
  claimsOf(issuer: PeerIdText): readonly Claim[] {
    return this.#issuers.get(issuer)?.claims ?? [];
  }

  /** Returns whether it is in force now: not if a newer one is known, or if it is unsound. */
  offer(a: Attestation, wallMs: number): boolean {
    const known = this.#issuers.get(a.issuer);
    if (known !== undefined && known.seq >= a.seq) return false;
    if (!isSound(a, wallMs)) return false;
    if (known !== undefined) this.#remove(known);
    const { issuer, seq, issuedAt, expiresAt, claims } = a;
    const tier = this.#watcher.tierOf(issuer);
    const held: Held = { issuer, seq, issuedAt, expiresAt, claims, tier };
    this.#issuers.set(issuer, held);
    this.#tiers[tier]?.add(held);
    this.#edges += claims.length;
    this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
    this.#makeRoom(held);
    return true;
  }

  /** Forgets what it said, and its number too: it may say it again. */
  drop(issuer: PeerIdText): void {
    const held = this.#issuers.get(issuer);
    if (held === undefined) return;
    this.#remove(held);
    this.#watcher.silenced(issuer);
  }

  /** Takes what has expired out of force; the number is kept until no older attestation can be in force either. */
  expire(wallMs: number): void {
    if (wallMs < this.#nextExpiry) return;
    this.#nextExpiry = Infinity;
    for (const held of this.#issuers.values()) {
      const forgetAt = held.issuedAt + limits.attestationLifetimeMs + limits.clockSkewMs;
      const expired = wallMs >= held.expiresAt;
      if (expired && wallMs >= forgetAt) {
        this.drop(held.issuer);
        continue;
      }
      if (expired && held.claims.length > 0) {
        this.#edges -= held.claims.length;
        held.claims = [];
        this.#watcher.silenced(held.issuer);
      }
      this.#nextExpiry = Math.min(this.#nextExpiry, expired ? forgetAt : held.expiresAt);
    }
  }

  /** The issuer has come to be heard, or is no more. */
  retier(issuer: PeerIdText): void {
    const held = this.#issuers.get(issuer);
    if (held === undefined) return;
    const tier = this.#watcher.tierOf(issuer);
    if (held.tier === tier) return;
    this.#tiers[held.tier]?.delete(held);
    held.tier = tier;
    this.#tiers[tier]?.add(held);
  }

  #remove(held: Held): void {
    this.#edges -= held.claims.length;
    this.#issuers.delete(held.issuer);
    this.#tiers[held.tier]?.delete(held);
  }

  /** The lowest tier goes first, and in it who has been quiet longest. The newest stays: it would come again. */
  #makeRoom(newest: Held): void {
    for (const tier of this.#tiers) {
      for (const held of tier) {
        if (this.#issuers.size <= this.#limits.issuers && this.#edges <= this.#limits.edges) return;
        if (held !== newest) this.drop(held.issuer);
      }
    }
  }
}
