/**
 * Affinity by rendezvous hashing (Thaler and Ravishankar 1998): every node finds the same two peers for a key without
 * asking anybody, and a peer that comes or goes moves only its own keys.
 */
import type { Prospect } from "./prospects.ts";

/** FNV-1a, 32 bits. Spreads load; proves nothing. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** Weight of a peer for a key; Murmur3's finalizer mixes the two hashes. */
function rendezvousWeight(peerHash: number, keyHash: number): number {
  let h = Math.imul(peerHash ^ keyHash, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The two prospects of highest weight for (skill, key), best first; fewer if there are fewer. */
export function favorites(prospects: readonly Prospect[], skill: string, key: string): Prospect[] {
  const keyHash = textHash(`${skill}\u0000${key}`);
  let first: Prospect | undefined;
  let second: Prospect | undefined;
  let firstWeight = -1;
  let secondWeight = -1;
  for (const prospect of prospects) {
    const weight = rendezvousWeight(prospect.hash, keyHash);
    if (weight > firstWeight) {
      second = first;
      secondWeight = firstWeight;
      first = prospect;
      firstWeight = weight;
    } else if (weight > secondWeight) {
      second = prospect;
      secondWeight = weight;
    }
  }
  return [first, second].filter((p) => p !== undefined);
}
