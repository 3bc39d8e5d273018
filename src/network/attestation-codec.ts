/**
 * An attestation's bytes: how it is encoded, signed and checked. The signature covers the bytes as they were received, so fields
 * that this version does not know survive a relay; claims are in ascending order, so one content has one encoding and whoever signs
 * two under one number has said two things. Reading is cheap and comes first, the signature is the caller's to ask for last.
 */
import {
  Attestation as WireAttestation,
  Equivocation as WireEquivocation,
  SignedAttestation,
  type SignedAttestation as WireSigned,
} from "#protocols/trust";
import { isSkillId, publicKeyOfPeer } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { verifySignature, type Signer } from "../core/signatures.ts";
import type { Attestation, Claim, Equivocation } from "./attestation.ts";

export const attestationVersion = 1;
const signatureDomain = "errand/attestation/1";

/** Serialised `SignedAttestation`. The claims are put in order; the issuer is the signer. */
export function signAttestation(
  attestation: Omit<Attestation, "issuer">,
  network: string,
  signer: Signer,
): Uint8Array {
  const bytes = WireAttestation.encode({
    ...attestation,
    version: attestationVersion,
    network,
    issuer: signer.peer,
    claims: attestation.claims.toSorted(compareClaims),
  });
  return SignedAttestation.encode({
    attestation: bytes,
    signature: Buffer.from(signer.sign(signatureDomain, bytes)),
  });
}

/** By code points, as bytes are compared: an order that every language has. */
function compareClaims(a: Claim, b: Claim): number {
  return compareTexts(a.subject, b.subject) || compareTexts(a.skill, b.skill);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What makes an attestation not to be taken. */
export type Problem =
  /** No honest node makes such a thing. */
  | "malformed"
  | "oversize"
  /** These an honest node may have made: later, elsewhere, or with a clock that is off. */
  | "version"
  | "network"
  | "future"
  | "expired";

export type ReadAttestation =
  | { attestation: Attestation; body: Uint8Array; signature: Uint8Array; problem?: undefined }
  | { problem: Problem };

export function isHostile(problem: Problem): boolean {
  return problem === "malformed" || problem === "oversize";
}

/**
 * Everything that can be checked without knowing other attestations, but for the signature. `now` is wall clock; without it
 * nothing is too old or too new. Never throws.
 */
export function readAttestation(
  signed: Uint8Array,
  network: string,
  now: number | undefined,
): ReadAttestation {
  if (signed.length > limits.attestationBytes) return { problem: "oversize" };
  let outer: WireSigned;
  let wire: WireAttestation;
  try {
    outer = SignedAttestation.decode(signed);
    wire = WireAttestation.decode(outer.attestation, { limits: { claims: limits.claimsPerAttestation } });
  } catch {
    return { problem: "malformed" };
  }
  if (wire.version !== attestationVersion) return { problem: wire.version === 0 ? "malformed" : "version" };
  if (wire.network !== network) return { problem: "network" };
  const { issuer, seq, issuedAt, expiresAt, claims } = wire;
  const life = expiresAt - issuedAt;
  if (outer.signature.length !== 64 || !looksLikePeer(issuer) || !Number.isSafeInteger(seq) || seq < 1)
    return { problem: "malformed" };
  if (!(life > 0 && life <= limits.attestationLifetimeMs)) return { problem: "malformed" };
  if (!claims.every((claim, i) => isClean(claim, claims[i - 1], issuer))) return { problem: "malformed" };
  if (now !== undefined && issuedAt > now + limits.clockSkewMs) return { problem: "future" };
  if (now !== undefined && expiresAt <= now) return { problem: "expired" };
  return {
    attestation: { issuer, seq, issuedAt, expiresAt, claims },
    body: outer.attestation,
    signature: outer.signature,
  };
}

// All PeerIds of Ed25519 keys look so. Decoding one costs more than all the rest, and a subject that is nobody's id does no harm.
const peerPattern = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/;

function looksLikePeer(text: string): boolean {
  return peerPattern.test(text);
}

function isClean(claim: Claim, before: Claim | undefined, issuer: string): boolean {
  return (
    looksLikePeer(claim.subject) &&
    // Nobody is a witness in his own case.
    claim.subject !== issuer &&
    isSkillId(claim.skill) &&
    claim.pos <= limits.claimedVerdicts &&
    claim.neg <= limits.claimedVerdicts &&
    (before === undefined || compareClaims(before, claim) < 0)
  );
}

/** The costly part: whether the issuer signed these bytes. */
export function isSigned(issuer: string, body: Uint8Array, signature: Uint8Array): boolean {
  return publicKeyOfPeer(issuer) !== undefined && verifySignature(issuer, signatureDomain, body, signature);
}

/** Serialised `SignedAttestation` of what was read from one. */
export function sealedAttestation({
  body,
  signature,
}: {
  body: Uint8Array;
  signature: Uint8Array;
}): Uint8Array {
  return SignedAttestation.encode({ attestation: Buffer.from(body), signature: Buffer.from(signature) });
}

export function wireEquivocation({ first, second }: Equivocation): WireEquivocation {
  return { first: SignedAttestation.decode(first), second: SignedAttestation.decode(second) };
}

/** A proof that is not checked yet. */
export interface ReadEquivocation extends Equivocation {
  /** Whether the issuer signed both. The costly part. */
  holds(): boolean;
}

/**
 * Two readable attestations of one issuer in this network, under one number, with different bytes: a proof if it `holds`. How old
 * they are does not matter. Never throws.
 */
export function readEquivocation(wire: WireEquivocation, network: string): ReadEquivocation | undefined {
  if (wire.first === undefined || wire.second === undefined) return undefined;
  const first = SignedAttestation.encode(wire.first);
  const second = SignedAttestation.encode(wire.second);
  const a = readAttestation(first, network, undefined);
  const b = readAttestation(second, network, undefined);
  if (a.problem !== undefined || b.problem !== undefined) return undefined;
  const { issuer, seq } = a.attestation;
  if (b.attestation.issuer !== issuer || b.attestation.seq !== seq) return undefined;
  if (Buffer.compare(a.body, b.body) === 0) return undefined;
  const holds = (): boolean => isSigned(issuer, a.body, a.signature) && isSigned(issuer, b.body, b.signature);
  return { issuer, first, second, holds };
}
