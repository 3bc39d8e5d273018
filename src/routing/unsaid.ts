/**
 * Verdicts of this node that it has told nobody yet. They are the only test of what others say that nobody can have copied:
 * an attestation that comes now and agrees with them was made from verdicts of its issuer's own, or is a lucky guess. So a
 * stranger's word is put to the test in the moment in which it is first heard, before it moves anything.
 */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Attestation } from "./attestation.ts";

export interface UnsaidVerdict {
  peer: PeerIdText;
  good: boolean;
  /** Grounded verdicts of the peer that were here before it. */
  known: number;
}

/** What one issuer says of one peer over all skills. */
export interface Claimed {
  pos: number;
  neg: number;
}

export class Unsaid {
  readonly #verdicts: UnsaidVerdict[] = [];
  /** How many of the verdicts each issuer was tested by: whoever speaks twice in a while is tested by each but once. */
  readonly #tested = new Map<PeerIdText, number>();

  add(verdict: UnsaidVerdict): void {
    if (this.#verdicts.length < limits.unsaidVerdicts) this.#verdicts.push(verdict);
  }

  /** They are public from now on. */
  clear(): void {
    this.#verdicts.length = 0;
    this.#tested.clear();
  }

  /** Calls `judge` for each verdict on a peer of which the attestation speaks and that is not `alreadyJudged`. */
  test(
    { issuer, claims }: Attestation,
    alreadyJudged: (subject: PeerIdText) => boolean,
    judge: (verdict: UnsaidVerdict, claim: Claimed) => void,
  ): void {
    const from = this.#tested.get(issuer) ?? 0;
    if (from === this.#verdicts.length) return;
    this.#tested.set(issuer, this.#verdicts.length);
    const said = new Map<PeerIdText, Claimed>();
    for (const { subject, pos, neg, grounded } of claims) {
      if (!grounded || subject === issuer || alreadyJudged(subject)) continue;
      const claim = said.get(subject);
      if (claim === undefined) said.set(subject, { pos, neg });
      else {
        claim.pos += pos;
        claim.neg += neg;
      }
    }
    for (const verdict of this.#verdicts.slice(from)) {
      const claim = said.get(verdict.peer);
      if (claim !== undefined) judge(verdict, claim);
    }
  }
}
