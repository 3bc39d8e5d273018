/**
 * The book: who says what of whom, as signed, checked and bounded. Pure but for the clock it is given; it sends nothing.
 *
 * The rules: an issuer's attestation is replaced only by one with a higher number. What was replaced or has expired does not come
 * back: the number is remembered until nothing older can be in force. Two bodies under one number silence the issuer, and are kept as
 * the proof. A full book lets go of those whose word is worth least, the oldest first. The signature is looked at last,
 * after everything that costs less has passed.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import {
  isHostile,
  isSigned,
  readAttestation,
  readEquivocation,
  sealedAttestation,
  type Problem,
} from "./attestation-codec.ts";
import { digestOf } from "./attestation-digests.ts";
import type { Attestation, Equivocation } from "./attestation.ts";
import { createTokenBuckets } from "./token-buckets.ts";
import type { Equivocation as WireEquivocation } from "#protocols/trust";

/** By gossip, in the envelope of `author`, or as a `relay` from who knows it (a sync, the disk, a file). */
export type Via = { author: PeerIdText } | "relay";

export type Verdict =
  /** Taken: it holds from now on. */
  | "new"
  /** The same as is held. */
  | "known"
  /** Replaced already: late, or a replay. */
  | "old"
  /** Its issuer says too much. */
  | "limited"
  /** This node's own. */
  | "own"
  /** It and what is held are two bodies under one number: the issuer is silenced. */
  | "equivocation"
  /** Nothing to be learnt from it. */
  | "ignored"
  /** No honest node makes or hands on such a thing. */
  | "hostile";

export interface Taken {
  verdict: Verdict;
  issuer?: PeerIdText;
  seq?: number;
  problem?: Problem | "envelope" | "forged" | "silenced" | "blocked";
}

export interface Held {
  readonly attestation: Attestation;
  /** What was signed, as received, and the signature. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly digest: Buffer;
}

interface Entry {
  seq: number;
  /** Its number counts until then, wall clock. */
  until: number;
  /** Undefined once it has expired. */
  held: Held | undefined;
}

export interface BookWatcher {
  /** In force from now on, instead of what the issuer said before. */
  taken(attestation: Attestation): void;
  /** Nothing of this issuer is in force any more. */
  dropped(issuer: PeerIdText): void;
  equivocation(proof: Equivocation): void;
}

export interface AttestationBook {
  readonly size: number;
  /** Claims held. */
  readonly claims: number;
  readonly counters: Readonly<Record<string, number>>;
  take(signed: Uint8Array, via: Via): Taken;
  /** What this node itself says from now on. */
  setOwn(signed: Uint8Array): void;
  /**
   * Checks a proof; true if it is one that was not known, undefined for what is none. `admit` is asked about an issuer of whom
   * nothing is held, before anything costly: a proof against somebody whom nobody knows is worth little.
   */
  prove(wire: WireEquivocation, admit?: (issuer: PeerIdText) => boolean): boolean | undefined;
  get(issuer: PeerIdText): Held | undefined;
  /** Without the lapsed. */
  all(): Iterable<Held>;
  /** Why an issuer is silenced; undefined if it is not. */
  proofOf(issuer: PeerIdText): Equivocation | undefined;
  proofs(): Iterable<Equivocation>;
  /** Forgets an issuer, whom the operator has blocked say. */
  forget(issuer: PeerIdText): void;
  /** Lets go of what has outlived itself. */
  expire(): void;
}

export interface BookOptions {
  self: PeerIdText;
  network: string;
  clock: Clock;
  /** What an issuer's word is worth here; 0 for a stranger's. */
  worth: (issuer: PeerIdText) => number;
  isBlocked: (peer: PeerIdText) => boolean;
  watcher: BookWatcher;
  bounds?: { issuers: number; claims: number };
}

// Of a full book so much stays, so that it is sorted seldom.
const spare = 15 / 16;

