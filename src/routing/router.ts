/**
 * The router of one node: owns what is known of every peer, makes the decisions, and is told how each attempt went. Pure:
 * time and randomness are given in, nothing is sent or stored here; `exportDirty` hands out what should be.
 *
 * For each attempt call `onSent` once, any number of `onAck` and `onProgress`, and exactly one end: `onRefused`, `onGood`,
 * `onBad`, `onSkillFailed`, `onTimeout`, `onLost`, `onOvertaken` or `onReleased`. `now` is local monotonic ms throughout.
 */
import type { Random } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Load } from "../network/messages.ts";
import type { Candidate, Decision, RoutingRequest } from "./candidate.ts";
import type { ChooseContext } from "./choose.ts";
import { Decider } from "./decide.ts";
import type { Draft } from "./decide.ts";
import { EvidenceTable } from "./evidence-table.ts";
import type { EvidenceRow, VerdictNote } from "./evidence-row.ts";
import { indirectOfPin } from "./evidence.ts";
import { MetricsTable } from "./metrics-table.ts";
import * as metrics from "./metrics.ts";
import { Prospects } from "./prospects.ts";
import { trustCalls } from "./router-trust.ts";
import { Trust } from "./trust.ts";

export interface RouterOptions {
  random: Random;
  /** This node, of which no evidence is kept. */
  self: PeerIdText;
}

export interface Outcome extends VerdictNote {
  /** Run time as measured here, from the acceptance (the first progress if it was queued) to the response, ms. */
  wallMs?: number;
  /** As reported with the response. */
  load?: Load;
}

/** Trust in a peer over all skills, for people. `good` and `bad` are decayed weights. */
export interface PeerTrust {
  mean: number;
  lower: number;
  good: number;
  bad: number;
  reliability: number;
}

/** What is measured of a peer, for people. */
export interface PeerGauges {
  /** null before the first measurement. */
  rttMs: number | null;
  inFlight: number;
  ejected: boolean;
  /** Why the peer was last proved wrong; "" if never since the start. */
  lastBad: string;
}

export type Router = ReturnType<typeof createRouter>;

