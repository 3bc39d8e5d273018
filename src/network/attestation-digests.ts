/**
 * What a node has, in 20 bytes for each issuer, so that two nodes find out what each lacks without sending it: a tag (the
 * first 8 bytes of the SHA-256 of the issuer's PeerId), the number in 8 bytes, and the first 4 bytes of the SHA-256 of the body,
 * which differ when an issuer has signed two under one number. All ones as the number: the issuer is known for that already.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { sha256 } from "../core/signatures.ts";

export const digestBytes = 20;
export const tagBytes = 8;

const silenced = 2n ** 64n - 1n;

export function tagOf(issuer: PeerIdText): Buffer {
  return Buffer.from(sha256(Buffer.from(issuer))).subarray(0, tagBytes);
}

/** Of an attestation: what its issuer last said. */
export function digestOf(issuer: PeerIdText, seq: number, body: Uint8Array): Buffer {
  const digest = Buffer.alloc(digestBytes);
  digest.set(tagOf(issuer));
  digest.writeBigUInt64BE(BigInt(seq), tagBytes);
  digest.set(sha256(body).subarray(0, 4), tagBytes + 8);
  return digest;
}

/** Of a proof: nothing of this issuer is wanted, nor the proof. */
export function silencedDigest(issuer: PeerIdText): Buffer {
  const digest = Buffer.alloc(digestBytes);
  digest.set(tagOf(issuer));
  digest.writeBigUInt64BE(silenced, tagBytes);
  return digest;
}

/** By tag (latin1); undefined if it is no list of digests, or too long for an honest one. */
export function readDigests(bytes: Uint8Array): Map<string, Buffer> | undefined {
  const most = limits.attestationIssuers + limits.equivocationsKept;
  if (bytes.length % digestBytes !== 0 || bytes.length > most * digestBytes) return undefined;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const byTag = new Map<string, Buffer>();
  for (let at = 0; at < all.length; at += digestBytes) {
    byTag.set(all.toString("latin1", at, at + tagBytes), all.subarray(at, at + digestBytes));
  }
  return byTag;
}

/** Whether who sent `theirs` lacks what `ours` stands for. Bodies that differ under one number are wanted by both. */
export function lacks(theirs: Buffer | undefined, ours: Buffer): boolean {
  if (theirs === undefined) return true;
  return theirs.compare(ours, tagBytes, tagBytes + 8, tagBytes, tagBytes + 8) < 0 || isRival(theirs, ours);
}

function isRival(a: Buffer, b: Buffer): boolean {
  return (
    a.compare(b, tagBytes, tagBytes + 8, tagBytes, tagBytes + 8) === 0 &&
    a.compare(b, tagBytes + 8, digestBytes, tagBytes + 8, digestBytes) !== 0
  );
}

export function isSilenced(digest: Buffer): boolean {
  return digest.readBigUInt64BE(tagBytes) === silenced;
}

/** The tags in a list of them, as latin1; undefined if it is none. */
export function readTags(bytes: Uint8Array, most: number): string[] | undefined {
  if (bytes.length % tagBytes !== 0 || bytes.length > most * tagBytes) return undefined;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: all.length / tagBytes }, (_, i) =>
    all.toString("latin1", i * tagBytes, (i + 1) * tagBytes),
  );
}