export function createAttestationBook(options: BookOptions): AttestationBook {
  const { self, network, clock, worth, isBlocked, watcher } = options;
  const bounds = options.bounds ?? { issuers: limits.attestationIssuers, claims: limits.attestationEdges };
  // In order of last change: the first has been quiet for longest.
  const book = new Map<PeerIdText, Entry>();
  const silenced = new Map<PeerIdText, { proof: Equivocation; until: number }>();
  const pace = createTokenBuckets({
    burst: limits.attestationBurst,
    everyMs: limits.attestationEveryMs,
    peers: limits.attestationIssuers,
    clock,
  });
  const counters: Record<string, number> = {};
  let claims = 0;

  const count = (name: string): void => void (counters[name] = (counters[name] ?? 0) + 1);

  /** Takes what the issuer says out of force. */
  const lapse = (issuer: PeerIdText, entry: Entry): void => {
    if (entry.held === undefined) return;
    claims -= entry.held.attestation.claims.length;
    entry.held = undefined;
    if (issuer !== self) watcher.dropped(issuer);
  };

  const remove = (issuer: PeerIdText): void => {
    const entry = book.get(issuer);
    if (entry === undefined) return;
    book.delete(issuer);
    lapse(issuer, entry);
  };

  const silence = ({ issuer, first, second }: Equivocation): void => {
    remove(issuer);
    const proof = { issuer, first, second };
    silenced.set(issuer, { proof, until: clock.now() + limits.equivocationKeptMs });
    if (silenced.size > limits.equivocationsKept) silenced.delete(silenced.keys().next().value as PeerIdText);
    count("equivocations");
    watcher.equivocation(proof);
  };

  const insert = (attestation: Attestation, body: Uint8Array, signature: Uint8Array): void => {
    const { issuer, seq, issuedAt, expiresAt } = attestation;
    claims += attestation.claims.length - (book.get(issuer)?.held?.attestation.claims.length ?? 0);
    book.delete(issuer);
    book.set(issuer, {
      seq,
      until: Math.max(expiresAt, issuedAt + limits.attestationLifetimeMs + limits.clockSkewMs),
      // Copies: what came is a piece of a far larger buffer.
      held: {
        attestation,
        body: Uint8Array.from(body),
        signature: Uint8Array.from(signature),
        digest: digestOf(issuer, seq, body),
      },
    });
  };

  const makeRoom = (newest: PeerIdText): void => {
    if (book.size <= bounds.issuers && claims <= bounds.claims) return;
    const ranked = Array.from(book.keys(), (issuer) => ({ issuer, worth: worth(issuer) }));
    // The sort is stable: among equals who has been quiet for longest leaves first.
    for (const { issuer } of ranked.toSorted((a, b) => a.worth - b.worth)) {
      if (book.size <= bounds.issuers * spare && claims <= bounds.claims * spare) return;
      if (issuer === newest || issuer === self) continue;
      remove(issuer);
      count("attestationsEvicted");
    }
  };

  function look(signed: Uint8Array, via: Via): Taken {
    const read = readAttestation(signed, network, clock.now());
    if (read.problem !== undefined) {
      return { verdict: isHostile(read.problem) ? "hostile" : "ignored", problem: read.problem };
    }
    const { attestation, body, signature } = read;
    const { issuer, seq } = attestation;
    const known = { issuer, seq };
    const gossiped = via !== "relay";
    // In another's envelope an old one would be as new as its finder likes.
    if (gossiped && via.author !== issuer) return { verdict: "hostile", ...known, problem: "envelope" };
    if (silenced.has(issuer)) return { verdict: "ignored", ...known, problem: "silenced" };
    if (isBlocked(issuer)) return { verdict: "ignored", ...known, problem: "blocked" };
    const entry = book.get(issuer);
    if (entry !== undefined && seq < entry.seq) return { verdict: "old", ...known };
    const rival = seq === entry?.seq ? entry.held : undefined;
    if (seq === entry?.seq && (rival === undefined || Buffer.compare(rival.body, body) === 0)) {
      return { verdict: "known", ...known };
    }
    if (rival === undefined && gossiped && !pace.take(issuer)) return { verdict: "limited", ...known };
    if (!isSigned(issuer, body, signature)) return { verdict: "hostile", ...known, problem: "forged" };
    if (issuer === self) return { verdict: "own", ...known };
    if (rival !== undefined) {
      silence({ issuer, first: sealedAttestation(rival), second: Uint8Array.from(signed) });
      return { verdict: "equivocation", ...known };
    }
    insert(attestation, body, signature);
    watcher.taken(attestation);
    makeRoom(issuer);
    return { verdict: "new", ...known };
  }

  return {
    counters,
    get size() {
      return book.size;
    },
    get claims() {
      return claims;
    },
    take(signed, via) {
      const taken = look(signed, via);
      count(counterOf(taken));
      return taken;
    },
    setOwn(signed) {
      const read = readAttestation(signed, network, undefined);
      if (read.problem === undefined) insert(read.attestation, read.body, read.signature);
    },
    prove(wire, admit = () => true) {
      const proof = readEquivocation(wire, network);
      if (proof === undefined) return undefined;
      if (silenced.has(proof.issuer)) return false;
      if (!book.has(proof.issuer) && !admit(proof.issuer)) return false;
      if (!proof.holds()) return undefined;
      // That somebody else has this node's key is for people to see.
      if (proof.issuer === self) return false;
      silence(proof);
      return true;
    },
    get: (issuer) => book.get(issuer)?.held,
    all: () =>
      book
        .values()
        .map(({ held }) => held)
        .filter((held) => held !== undefined),
    proofOf: (issuer) => silenced.get(issuer)?.proof,
    proofs: () => silenced.values().map(({ proof }) => proof),
    forget: remove,
    expire() {
      const now = clock.now();
      for (const [issuer, entry] of book) {
        if (entry.held !== undefined && entry.held.attestation.expiresAt <= now) lapse(issuer, entry);
        if (entry.until <= now) remove(issuer);
      }
      for (const [issuer, { until }] of silenced) if (until <= now) silenced.delete(issuer);
    },
  };
}

function counterOf({ verdict, problem }: Taken): string {
  const name = problem ?? verdict;
  return `attestations${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
}