export function createRouter({ random, self }: RouterOptions) {
  const changed = (peer: PeerIdText): void => prospects.changed(peer);
  const evidence = new EvidenceTable({
    onPeer: changed,
    hearsay: (peer, skill) => trust.indirect(peer, skill),
  });
  const trust = new Trust(self, evidence, changed);
  const gauges = new MetricsTable({
    onPeer: (peer) => prospects.recorded(peer),
    onChange: (peer) => prospects.measured(peer),
  });
  const prospects = new Prospects(evidence, gauges);
  const decider = new Decider(prospects);
  const lastBad = new Map<PeerIdText, string>();
  // Evidence outlives the process, so it is dated by the wall clock; decisions and imports say how far that is from `now`.
  let wallOffsetMs = 0;
  const wall = (now: number): number => now + wallOffsetMs;

  /** The peer answered something about the attempt. */
  function heard(peer: PeerIdText, load: Load | undefined, now: number): metrics.PeerMetrics {
    const m = gauges.of(peer);
    metrics.answered(m, now);
    metrics.observeLoad(m, load, now);
    return m;
  }

  function contextOf(skill: string, now: number): ChooseContext {
    return { random, now, skillMs: gauges.serviceMs(skill), strangerPrior: evidence.prior };
  }

  /** An answer that ends the attempt. */
  function closed(peer: PeerIdText, skill: string, outcome: Outcome, now: number): void {
    metrics.ended(heard(peer, outcome.load, now));
    if (outcome.wallMs !== undefined) gauges.service(peer, skill, outcome.wallMs, now);
    if (peer !== self) evidence.reply(peer, skill, wall(now));
  }

  /** The attempt ended without an answer. */
  function silent(peer: PeerIdText, skill: string, now: number, transport: boolean): void {
    const m = gauges.of(peer);
    metrics.ended(m);
    if (peer === self) return;
    const newFault = transport ? metrics.transportFailed(m, now, random) : metrics.timedOut(m, now);
    if (newFault) evidence.timeout(peer, skill, wall(now));
  }

  return {
    /** `nowMs`: monotonic; `wallMs`: since the epoch. Never throws; an empty `order` means that nobody can do it now. */
    decide(
      request: RoutingRequest,
      candidates: readonly Candidate[],
      nowMs: number,
      wallMs: number,
    ): Decision {
      wallOffsetMs = wallMs - nowMs;
      return decider.decide(request, candidates, contextOf(request.skill, nowMs), wallMs, false).decision;
    },

    /**
     * As `decide`, in two steps: where the load of some of the drawn is not known well enough, `ask` names them. Ask all at once,
     * tell `onProbed` what comes, and call `finish` after all answers but one or `probeWaitMs`. The draft's own decision
     * stands meanwhile.
     */
    draft(request: RoutingRequest, candidates: readonly Candidate[], nowMs: number, wallMs: number): Draft {
      wallOffsetMs = wallMs - nowMs;
      return decider.decide(request, candidates, contextOf(request.skill, nowMs), wallMs, true);
    },

    /** `silent`: those asked that did not answer in `waitedMs`. */
    finish(
      draft: Draft,
      skill: string,
      silent: ReadonlySet<PeerIdText>,
      waitedMs: number,
      nowMs: number,
      wallMs: number,
    ): Decision {
      for (const peer of silent) metrics.observeSilence(gauges.of(peer), waitedMs, nowMs);
      return decider.finish(draft, silent, waitedMs, contextOf(skill, nowMs), wallMs);
    },

    /** A peer that was asked for its load has told it. It says nothing of the attempts out there. */
    onProbed(peer: PeerIdText, rttMs: number, load: Load | undefined, now: number): void {
      const m = gauges.of(peer);
      metrics.observeLoad(m, load, now);
      metrics.observeRtt(m, rttMs, now);
    },

    /**
     * After how long without an answer a second attempt beside the one at `peer` is worth it, ms; undefined while nobody
     * knows how long the skill takes.
     */
    hedgeAfterMs(peer: PeerIdText, skill: string, now: number): number | undefined {
      const m = gauges.get(peer);
      const service = m?.services.get(skill);
      const runMs = service?.averageMs ?? gauges.measuredMs(skill);
      if (runMs === undefined) return undefined;
      const rttMs = m === undefined ? 0 : Math.max(0, metrics.rttAt(m, now));
      // Three runs, or as TCP has it, whatever is usual where runs differ much (RFC 6298).
      const slowMs = Math.max(3 * runMs, runMs + 4 * (service?.deviationMs ?? 0));
      return Math.max(leastHedgeMs, rttMs + slowMs);
    },

    /** An attempt was ended after `leastMs` because another was faster: it tells how slow the peer is. */
    onOvertaken(peer: PeerIdText, skill: string, leastMs: number): void {
      const m = gauges.get(peer);
      if (m === undefined) return;
      metrics.observeOverrun(m, skill, leastMs);
      metrics.released(m);
    },

    /** A result of the peer was rated, 0–1, by a check that knows more than right or wrong. */
    onRated(peer: PeerIdText, skill: string, rating: number): void {
      const m = gauges.get(peer);
      if (m !== undefined) metrics.observeRating(m, skill, rating);
    },

    onSent(peer: PeerIdText, _skill: string, now: number): void {
      metrics.sent(gauges.of(peer), now);
    },

    /** Accepted or queued. `rttMs`: from sending the request to its acknowledgement. */
    onAck(peer: PeerIdText, rttMs: number, load: Load | undefined, now: number): void {
      const m = heard(peer, load, now);
      metrics.accepted(m);
      metrics.observeRtt(m, rttMs, now);
    },

    /** An honest and prompt answer: it moves neither trust nor reliability, the peer is only left alone for a while. */
    onRefused(peer: PeerIdText, load: Load | undefined, retryAfterMs: number | undefined, now: number): void {
      const m = heard(peer, load, now);
      metrics.ended(m);
      metrics.refused(m, retryAfterMs, now);
    },

    onProgress(peer: PeerIdText, load: Load | undefined, now: number): void {
      heard(peer, load, now);
    },

    /**
     * Completed, with signature, hash and schema in order. `grounded`: the result was also checked against the truth;
     * without it the outcome counts as weak evidence only (evidence.ts says why).
     */
    onGood(peer: PeerIdText, skill: string, outcome: Outcome & { grounded?: boolean }, now: number): void {
      closed(peer, skill, outcome, now);
      if (peer === self) return;
      if (outcome.grounded === true) {
        trust.onOutcome(peer, true, wall(now));
        evidence.good(peer, skill, wall(now), outcome);
      } else evidence.weakGood(peer, skill, wall(now));
    },

    /** The skill failed on this input, as it may: an answer, and no verdict on whoever ran it. */
    onSkillFailed(peer: PeerIdText, skill: string, outcome: Outcome, now: number): void {
      closed(peer, skill, outcome, now);
    },

    /** A lie proved by the answer itself (hash, signature, schema) or by a check of the result. */
    onBad(peer: PeerIdText, skill: string, reason: string, now: number, outcome: Outcome = {}): void {
      closed(peer, skill, outcome, now);
      if (peer === self) return;
      trust.onOutcome(peer, false, wall(now));
      evidence.bad(peer, skill, wall(now), { ...outcome, reason });
      if (lastBad.size >= lastBadKept) lastBad.clear();
      lastBad.set(peer, reason);
    },

    /** The deadline passed while the peer kept its lease. */
    onTimeout(peer: PeerIdText, skill: string, now: number): void {
      silent(peer, skill, now, false);
    },

    /** No acknowledgement, a lost connection or a lease that ran out. */
    onLost(peer: PeerIdText, skill: string, now: number): void {
      silent(peer, skill, now, true);
    },

    /** Ended by ourselves (cancelled, shut down, another attempt won): no judgement. */
    onReleased(peer: PeerIdText): void {
      const m = gauges.get(peer);
      if (m !== undefined) metrics.released(m);
    },

    /** Average run of a skill as measured here over all peers, ms; 0 before the first. */
    skillMs: (skill: string): number => gauges.serviceMs(skill),

    /** Over all skills, as of the last decision or feedback. */
    trustOf(peer: PeerIdText, now: number, pin?: number): PeerTrust {
      if (peer === self) return { mean: 1, lower: 1, good: 0, bad: 0, reliability: 1 };
      const standing = evidence.standing(peer, undefined, indirectOfPin(pin), wall(now));
      const { good, bad } = evidence.total(peer, wall(now));
      const { mean, lower, reliability } = standing;
      return { mean, lower, good, bad, reliability };
    },

    gaugesOf(peer: PeerIdText, now: number): PeerGauges {
      const m = gauges.get(peer);
      const badReason = lastBad.get(peer) ?? "";
      if (m === undefined) return { rttMs: null, inFlight: 0, ejected: false, lastBad: badReason };
      const rttMs = metrics.rttAt(m, now);
      return {
        rttMs: rttMs < 0 ? null : rttMs,
        inFlight: m.inFlight,
        ejected: metrics.isEjected(m, now),
        lastBad: badReason,
      };
    },

    ...trustCalls({ self, trust, evidence }),

    /** Rows that changed since the last call. */
    exportDirty(): EvidenceRow[] {
      return evidence.exportDirty();
    },

    /** At start, before the first decision, also when there are no rows: it sets the wall clock. */
    import(rows: Iterable<EvidenceRow>, nowMs: number, wallMs: number): void {
      wallOffsetMs = wallMs - nowMs;
      evidence.import(rows);
    },
  };
}

/** Sooner than this a second attempt costs more than it saves. */
const leastHedgeMs = 400;
/** Reasons kept for people to read. */
const lastBadKept = 1_000;
