import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newTaskId, peerOfPublicKey } from "../../../src/core/ids.ts";
import { createSigner, type Signer } from "../../../src/core/signatures.ts";
import {
  createResponseSigner,
  createResponseVerifier,
  type ResponseStatement,
} from "../../../src/network/attest.ts";
import type { Attest } from "../../../src/network/messages.ts";

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const peer = peerOfPublicKey(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return createSigner(peer, privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32));
}

const worker = newSigner();

function statement(skill = "echo"): ResponseStatement {
  return {
    network: "errand",
    submitter: newSigner().peer,
    worker: worker.peer,
    taskId: newTaskId(),
    attempt: 1,
    inputHash: new Uint8Array(32).fill(1),
    skill,
    skillVersion: "1.0.0",
    status: "completed",
    outputHash: new Uint8Array(32).fill(2),
  };
}

function signAll(statements: ResponseStatement[], signer: Signer = worker): Promise<Attest[]> {
  const signing = createResponseSigner(signer);
  return Promise.all(statements.map((one) => new Promise<Attest>((resolve) => signing.sign(one, resolve))));
}

describe("signed responses", () => {
  it("of one turn share a signature and prove themselves one by one", async () => {
    const statements = Array.from({ length: 37 }, (_, i) => statement(`skill${i}`));
    const attests = await signAll(statements);
    expect(new Set(attests.map((a) => Buffer.from(a.signature).toString("hex"))).size).toBe(1);
    const verify = createResponseVerifier();
    statements.forEach((one, i) => expect(verify(one, attests[i])).toBe(true));
    // A fresh verifier, as another node that sees this one alone.
    expect(createResponseVerifier()(statements[36] as ResponseStatement, attests[36])).toBe(true);
  });

  it("hold for no other statement, place or signer", async () => {
    const [one, two] = [statement("a"), statement("b")];
    const [first, second] = (await signAll([one, two])) as [Attest, Attest];
    const verify = createResponseVerifier();
    expect(verify(one, first)).toBe(true);
    expect(verify(one, second)).toBe(false);
    expect(verify({ ...one, outputHash: new Uint8Array(32) }, first)).toBe(false);
    expect(verify({ ...one, attempt: 2 }, first)).toBe(false);
    expect(verify({ ...one, worker: newSigner().peer }, first)).toBe(false);
    expect(verify(one, undefined)).toBe(false);
    const [forged] = (await signAll([one], newSigner())) as [Attest];
    expect(verify(one, forged)).toBe(false);
  });

  it("never pass when a field is moved into its neighbour", async () => {
    const one = { ...statement("ab"), skillVersion: "c" };
    const [attest] = (await signAll([one])) as [Attest];
    expect(createResponseVerifier()({ ...one, skill: "a", skillVersion: "bc" }, attest)).toBe(false);
  });

  it("meet any attestation without throwing", () => {
    const verify = createResponseVerifier();
    const one = statement();
    fc.assert(
      fc.property(
        fc.record({
          signature: fc.uint8Array({ maxLength: 70 }),
          leafIndex: fc.nat(300),
          treeSize: fc.nat(300),
          proof: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
        }),
        (attest) => {
          expect(verify(one, attest)).toBe(false);
        },
      ),
    );
  });
});
