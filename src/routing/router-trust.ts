/** The part of the router's interface that is about trust alone: what others say, what this node says, and why. */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { favor, praise } from "./attestation.ts";
import type { Attestation, Claim } from "./attestation.ts";
import { attest } from "./attest-policy.ts";
import type { CredibilityRow } from "./credibility.ts";
import type { VerdictNote } from "./evidence-row.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { indirectOfPin } from "./evidence.ts";
import { checkShare } from "./scrutiny.ts";
import { explainTrust, viewTrustGraph } from "./trust-explain.ts";
import type { TrustExplanation, TrustGraphView } from "./trust-explain.ts";
import type { Trust } from "./trust.ts";
import { vouches } from "./vouching.ts";

interface Sources {
  self: PeerIdText;
  trust: Trust;
  evidence: EvidenceTable;
}

export function trustCalls({ self, trust, evidence }: Sources) {
  return {
    /**
     * A check of a result that ended its attempt before: `onGood` and `onBad` are for those known at the end. `note` says
     * which task and why.
     */
    onVerdict(peer: PeerIdText, skill: string, good: boolean, note: VerdictNote, wallMs: number): void {
      if (peer === self) return;
      trust.onOutcome(peer, good, wallMs);
      if (good) evidence.good(peer, skill, wallMs, note);
      else evidence.bad(peer, skill, wallMs, note);
    },

    /** Such a check found nothing against the result, and nothing that proves it: as `onGood` without grounds. */
    onUnproved(peer: PeerIdText, skill: string, wallMs: number): void {
      if (peer !== self) evidence.weakGood(peer, skill, wallMs);
    },

    /**
     * The newest of an issuer replaces what it said before; false if it is older, unsound or of one who is not heard any more.
     * The caller has checked form and signature, or does before `isHeard` of the issuer and calls `dropIssuer` if it is forged.
     */
    onAttestation: (a: Attestation, wallMs: number): boolean => trust.onAttestation(a, wallMs),

    /** Forgets what an issuer said, as if it had never come. */
    dropIssuer: (issuer: PeerIdText): void => trust.book.drop(issuer),

    /** It signed two attestations under one number: it is never heard again. */
    onEquivocation: (issuer: PeerIdText): void => trust.onEquivocation(issuer),

    /** Whether the issuer's word counts for anything here now, as of the last computation. */
    isHeard: (issuer: PeerIdText): boolean => trust.visitsOf(issuer) > 0 || trust.pins.has(issuer),

    /** The operator's word: pins of one half and more are recommenders, where the walk begins beside this node. */
    setPins: (pins: ReadonlyMap<PeerIdText, number>): void => trust.setPins(pins),

    /** What this node has to say of others: grounded verdicts of its own. Call `onSaid` when others have it. */
    claims: (wallMs: number): Claim[] => attest(evidence, wallMs),

    /** What `claims` returned is public from now on. */
    onSaid: (): void => trust.onSaid(),

    /** The `maxNodes` most visited peers with the claims between them, this node's own among these. */
    trustGraph(wallMs: number, maxNodes: number = limits.trustGraphNodes): TrustGraphView {
      const own = attest(evidence, wallMs, Infinity).map(({ subject: to, skill, pos, neg }) => {
        return { from: self, to, skill, pos, neg, favor: favor(pos, neg) };
      });
      return viewTrustGraph(self, { trust, evidence, own }, maxNodes, wallMs);
    },

    /** `pin` as in `trustOf`. */
    explainTrust(
      peer: PeerIdText,
      skill: string | undefined,
      wallMs: number,
      pin = trust.pins.get(peer),
    ): TrustExplanation {
      return explainTrust(peer, skill, { trust, evidence, pin }, wallMs);
    },

    /** Somebody showed that the peer may have erred: its next few results are to be checked. Trust stays as it is. */
    onAlarm(peer: PeerIdText, skill: string, untilWallMs: number): void {
      if (peer !== self) evidence.alarm(peer, skill, untilWallMs);
    },

    /** Share of the peer's results at the skill that should be checked, .05–1. */
    verifyProbability(peer: PeerIdText, skill: string, wallMs: number): number {
      if (peer === self) return 0;
      const { known } = evidence.standing(peer, skill, indirectOfPin(trust.pins.get(peer)), wallMs);
      return checkShare(evidence.get(peer)?.skills, skill, trust.indirect(peer, skill), known, wallMs);
    },

    /** Whether the two count as one in a quorum: vouching.ts. */
    vouches(peerA: PeerIdText, peerB: PeerIdText): boolean {
      const grounded = (peer: PeerIdText): number => {
        const { right, wrong } = evidence.totals(peer, 0);
        return praise({ pos: right, neg: wrong });
      };
      return vouches(peerA, peerB, { trust, grounded });
    },

    /**
     * To be called about each second: expiry, and the trust graph if anything has changed that it depends on. Not done by
     * `decide`, which would wait for it.
     */
    tick: (nowMs: number, wallMs: number): void => trust.tick(nowMs, wallMs),

    /** Rows that changed since the last call. */
    exportCredibility: (): CredibilityRow[] => trust.credibility.exportDirty(),

    importCredibility: (rows: Iterable<CredibilityRow>): void => trust.importCredibility(rows),
  };
}
