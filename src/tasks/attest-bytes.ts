/**
 * An answer's signature as it is kept: what another node needs to check the answer beside the task's own row, from which the
 * statement can be made again. The signature (64 bytes), leaf index and tree size in four bytes each (big-endian), and the proof.
 */
import type { Attest } from "../network/messages.ts";

const signatureBytes = 64;
const hashBytes = 32;

export function attestToBytes({ signature, leafIndex, treeSize, proof }: Attest): Uint8Array {
  const bytes = Buffer.allocUnsafe(signature.length + 8 + hashBytes * proof.length);
  bytes.set(signature);
  let at = bytes.writeUInt32BE(leafIndex, signature.length);
  at = bytes.writeUInt32BE(treeSize, at);
  for (const hash of proof) {
    bytes.set(hash, at);
    at += hashBytes;
  }
  return bytes;
}

export function attestFromBytes(bytes: Uint8Array): Attest {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const proof: Uint8Array[] = [];
  for (let at = signatureBytes + 8; at + hashBytes <= buffer.length; at += hashBytes)
    proof.push(Uint8Array.from(buffer.subarray(at, at + hashBytes)));
  return {
    signature: Uint8Array.from(buffer.subarray(0, signatureBytes)),
    leafIndex: buffer.readUInt32BE(signatureBytes),
    treeSize: buffer.readUInt32BE(signatureBytes + 4),
    proof,
  };
}
