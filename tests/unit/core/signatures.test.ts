import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { merkleLeaf, merkleRoot, merkleTree } from "../../../src/core/signatures.ts";

const leaves = fc
  .array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 70 })
  .map((all) => all.map(merkleLeaf));

describe("the Merkle tree", () => {
  it("proves every leaf at its place", () => {
    fc.assert(
      fc.property(leaves, (all) => {
        const { root, proofs } = merkleTree(all);
        all.forEach((leaf, i) =>
          expect(merkleRoot(leaf, i, all.length, proofs[i] as Uint8Array[])).toEqual(root),
        );
      }),
    );
  });

  it("proves no leaf at another place", () => {
    fc.assert(
      fc.property(leaves, fc.nat(69), fc.nat(69), (all, i, j) => {
        fc.pre(
          i < all.length &&
            j < all.length &&
            Buffer.compare(all[i] as Uint8Array, all[j] as Uint8Array) !== 0,
        );
        const { root, proofs } = merkleTree(all);
        expect(merkleRoot(all[i] as Uint8Array, j, all.length, proofs[j] as Uint8Array[])).not.toEqual(root);
      }),
    );
  });

  it("refuses proofs of the wrong shape", () => {
    const all = [1, 2, 3].map((n) => merkleLeaf(Uint8Array.of(n)));
    const proof = merkleTree(all).proofs[0] as Uint8Array[];
    expect(merkleRoot(all[0] as Uint8Array, 0, 3, proof.slice(1))).toBeUndefined();
    expect(merkleRoot(all[0] as Uint8Array, 0, 3, [...proof, proof[0] as Uint8Array])).toBeUndefined();
    expect(merkleRoot(all[0] as Uint8Array, 3, 3, proof)).toBeUndefined();
    expect(merkleRoot(all[0] as Uint8Array, 0, 3, [new Uint8Array(5), new Uint8Array(32)])).toBeUndefined();
  });

  // RFC 9162's tree over one leaf is the leaf hash itself.
  it("of one leaf is that leaf", () => {
    const leaf = merkleLeaf(new Uint8Array(0));
    expect(Buffer.from(merkleTree([leaf]).root).toString("hex")).toBe(
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    );
  });
});
