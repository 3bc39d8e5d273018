/**
 * A liar's own signatures as a proof. What a worker signed can be shown to anybody: a result beside the grounded answer to the
 * same input, or two different results of its own for one input of a deterministic skill. Pure: who is told, and what it means
 * for trust, is decided elsewhere.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { SignedResult } from "./alarm-codec.ts";
import { createResponseVerifier, type ResponseVerifier } from "./attest.ts";

/** The wrong result, the hash of the right output, and a signed result that has it, where somebody else signed one. */
export interface FaultProof {
  network: string;
  wrong: SignedResult;
  /** SHA-256 of the output that is right, or of the one that contradicts it. */
  groundedHash: Uint8Array;
  other?: SignedResult;
}

export type CheckedProof =
  | {
      worker: PeerIdText;
      skill: string;
      /**
       * `contradiction`: the worker signed both, so it was wrong once, whoever shows it. `witness`: another worker signed the right
       * one. `claim`: that the other answer is right is the word of who shows it; running the skill again settles it.
       */
      strength: "contradiction" | "witness" | "claim";
      problem?: undefined;
    }
  | { problem: string };

/** That the skill gives equal output for equal input is for the reader to know. Never throws. */
export function checkContradiction(
  { network, wrong, groundedHash, other }: FaultProof,
  verify: ResponseVerifier = createResponseVerifier(),
): CheckedProof {
  const signed = ({ attest, ...result }: SignedResult): boolean =>
    verify({ ...result, network, status: "completed" }, attest);
  if (wrong.outputHash.length !== 32 || groundedHash.length !== 32)
    return { problem: "no hash of an output" };
  if (same(wrong.outputHash, groundedHash)) return { problem: "both answers are the same" };
  if (!signed(wrong)) return { problem: `${wrong.worker} did not sign the result it is accused of` };
  const accused = { worker: wrong.worker, skill: wrong.skill };
  if (other === undefined) return { ...accused, strength: "claim" };
  if (!same(other.outputHash, groundedHash)) return { problem: "the other result has another output" };
  const sameTask =
    other.skill === wrong.skill &&
    other.skillVersion === wrong.skillVersion &&
    same(other.inputHash, wrong.inputHash);
  if (!sameTask) return { problem: "the other result is of another skill, version or input" };
  if (!signed(other)) return { problem: `${other.worker} did not sign the other result` };
  return { ...accused, strength: other.worker === wrong.worker ? "contradiction" : "witness" };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
