/**
 * What is known of one Merkle tree (RFC 9162 section 2.1) from the proofs of its leaves seen so far. A proof of a tree with
 * 256 leaves takes eight hashes to follow up to the root. The leaves of one tree arrive together and their ways meet early:
 * from where a way meets something known, comparing is enough, which leaves about one hash for each.
 */
import { merkleNode } from "../core/signatures.ts";

// Nodes are kept under level · rowLength + index.
const rowLength = 2 ** 20;

export class VerifiedTree {
  readonly #size: number;
  /** Digests of nodes on the ways proved so far, and of their siblings: with a node, all siblings above it are known. */
  readonly #nodes = new Map<number, Uint8Array>();

  /** `size`: number of leaves, at least 1. */
  constructor(size: number) {
    this.#size = size;
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
    const keys: number[] = [];
    const digests: Uint8Array[] = [];
    let digest = leaf;
    for (let step = 0; ; step++) {
      const known = this.#nodes.get(place.key);
      if (known !== undefined) {
        if (!same(known, digest) || !this.#leadsUp(place, proof, step)) return false;
        break;
      }
      keys.push(place.key);
      digests.push(digest);
      const sibling = proof[step];
      if (sibling === undefined) {
        if (!place.isRoot || !isRoot(digest)) return false;
        break;
      }
      if (place.isRoot || sibling.length !== 32) return false;
      keys.push(place.siblingKey);
      digests.push(sibling);
      digest = place.isRight ? merkleNode(sibling, digest) : merkleNode(digest, sibling);
      place.up();
    }
    // Copies: a proof is a view into whatever was received with it.
    for (const [i, key] of keys.entries()) this.#nodes.set(key, Buffer.from(digests[i] as Uint8Array));
    return true;
  }

  /** Whether the rest of a proof, from `step` at the known node `place`, is what is known. */
  #leadsUp(place: Place, proof: readonly Uint8Array[], from: number): boolean {
    for (let step = from; step < proof.length; step++) {
      const known = place.isRoot ? undefined : this.#nodes.get(place.siblingKey);
      if (known === undefined || !same(known, proof[step] as Uint8Array)) return false;
      place.up();
    }
    return place.isRoot;
  }
}

/** A node on its way to the root. A last node without a sibling is a node of the next level that gives it one. */
class Place {
  #level = 0;
  #index: number;
  #last: number;

  constructor(leaf: number, size: number) {
    this.#index = leaf;
    this.#last = size - 1;
    this.#pass();
  }

  get key(): number {
    return this.#level * rowLength + this.#index;
  }

  get siblingKey(): number {
    return this.#level * rowLength + (this.#index ^ 1);
  }

  get isRight(): boolean {
    return this.#index % 2 === 1;
  }

  get isRoot(): boolean {
    return this.#last === 0;
  }

  up(): void {
    this.#shift();
    this.#pass();
  }

  #pass(): void {
    while (this.#last > 0 && this.#index === this.#last && this.#index % 2 === 0) this.#shift();
  }

  #shift(): void {
    this.#level++;
    this.#index >>>= 1;
    this.#last >>>= 1;
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
