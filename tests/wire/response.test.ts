import { describe, expect, it } from "vitest";
import { merkleLeaf, merkleRoot, merkleTree } from "../../src/core/signatures.ts";
import { createResponseSigner, createResponseVerifier, statementBytes } from "../../src/network/attest.ts";
import type { Attest } from "../../src/network/messages.ts";
import { readGolden } from "./golden.ts";
import { bytesOf, hexOf, statements, submitter, worker } from "./samples.ts";

const golden = readGolden("statements");

const attests: Attest[] = golden.proofs.map((proof, leafIndex) => ({
  signature: bytesOf(golden.signature),
  leafIndex,
  treeSize: 3,
  proof: proof.map(bytesOf),
}));

describe("three answers of one turn", () => {
  it("have the golden statements and leaves", () => {
    expect(statements.map((one) => hexOf(statementBytes(one)))).toEqual(golden.statements);
    expect(golden.statements.map((hex) => hexOf(merkleLeaf(bytesOf(hex))))).toEqual(golden.leaves);
  });

  it("have the golden tree", () => {
    const { root, proofs } = merkleTree(golden.leaves.map(bytesOf));
    expect(hexOf(root)).toBe(golden.root);
    expect(proofs.map((proof) => proof.map(hexOf))).toEqual(golden.proofs);
    golden.leaves.forEach((leaf, i) =>
      expect(
        hexOf(merkleRoot(bytesOf(leaf), i, 3, (golden.proofs[i] as string[]).map(bytesOf)) as Uint8Array),
      ).toBe(golden.root),
    );
  });

  it("are signed together by the golden signature", async () => {
    const signer = createResponseSigner(worker);
    const made = await Promise.all(
      statements.map((one) => new Promise<Attest>((resolve) => signer.sign(one, resolve))),
    );
    expect(made.map(({ signature }) => hexOf(signature))).toEqual(Array(3).fill(golden.signature));
    expect(made.map(({ proof }) => proof.map(hexOf))).toEqual(golden.proofs);
    expect(made.map(({ leafIndex, treeSize }) => [leafIndex, treeSize])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(hexOf(worker.sign("errand/task-response/1", bytesOf(golden.root)))).toBe(golden.signature);
  });

  it("are believed by the golden signature, each by itself", () => {
    statements.forEach((one, i) => expect(createResponseVerifier()(one, attests[i])).toBe(true));
  });

  it("are not believed with anything changed", () => {
    const [one] = statements as [(typeof statements)[0]];
    const [attest] = attests as [Attest];
    const verify = createResponseVerifier();
    const changes: Partial<typeof one>[] = [
      { network: "lab" },
      { submitter: worker.peer },
      { worker: submitter.peer },
      { taskId: (statements[1] as typeof one).taskId },
      { attempt: 2 },
      { inputHash: new Uint8Array(32) },
      { skill: "text.stat" },
      { skillVersion: "1.2.1" },
      { status: "failed" },
      { outputHash: new Uint8Array(0) },
    ];
    // Every field of a statement is covered.
    expect(new Set(changes.flatMap(Object.keys)).size).toBe(Object.keys(one).length);
    for (const change of changes) expect(verify({ ...one, ...change }, attest)).toBe(false);
    expect(verify(one, { ...attest, leafIndex: 1 })).toBe(false);
    expect(verify(one, { ...attest, treeSize: 8 })).toBe(false);
    expect(verify(one, { ...attest, proof: attest.proof.toReversed() })).toBe(false);
    expect(verify(one, { ...attest, signature: new Uint8Array(64) })).toBe(false);
  });

  it("of a tree with more than 256 leaves are not believed", () => {
    const many = Array.from({ length: 257 }, (_, i) => ({
      ...(statements[0] as (typeof statements)[0]),
      attempt: i + 1,
    }));
    const { root, proofs } = merkleTree(many.map((one) => merkleLeaf(statementBytes(one))));
    const signature = worker.sign("errand/task-response/1", root);
    const attest = { signature, leafIndex: 0, treeSize: 257, proof: proofs[0] as Uint8Array[] };
    expect(createResponseVerifier()(many[0] as (typeof many)[0], attest)).toBe(false);
  });
});
