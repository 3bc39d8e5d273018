import * as fc from "fast-check";
import { expect, test } from "vitest";
import { merkleLeaf, merkleRoot, merkleTree } from "../../../src/core/signatures.ts";
import { VerifiedTree } from "../../../src/network/verified-tree.ts";

const leavesOf = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => merkleLeaf(Buffer.from(`leaf ${i}`)));
const equals = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && Buffer.compare(one, other) === 0;

test("takes every leaf in any order, asks about the root once, and says when it has them all", () => {
  const sizes = fc.integer({ min: 1, max: 70 });
  const ordered = sizes.chain((size) =>
    fc.shuffledSubarray([...Array(size).keys()], { minLength: size }).map((order) => ({ size, order })),
  );
  fc.assert(
    fc.property(ordered, ({ size, order }) => {
      const leaves = leavesOf(size);
      const { root, proofs } = merkleTree(leaves);
      const tree = new VerifiedTree(size);
      let asked = 0;
      const isRoot = (found: Uint8Array): boolean => {
        asked++;
        return equals(found, root);
      };
      for (const i of order) {
        expect(tree.complete).toBe(false);
        for (let times = 0; times < 2; times++)
          expect(tree.proves(leaves[i] as Uint8Array, i, proofs[i] as Uint8Array[], isRoot)).toBe(true);
      }
      expect(tree.complete).toBe(true);
      expect(asked).toBe(1);
    }),
  );
});

test("agrees with the proof alone about everything else, whatever it has seen before", () => {
  const change = fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    seen: fc.array(fc.nat(39), { maxLength: 20 }),
    leaf: fc.nat(39),
    index: fc.nat(45),
    kind: fc.constantFrom("none", "swap", "drop", "add", "flip", "short"),
    at: fc.nat(6),
  });
  fc.assert(
    fc.property(change, ({ size, seen, leaf, index, kind, at }) => {
      const leaves = leavesOf(size);
      const { root, proofs } = merkleTree(leaves);
      const isRoot = (found: Uint8Array): boolean => equals(found, root);
      const tree = new VerifiedTree(size);
      for (const i of seen)
        if (i < size) tree.proves(leaves[i] as Uint8Array, i, proofs[i] as Uint8Array[], isRoot);
      const proof = [...(proofs[leaf % size] as Uint8Array[])];
      if (kind === "swap") proof.reverse();
      if (kind === "drop") proof.splice(at, 1);
      if (kind === "add") proof.splice(at, 0, root);
      if (kind === "short" && proof[at] !== undefined) proof[at] = proof[at].subarray(1);
      if (kind === "flip" && proof[at] !== undefined)
        proof[at] = Uint8Array.from(proof[at], (byte, i) => (i === 3 ? byte ^ 1 : byte));
      const statement = leaves[leaf % size] as Uint8Array;
      const alone = merkleRoot(statement, index, size, proof);
      const expected = alone !== undefined && isRoot(alone);
      expect(tree.proves(statement, index, proof, isRoot)).toBe(expected);
      // A proof that failed has taught it nothing.
      for (const [i, one] of leaves.entries())
        expect(tree.proves(one, i, proofs[i] as Uint8Array[], isRoot)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
