/** Signers without a node, and what they say of each other. */
import { generateKeyPairSync } from "node:crypto";
import { newTaskId, peerOfPublicKey } from "../../../src/core/ids.ts";
import { createSigner, type Signer } from "../../../src/core/signatures.ts";
import type { SignedResult } from "../../../src/network/alarm-codec.ts";
import { createResponseSigner } from "../../../src/network/attest.ts";
import { signAttestation } from "../../../src/network/attestation-codec.ts";
import type { AttestationStore, StoredAttestation } from "../../../src/network/attestation-persistence.ts";
import type { Attestation, Claim, Equivocation } from "../../../src/network/attestation.ts";

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const peer = peerOfPublicKey(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return createSigner(peer, privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32));
}

export function claim(subject: string, changes: Partial<Claim> = {}): Claim {
  return { subject, skill: "echo", pos: 5, neg: 0, grounded: true, lastEpoch: 500_000, ...changes };
}

export const dayMs = 24 * 3_600_000;

/** Signed by `issuer` at `now`, for a day. */
export function attestationBy(
  issuer: Signer,
  now: number,
  changes: Partial<Attestation> = {},
  network = "errand",
): Uint8Array {
  const whole = { seq: now, issuedAt: now, expiresAt: now + dayMs, claims: [], ...changes };
  return signAttestation(whole, network, issuer);
}

/** What `worker` answered to `submitter`, signed. */
export function resultBy(
  worker: Signer,
  submitter: string,
  changes: Partial<Omit<SignedResult, "attest">> = {},
): SignedResult {
  const result = {
    submitter,
    worker: worker.peer,
    taskId: newTaskId(),
    attempt: 1,
    inputHash: new Uint8Array(32).fill(1),
    skill: "echo",
    skillVersion: "1.0.0",
    outputHash: new Uint8Array(32).fill(2),
    ...changes,
  };
  const done: SignedResult[] = [];
  const signing = createResponseSigner(worker);
  signing.sign({ ...result, network: "errand", status: "completed" }, (attest) =>
    done.push({ ...result, attest }),
  );
  signing.flush();
  return done[0] as SignedResult;
}

/** A store that outlives the networks that use it. */
export function memoryAttestations(): AttestationStore & {
  rows: Map<string, StoredAttestation>;
  proofs: Map<string, Equivocation>;
  own: StoredAttestation | undefined;
} {
  const rows = new Map<string, StoredAttestation>();
  const proofs = new Map<string, Equivocation>();
  return {
    rows,
    proofs,
    own: undefined,
    async load() {
      return {
        own: { seq: this.own?.seq ?? 0, signed: this.own?.signed },
        attestations: Array.from(rows.values(), ({ signed }) => signed),
        equivocations: [...proofs.values()],
      };
    },
    save(saved) {
      for (const row of saved) rows.set(row.issuer, row);
    },
    remove(issuers) {
      for (const issuer of issuers) rows.delete(issuer);
    },
    saveEquivocation(proof) {
      proofs.set(proof.issuer, proof);
    },
    async saveOwn(row) {
      this.own = row;
    },
  };
}
