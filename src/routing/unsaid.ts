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
  readonly #byPeer = new Map<PeerIdText, { verdict: UnsaidVerdict; number: number }[]>();
  #count = 0;
  /** How many of the verdicts each issuer was tested by: whoever speaks twice in a while is tested by each but once. */
  readonly #tested = new Map<PeerIdText, number>();

  add(verdict: UnsaidVerdict): void {
    if (this.#count === limits.unsaidVerdicts) return;
    const one = { verdict, number: this.#count++ };
    const known = this.#byPeer.get(verdict.peer);
    if (known === undefined) this.#byPeer.set(verdict.peer, [one]);
    else known.push(one);
  }

  /** They are public from now on. */
  clear(): void {
    this.#byPeer.clear();
    this.#count = 0;
    this.#tested.clear();
  }

  /** Calls `judge` for each verdict on a peer of which the attestation speaks and that is not `alreadyJudged`. */
  test(
    { issuer, claims }: Attestation,
    alreadyJudged: (subject: PeerIdText) => boolean,
    judge: (verdict: UnsaidVerdict, claim: Claimed) => void,
  ): void {
    const from = this.#tested.get(issuer) ?? 0;
    if (from === this.#count) return;
    this.#tested.set(issuer, this.#count);
    const said = new Map<PeerIdText, Claimed>();
    for (const { subject, pos, neg, grounded } of claims) {
      if (!this.#byPeer.has(subject) || !grounded || subject === issuer) continue;
      const claim = said.get(subject);
      if (claim !== undefined) {
        claim.pos += pos;
        claim.neg += neg;
      } else if (!alreadyJudged(subject)) said.set(subject, { pos, neg });
    }
    for (const [subject, claim] of said)
      for (const { verdict, number } of this.#byPeer.get(subject) ?? [])
        if (number >= from) judge(verdict, claim);
  }
}
