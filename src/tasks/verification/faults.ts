/**
 * Signed results that proved wrong: made into proofs that others can check, kept within bounds, and handed to whoever spreads
 * them. It also remembers what peers signed lately, since one that signs two different answers to one question has proved by
 * itself that it was wrong once.
 */
import type { PeerIdText } from "../../core/ids.ts";
import { limits, safeMessage } from "../../core/limits.ts";
import type { SignedResult } from "../../network/alarm-codec.ts";
import type { FaultProof } from "../../network/contradiction.ts";
import { faultsOf, insertFault, pruneFaults } from "../../storage/verification.ts";
import type { Store } from "../../storage/store.ts";
import { attestFromBytes, attestToBytes } from "../attest-bytes.ts";
import type { TaskRecord } from "../record.ts";
import { sameHash } from "./outputs.ts";
import type { Answered } from "./held.ts";

export interface FaultView {
  peer: PeerIdText;
  skill: string;
  task: string;
  reason: string;
  /** ISO 8601. */
  at: string;
  proof: unknown;
}

export interface Faults {
  /** `answer` was given to `record`'s question and is not `right`. */
  wrong(
    record: TaskRecord,
    answer: Answered,
    right: Answered | Uint8Array,
    reason: string,
    nowAt: number,
  ): void;
  /** An answer of a deterministic skill; reports a contradiction with what the same peer signed before. */
  heard(record: TaskRecord, answer: Answered, nowAt: number): void;
  of(peer: PeerIdText): Promise<FaultView[]>;
}

export interface FaultsOptions {
  self: PeerIdText;
  network: string;
  store: Store;
  /** Tells others. */
  spread?(proof: FaultProof): void;
}

export function createFaults({ self, network, store, spread }: FaultsOptions): Faults {
  const said = new Map<string, SignedResult>();

  /** What the worker signed; undefined for this node itself, which proves nothing to itself. */
  function signedBy(record: TaskRecord, answer: Answered): SignedResult | undefined {
    if (answer.evidence === undefined || answer.peer === self) return undefined;
    return {
      submitter: self,
      worker: answer.peer,
      taskId: answer.taskId,
      attempt: answer.attempt,
      inputHash: record.inputHash,
      skill: record.spec.skill,
      skillVersion: answer.executedVersion,
      outputHash: answer.output.hash,
      attest: attestFromBytes(answer.evidence),
    };
  }

  function keep(proof: FaultProof, reason: string, nowAt: number): void {
    const { worker: peer, skill, taskId } = proof.wrong;
    insertFault(store, {
      peer,
      skill,
      taskId,
      reason: safeMessage(reason),
      proof: proofText(proof),
      at: nowAt,
    });
    pruneFaults(store, peer, limits.faultsPerPeer, limits.faults);
    spread?.(proof);
  }

  return {
    wrong(record, answer, right, reason, nowAt) {
      const wrong = signedBy(record, answer);
      if (wrong === undefined) return;
      const groundedHash = right instanceof Uint8Array ? right : right.output.hash;
      // Equal bytes can be wrong by a rule alone, and that is not for others to judge.
      if (sameHash(wrong.outputHash, groundedHash)) return;
      const signed = right instanceof Uint8Array ? undefined : signedBy(record, right);
      const other = signed?.skillVersion === wrong.skillVersion ? signed : undefined;
      keep({ network, wrong, groundedHash, ...(other !== undefined && { other }) }, reason, nowAt);
    },
    heard(record, answer, nowAt) {
      const signed = signedBy(record, answer);
      if (signed === undefined) return;
      const key = keyOf(signed);
      const before = said.get(key);
      said.delete(key);
      said.set(key, signed);
      if (said.size > limits.signedResultsKept) said.delete(said.keys().next().value as string);
      if (before === undefined || sameHash(before.outputHash, signed.outputHash)) return;
      const proof = { network, wrong: before, groundedHash: signed.outputHash, other: signed };
      keep(proof, "it signed two different answers to one question", nowAt);
    },
    async of(peer) {
      return (await faultsOf(store, peer)).map(({ skill, taskId, reason, proof, at }) => ({
        peer,
        skill,
        task: taskId,
        reason,
        at: new Date(at).toISOString(),
        proof: JSON.parse(proof) as unknown,
      }));
    },
  };
}

function keyOf({ worker, skill, skillVersion, inputHash }: SignedResult): string {
  return `${worker} ${skill} ${skillVersion} ${Buffer.from(inputHash).toString("latin1")}`;
}

/** Hashes and signatures in hexadecimal. */
export function proofText({ network, wrong, groundedHash, other }: FaultProof): string {
  return JSON.stringify({
    network,
    wrong: plain(wrong),
    groundedHash: hex(groundedHash),
    ...(other !== undefined && { other: plain(other) }),
  });
}

/** Throws what JSON throws. */
export function proofFromText(text: string): FaultProof {
  const { network, wrong, groundedHash, other } = JSON.parse(text) as {
    network: string;
    wrong: PlainResult;
    groundedHash: string;
    other?: PlainResult;
  };
  return {
    network,
    wrong: signedOf(wrong),
    groundedHash: bytes(groundedHash),
    ...(other !== undefined && { other: signedOf(other) }),
  };
}

type PlainResult = Omit<SignedResult, "attest" | "inputHash" | "outputHash"> & {
  inputHash: string;
  outputHash: string;
  attest: string;
};

function plain({ attest, inputHash, outputHash, ...rest }: SignedResult): PlainResult {
  return {
    ...rest,
    inputHash: hex(inputHash),
    outputHash: hex(outputHash),
    attest: hex(attestToBytes(attest)),
  };
}

function signedOf({ attest, inputHash, outputHash, ...rest }: PlainResult): SignedResult {
  return {
    ...rest,
    inputHash: bytes(inputHash),
    outputHash: bytes(outputHash),
    attest: attestFromBytes(bytes(attest)),
  };
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}
