/**
 * A fault alarm's bytes. "This worker gave me that for this input, and it is wrong": the worker's own signed result is in it, so nobody
 * can be accused of what he did not say. That the grounded answer is the right one others cannot check, unless a second result, signed by
 * the same worker, contradicts the first; so an alarm makes a provider be checked for a while and says nothing more. Outputs
 * travel as hashes alone: what a task was about is nobody's business.
 */
import {
  Fault as WireFault,
  SignedFault,
  type SignedFault as WireSignedFault,
  type SignedResult as WireResult,
} from "#protocols/trust";
import { isSkillId, publicKeyOfPeer, taskIdFromBytes, taskIdToBytes, type PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { verifySignature, type Signer } from "../core/signatures.ts";
import type { ResponseStatement, ResponseVerifier } from "./attest.ts";
import type { Attest } from "./messages.ts";

export const alarmVersion = 1;
const signatureDomain = "errand/alarm/1";
// A response's tree has at most 256 leaves.
const proofHashes = 8;

/** A result as its worker signed it; its status is "completed". */
export interface SignedResult extends Omit<ResponseStatement, "network" | "status"> {
  attest: Attest;
}

export interface Fault {
  /** Who found out: the submitter of the task. */
  reporter: PeerIdText;
  /** ms since the epoch. */
  issuedAt: number;
  wrong: SignedResult;
  /** SHA-256 of the right output: 32 bytes. */
  groundedHash: Uint8Array;
  /** The result of another run of the same skill on the same input, whose output has `groundedHash`. */
  other?: SignedResult;
}

/** Serialised `SignedFault`; the reporter is the signer. */
export function signFault(fault: Omit<Fault, "reporter">, network: string, signer: Signer): Uint8Array {
  const bytes = WireFault.encode({
    version: alarmVersion,
    network,
    reporter: signer.peer,
    issuedAt: fault.issuedAt,
    wrong: encodeResult(fault.wrong),
    groundedHash: Buffer.from(fault.groundedHash),
    ...(fault.other !== undefined && { other: encodeResult(fault.other) }),
  });
  return SignedFault.encode({ fault: bytes, signature: Buffer.from(signer.sign(signatureDomain, bytes)) });
}

function encodeResult({ attest, taskId, ...result }: SignedResult): WireResult {
  return {
    ...result,
    taskId: Buffer.from(taskIdToBytes(taskId)),
    inputHash: Buffer.from(result.inputHash),
    outputHash: Buffer.from(result.outputHash),
    signature: Buffer.from(attest.signature),
    leafIndex: attest.leafIndex,
    treeSize: attest.treeSize,
    proof: attest.proof.map((hash) => Buffer.from(hash)),
  };
}

/** The fault, unsigned as far as is known here, or why it is not to be used. */
export type ReadFault =
  | { fault: Fault; body: Uint8Array; signature: Uint8Array; problem?: undefined }
  | { problem: "malformed" | "version" | "network" | "future" | "expired" };

/** All but the signatures. `now`: wall clock. Never throws. */
export function readFault(outer: WireSignedFault, network: string, now: number): ReadFault {
  let wire: WireFault;
  try {
    wire = WireFault.decode(outer.fault, {
      limits: { wrong: { proof: proofHashes }, other: { proof: proofHashes } },
    });
  } catch {
    return { problem: "malformed" };
  }
  if (wire.version !== alarmVersion) return { problem: wire.version === 0 ? "malformed" : "version" };
  if (wire.network !== network) return { problem: "network" };
  const wrong = resultOf(wire.wrong);
  const other = wire.other === undefined ? undefined : resultOf(wire.other);
  const { reporter, issuedAt, groundedHash } = wire;
  // The reporter speaks of what it was given itself.
  if (wrong === undefined || wrong.submitter !== reporter || wrong.worker === reporter)
    return { problem: "malformed" };
  if (groundedHash.length !== 32 || same(wrong.outputHash, groundedHash)) return { problem: "malformed" };
  if (wire.other !== undefined && (other === undefined || !isAnswerTo(wrong, other, groundedHash))) {
    return { problem: "malformed" };
  }
  if (issuedAt > now + limits.clockSkewMs) return { problem: "future" };
  if (issuedAt + limits.alarmAgeMs <= now) return { problem: "expired" };
  const fault: Fault = { reporter, issuedAt, wrong, groundedHash };
  if (other !== undefined) fault.other = other;
  return { fault, body: outer.fault, signature: outer.signature };
}

function isAnswerTo(wrong: SignedResult, other: SignedResult, groundedHash: Uint8Array): boolean {
  return (
    other.skill === wrong.skill &&
    other.skillVersion === wrong.skillVersion &&
    same(other.inputHash, wrong.inputHash) &&
    same(other.outputHash, groundedHash)
  );
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function resultOf(wire: WireResult | undefined): SignedResult | undefined {
  if (wire === undefined || !isSkillId(wire.skill) || wire.skillVersion.length > 64) return undefined;
  if (publicKeyOfPeer(wire.submitter) === undefined || publicKeyOfPeer(wire.worker) === undefined)
    return undefined;
  if (wire.inputHash.length !== 32 || wire.outputHash.length !== 32 || wire.attempt > 65_535)
    return undefined;
  const { submitter, worker, attempt, inputHash, skill, skillVersion, outputHash } = wire;
  const { signature, leafIndex, treeSize, proof } = wire;
  try {
    const taskId = taskIdFromBytes(wire.taskId);
    const attest = { signature, leafIndex, treeSize, proof };
    return { submitter, worker, taskId, attempt, inputHash, skill, skillVersion, outputHash, attest };
  } catch {
    return undefined;
  }
}

/** The costly part: whether the reporter signed the alarm, and the worker the result that it is accused of. */
export function isProved(
  read: Extract<ReadFault, { problem?: undefined }>,
  network: string,
  verify: ResponseVerifier,
): boolean {
  const { fault, body, signature } = read;
  const holds = ({ attest, ...result }: SignedResult): boolean =>
    verify({ ...result, network, status: "completed" }, attest);
  return (
    verifySignature(fault.reporter, signatureDomain, body, signature) &&
    holds(fault.wrong) &&
    (fault.other === undefined || holds(fault.other))
  );
}
