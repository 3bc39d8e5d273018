/**
 * What is known of one Merkle tree (RFC 9162 section 2.1) from the proofs of its leaves seen so far. A proof of a tree with
 * 256 leaves takes eight hashes to follow up to the root. The leaves of one tree arrive together and their ways meet early:
 * from where a way meets something known, comparing is enough, which leaves about one hash for each.
 */
import { merkleNode } from "../core/signatures.ts";

const hashBytes = 32;
// Leaf, siblings and everything between of the longest way: 2^20 leaves.
const longestWay = 2 * 21;

// Where a proof's new nodes are noted until it has led to something known.
const slots = new Int32Array(longestWay);
const digests: Uint8Array[] = [];

export class VerifiedTree {
  readonly #size: number;
  /** For each level the number of nodes below it. */
  readonly #levels: number[] = [];
  /** Digests of nodes on the ways proved so far, and of their siblings: with a node, all siblings above it are known. */
  readonly #nodes: Buffer;
  readonly #known: Uint8Array;
  /** Leaves proved, each counted once. */
  readonly #proved: Uint8Array;
  #left: number;

  /** `size`: number of leaves, 1 to 2^20. */
  constructor(size: number) {
    this.#size = size;
    let nodes = 0;
    for (let width = size; ; width = (width + 1) >>> 1) {
      this.#levels.push(nodes);
      nodes += width;
      if (width <= 1) break;
    }
    // One piece: as an object for each node, trees would be most of what the garbage collector has to look after.
    this.#nodes = Buffer.allocUnsafeSlow(nodes * hashBytes);
    this.#known = new Uint8Array(nodes);
    this.#proved = new Uint8Array(size);
    this.#left = size;
  }

  /** Every leaf was proved: nothing new can come. */
  get complete(): boolean {
    return this.#left === 0;
  }

  /**
   * Whether `leaf` is the leaf at `index`. `isRoot` is asked about the root only if the way up to it meets nothing known.
   * Never throws, and remembers nothing of a proof that fails.
   */
  proves(
    leaf: Uint8Array,
    index: number,
    proof: readonly Uint8Array[],
    isRoot: (root: Uint8Array) => boolean,
  ): boolean {
    if (!Number.isInteger(index) || index < 0 || index >= this.#size) return false;
    const place = new Place(index, this.#size);
    let found = 0;
    let digest = leaf;
    for (let step = 0; ; step++) {
      const slot = this.#slot(place, place.index);
      if (this.#known[slot] === 1) {
        if (!this.#holds(slot, digest) || !this.#leadsUp(place, proof, step)) return false;
        break;
      }
      slots[found] = slot;
      digests[found++] = digest;
      const sibling = proof[step];
      if (sibling === undefined) {
        if (!place.isRoot || !isRoot(digest)) return false;
        break;
      }
      if (place.isRoot || sibling.length !== hashBytes) return false;
      slots[found] = this.#slot(place, place.index ^ 1);
      digests[found++] = sibling;
      digest = place.isRight ? merkleNode(sibling, digest) : merkleNode(digest, sibling);
      place.up();
    }
    for (let i = 0; i < found; i++) {
      const slot = slots[i] as number;
      this.#nodes.set(digests[i] as Uint8Array, slot * hashBytes);
      this.#known[slot] = 1;
    }
    if (this.#proved[index] === 0) this.#left -= 1;
    this.#proved[index] = 1;
    return true;
  }

  /** Whether the rest of a proof, from `step` at the known node `place`, is what is known. */
  #leadsUp(place: Place, proof: readonly Uint8Array[], from: number): boolean {
    for (let step = from; step < proof.length; step++) {
      if (place.isRoot) return false;
      const slot = this.#slot(place, place.index ^ 1);
      if (this.#known[slot] !== 1 || !this.#holds(slot, proof[step] as Uint8Array)) return false;
      place.up();
    }
    return place.isRoot;
  }

  #slot(place: Place, index: number): number {
    return (this.#levels[place.level] as number) + index;
  }

  #holds(slot: number, digest: Uint8Array): boolean {
    const at = slot * hashBytes;
    return digest.length === hashBytes && this.#nodes.compare(digest, 0, hashBytes, at, at + hashBytes) === 0;
  }
}

/** A node on its way to the root. A last node without a sibling is a node of the next level that gives it one. */
class Place {
  level = 0;
  index: number;
  #last: number;

  constructor(leaf: number, size: number) {
    this.index = leaf;
    this.#last = size - 1;
    this.#pass();
  }

  get isRight(): boolean {
    return this.index % 2 === 1;
  }

  get isRoot(): boolean {
    return this.#last === 0;
  }

  up(): void {
    this.#shift();
    this.#pass();
  }

  #pass(): void {
    while (this.#last > 0 && this.index === this.#last && this.index % 2 === 0) this.#shift();
  }

  #shift(): void {
    this.level++;
    this.index >>>= 1;
    this.#last >>>= 1;
  }
}
