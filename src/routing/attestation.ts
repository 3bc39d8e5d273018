/**
 * What peers say about peers. An attestation is the whole of what one peer, its issuer, has to say now: a later one
 * replaces it. Form and signature are the transport's to check; what is checked here is what the trust graph relies on.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";

/** What the issuer has seen of one peer at one skill. */
export interface Claim {
  subject: PeerIdText;
  skill: string;
  /** Good and bad verdicts, whole numbers, decayed as evidence is; at most 50 each. */
  pos: number;
  neg: number;
  /** The verdicts were checked against the truth. Claims that were not are kept out of the graph. */
  grounded: boolean;
  /** Hour of the last verdict, counted from the Unix epoch. */
  lastEpoch: number;
}

export interface Attestation {
  issuer: PeerIdText;
  /** Grows with each attestation of the issuer. */
  seq: number;
  /** Wall clock, ms since the epoch. */
  issuedAt: number;
  expiresAt: number;
  claims: readonly Claim[];
}

/** A bad verdict weighs as much as four good ones, in what others say as in what was seen here. */
export const badWeight = 4;
/** Verdicts at which a claim has its full weight. */
const fullSupport = 5;

export const hourMs = 3_600_000;

/** κ: how much stands behind a claim, 0–1. */
export function support(pos: number, neg: number): number {
  return Math.min(1, (pos + badWeight * neg) / fullSupport);
}

/** What the claim holds of its subject, 0–1; 0 for a claim of nothing, whose support is 0 as well. */
export function favor(pos: number, neg: number): number {
  const all = pos + badWeight * neg;
  return all > 0 ? pos / all : 0;
}

/** What one peer's claims about another are worth as an edge of the trust graph: `c ∝ max(0, pos − 4·neg)`, over all skills. */
export function praise({ pos, neg }: { pos: number; neg: number }): number {
  // One peer that is good at many skills is no more of an acquaintance than fifty tasks make it.
  return Math.min(limits.claimedVerdicts, Math.max(0, pos - badWeight * neg));
}

/** Whether it is as it must be for the graph, at this time. */
export function isSound(a: Attestation, wallMs: number): boolean {
  return (
    Number.isSafeInteger(a.seq) &&
    a.seq >= 0 &&
    a.issuedAt <= wallMs + limits.clockSkewMs &&
    a.expiresAt > wallMs &&
    a.expiresAt - a.issuedAt <= limits.attestationLifetimeMs &&
    a.claims.length <= limits.claimsPerAttestation &&
    a.claims.every(({ pos, neg }) => isCount(pos) && isCount(neg))
  );
}

function isCount(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n <= limits.claimedVerdicts;
}
