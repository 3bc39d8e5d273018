/**
 * Ed25519 signatures (RFC 8032) over domain-separated bytes, with Node's KeyObjects: three times cheaper than
 * libp2p's keys here. Many statements made in one turn are signed once, as leaves of a Merkle tree
 * (RFC 9162 section 2.1: leaf and node prefixes, split at the largest power of two), each with its own inclusion proof,
 * so each remains evidence by itself.
 */
import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from "node:crypto";
import { publicKeyOfPeer, type PeerIdText } from "./ids.ts";

export interface Signer {
  readonly peer: PeerIdText;
  /** 64 bytes over `domain`, a zero byte and `bytes`. */
  sign(domain: string, bytes: Uint8Array): Uint8Array;
}

const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** A signer from the 32-byte private seed of `peer`. */
export function createSigner(peer: PeerIdText, seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
  return { peer, sign: (domain, bytes) => sign(null, tagged(domain, bytes), key) };
}

function tagged(domain: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(domain), zero, bytes]);
}

const zero = Uint8Array.of(0);

// Importing a key costs more than hashing with it; a bounded map keeps those of the peers we talk to.
const keys = new Map<PeerIdText, KeyObject>();
const keysKept = 4_096;

function keyOfPeer(peer: PeerIdText): KeyObject | undefined {
  const known = keys.get(peer);
  if (known !== undefined) return known;
  const raw = publicKeyOfPeer(peer);
  if (raw === undefined) return undefined;
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: "der", type: "spki" });
  if (keys.size >= keysKept) keys.delete(keys.keys().next().value as PeerIdText);
  keys.set(peer, key);
  return key;
}

/** Whether `peer` (an Ed25519 PeerId) signed `bytes` under `domain`. Never throws: malformed input is false. */
export function verifySignature(
  peer: PeerIdText,
  domain: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64) return false;
  const key = keyOfPeer(peer);
  if (key === undefined) return false;
  try {
    return verify(null, tagged(domain, bytes), key, signature);
  } catch {
    return false;
  }
}

/** 32 bytes. Asked for a buffer, Node allocates one outside its pool, which costs twice as much as the hash itself. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hash("sha256", bytes, "binary"), "binary");
}

/** The hash of a statement as a leaf of the tree: SHA-256 of 0x00 and the statement. */
export function merkleLeaf(statement: Uint8Array): Uint8Array {
  const buffer = Buffer.allocUnsafe(1 + statement.length);
  buffer[0] = 0;
  buffer.set(statement, 1);
  return sha256(buffer);
}

/** SHA-256 of 0x01 and the two hashes below. */
export function merkleNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const buffer = Buffer.allocUnsafe(65);
  buffer[0] = 1;
  buffer.set(left, 1);
  buffer.set(right, 33);
  return sha256(buffer);
}

export interface MerkleTree {
  root: Uint8Array;
  /** For each leaf, in order: the sibling hashes from the leaf up. */
  proofs: Uint8Array[][];
}

/** The tree over `leaves` (at least one, each 32 bytes). */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const proofs: Uint8Array[][] = leaves.map(() => []);
  const build = (from: number, to: number): Uint8Array => {
    if (to - from === 1) return leaves[from] as Uint8Array;
    const middle = from + 2 ** (Math.ceil(Math.log2(to - from)) - 1);
    const left = build(from, middle);
    const right = build(middle, to);
    for (let i = from; i < middle; i++) (proofs[i] as Uint8Array[]).push(right);
    for (let i = middle; i < to; i++) (proofs[i] as Uint8Array[]).push(left);
    return merkleNode(left, right);
  };
  return { root: build(0, leaves.length), proofs };
}

/** The root that `leaf` at `index` of `size` leaves has with `proof` (RFC 9162 section 2.1.3.2), or undefined if the proof does not fit. */
export function merkleRoot(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= size || size > 2 ** 20) return undefined;
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== 32) return undefined;
    if (node % 2 === 1 || node === last) {
      root = merkleNode(sibling, root);
      while (node % 2 === 0 && node !== 0) {
        node >>>= 1;
        last >>>= 1;
      }
    } else {
      root = merkleNode(root, sibling);
    }
    node >>>= 1;
    last >>>= 1;
  }
  return last === 0 ? root : undefined;
}
