/**
 * What peers say about peers, as the rest of the node sees it. An attestation is the whole of what its issuer has to say now: the one
 * with the highest number holds, and what it leaves out is taken back.
 */
import type { PeerIdText } from "../core/ids.ts";

/** What the issuer has seen of one peer at one skill. */
export interface Claim {
  subject: PeerIdText;
  skill: string;
  /** Good and bad verdicts, whole numbers from 0 to `limits.claimedVerdicts`. */
  pos: number;
  neg: number;
  /** The verdicts were checked against the truth. */
  grounded: boolean;
  /** Hour of the last verdict, counted from the Unix epoch. */
  lastEpoch: number;
}

export interface Attestation {
  issuer: PeerIdText;
  /** Grows with each attestation of the issuer. */
  seq: number;
  /** ms since the epoch, by the issuer's clock. */
  issuedAt: number;
  expiresAt: number;
  /** Ascending by subject and skill. */
  claims: readonly Claim[];
}

/** Two different attestations of one issuer under one number, as they were signed: serialised `SignedAttestation`s. */
export interface Equivocation {
  issuer: PeerIdText;
  first: Uint8Array;
  second: Uint8Array;
}
