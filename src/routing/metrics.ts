/**
 * What this node measures of each peer from moment to moment: round trip, service times, load, attempts in flight,
 * and whether it is worth trying at all just now. All times are local monotonic ms. None of it is saved: after a
 * restart it would be wrong. The records of all peers are kept by `metrics-table.ts`.
 */
import type { Random } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Load } from "../network/messages.ts";

/** Own measurements of one peer at one skill. */
export interface Service {
  averageMs: number;
  /** Average distance from the average: how far a run may be off without being slow. */
  deviationMs: number;
  leastMs: number;
  samples: number;
  /** When the last one came. */
  at: number;
  /** Average rating of its results, 0–1; 1 while nobody rated them. */
  rating: number;
}

export interface PeerMetrics {
  /** Peak-EWMA of the time to an answer, as of `rttAt`; −1 before the first. */
  rttMs: number;
  rttAt: number;
  /** About the least seen: what a peak decays to. */
  rttFloorMs: number;
  /** Own attempts out there. */
  inFlight: number;
  /** Last load the peer told us; undefined before the first. */
  load: Load | undefined;
  loadAt: number;
  /** Own attempts sent since that report, which it cannot include. */
  sentSinceLoad: number;
  /** Transport failures in a row. */
  failures: number;
  failedAt: number;
  timedOutAt: number;
  /** Ejections since the last long healthy time. */
  ejections: number;
  ejectedUntil: number;
  /** After an ejection has ended one attempt may try the peer; this is when it left, −1 while there is none. */
  probeAt: number;
  /** Refusals in a row. */
  refusals: number;
  avoidUntil: number;
  services: Map<string, Service>;
}

/** Finagle's decay time of a latency peak. */
const peakDecayMs = 10_000;
const serviceWeight = 0.2;
const ratingWeight = 0.1;
const failuresToEject = 3;
const ejectionMs = 30_000;
const longestEjectionMs = 300_000;
/** A cut link takes many attempts with it in one moment: that is one fault, not as many as there were attempts. */
const sameFaultMs = 1_000;
/** A probe whose end was never told gives the place to another after this long. */
const probeLifetimeMs = 60_000;
/** A run time is believed to be the least possible only after so many. */
const samplesForLeast = 5;
const firstAvoidMs = 50;
const longestAvoidMs = 10_000;
/** Nobody can make us stay away longer than this by a large retryAfter. */
const longestRetryAfterMs = 60_000;

export function newMetrics(): PeerMetrics {
  return {
    rttMs: -1,
    rttAt: 0,
    rttFloorMs: 0,
    inFlight: 0,
    load: undefined,
    loadAt: 0,
    sentSinceLoad: 0,
    failures: 0,
    failedAt: -Infinity,
    timedOutAt: -Infinity,
    ejections: 0,
    ejectedUntil: 0,
    probeAt: -1,
    refusals: 0,
    avoidUntil: 0,
    services: new Map(),
  };
}

/**
 * Peak-EWMA (Finagle, `PeakEwma.scala`): a higher value is believed at once, a lower one slowly, because a peer that has
 * become slow does so suddenly and sends few samples.
 */
export function observeRtt(m: PeerMetrics, rttMs: number, now: number): void {
  if (!(rttMs >= 0) || rttMs === Infinity) return;
  if (m.rttMs < 0) {
    m.rttMs = m.rttFloorMs = rttMs;
  } else {
    const weight = Math.exp(-Math.max(0, now - m.rttAt) / peakDecayMs);
    m.rttMs = Math.max(rttMs, m.rttMs * weight + rttMs * (1 - weight));
    m.rttFloorMs = rttMs < m.rttFloorMs ? rttMs : m.rttFloorMs + 0.01 * (rttMs - m.rttFloorMs);
  }
  m.rttAt = now;
}

/** The estimate now: a peak is forgotten also while nothing is sent. −1 when never measured. */
export function rttAt(m: PeerMetrics, now: number): number {
  if (m.rttMs < 0) return -1;
  const above = Math.max(0, m.rttMs - m.rttFloorMs);
  return m.rttFloorMs + above * Math.exp(-Math.max(0, now - m.rttAt) / peakDecayMs);
}

export function observeService(m: PeerMetrics, skill: string, wallMs: number, now: number): boolean {
  if (!(wallMs >= 0) || wallMs === Infinity) return false;
  const known = m.services.get(skill);
  if (known === undefined) {
    if (m.services.size >= limits.evidenceSkillsPerPeer)
      m.services.delete(m.services.keys().next().value ?? "");
    m.services.set(skill, {
      averageMs: wallMs,
      deviationMs: 0,
      leastMs: wallMs,
      samples: 1,
      at: now,
      rating: 1,
    });
    return true;
  }
  known.deviationMs += serviceWeight * (Math.abs(wallMs - known.averageMs) - known.deviationMs);
  known.averageMs += serviceWeight * (wallMs - known.averageMs);
  known.leastMs = Math.min(known.leastMs, wallMs);
  known.samples += 1;
  known.at = now;
  return false;
}

/** A run that was ended before its end: it would have taken at least so long. Shorter than expected it says nothing. */
export function observeOverrun(m: PeerMetrics, skill: string, leastMs: number): void {
  const known = m.services.get(skill);
  if (known === undefined || !(leastMs > known.averageMs) || leastMs === Infinity) return;
  known.averageMs += serviceWeight * (leastMs - known.averageMs);
}

/** A result was rated, 0–1; anything else is ignored. */
export function observeRating(m: PeerMetrics, skill: string, rating: number): void {
  const known = m.services.get(skill);
  if (known !== undefined && rating >= 0 && rating <= 1)
    known.rating += ratingWeight * (rating - known.rating);
}

/** No answer came within `waitedMs`: the round trip is at least as long. */
export function observeSilence(m: PeerMetrics, waitedMs: number, now: number): void {
  if (waitedMs > rttAt(m, now)) observeRtt(m, waitedMs, now);
}

/** A report that is not made of sensible numbers is ignored: it comes from a stranger. */
export function observeLoad(m: PeerMetrics, load: Load | undefined, now: number): void {
  if (load === undefined) return;
  const sum = load.running + load.slots + load.queued + load.serviceMs;
  if (!Number.isFinite(sum) || Math.min(load.running, load.slots, load.queued, load.serviceMs) < 0) return;
  m.load = load;
  m.loadAt = now;
  m.sentSinceLoad = 0;
}

export function sent(m: PeerMetrics, now: number): void {
  m.inFlight += 1;
  m.sentSinceLoad += 1;
  if (m.failures >= failuresToEject && now >= m.ejectedUntil) m.probeAt = now;
}

/** An attempt is over. More ends than sends never make it negative. */
export function ended(m: PeerMetrics): void {
  if (m.inFlight > 0) m.inFlight -= 1;
}

/** An attempt ended by our own will: whether the peer can be reached stays open, so another may probe it. */
export function released(m: PeerMetrics): void {
  ended(m);
  m.probeAt = -1;
}

/** A deadline passed. Returns false if this was part of the last such fault: a peer that hangs fails all it has at once. */
export function timedOut(m: PeerMetrics, now: number): boolean {
  m.probeAt = -1;
  if (now - m.timedOutAt < sameFaultMs) return false;
  m.timedOutAt = now;
  return true;
}

/** The peer answered: whatever it said, it is reachable. */
export function answered(m: PeerMetrics, now: number): void {
  if (m.ejections > 0 && now - m.ejectedUntil > longestEjectionMs) m.ejections = 0;
  m.failures = 0;
  m.ejectedUntil = Math.min(m.ejectedUntil, now);
  m.probeAt = -1;
}

/**
 * A connection or a lease was lost. Three in a row eject the peer for 30 s times the number of ejections, up to 300 s, ± 10 %
 * so that the nodes of a mesh do not all come back in one moment. Returns false if this was part of the last fault.
 */
export function transportFailed(m: PeerMetrics, now: number, random: Random): boolean {
  m.probeAt = -1;
  if (now - m.failedAt < sameFaultMs) return false;
  m.failedAt = now;
  m.failures += 1;
  if (m.failures >= failuresToEject && now >= m.ejectedUntil) {
    m.ejections += 1;
    const durationMs = Math.min(longestEjectionMs, ejectionMs * m.ejections);
    m.ejectedUntil = now + durationMs * (0.9 + 0.2 * random());
  }
  return true;
}

/** The least that a run takes, as far as was measured; 0 while too little was. */
export function leastRunMs(service: Service | undefined): number {
  return service !== undefined && service.samples >= samplesForLeast ? service.leastMs : 0;
}

/** Lost so often that it may be ejected. */
export function isSuspect(m: PeerMetrics): boolean {
  return m.failures >= failuresToEject;
}

/** Ejected, or in the half-open state with the one probe under way. */
export function isEjected(m: PeerMetrics, now: number): boolean {
  if (!isSuspect(m)) return false;
  return now < m.ejectedUntil || (m.probeAt >= 0 && now - m.probeAt < probeLifetimeMs);
}

/**
 * A refusal with a delay is respected; without one the peer is left alone for 50 ms, doubled with each further refusal.
 * Refusals that come while it is being avoided answer attempts sent earlier and add nothing.
 */
export function refused(m: PeerMetrics, retryAfterMs: number | undefined, now: number): void {
  if (now >= m.avoidUntil) m.refusals += 1;
  const backOffMs = Math.min(longestAvoidMs, firstAvoidMs * 2 ** Math.min(16, m.refusals - 1));
  const askedMs = retryAfterMs !== undefined && retryAfterMs > 0 ? retryAfterMs : backOffMs;
  m.avoidUntil = Math.max(m.avoidUntil, now + Math.min(longestRetryAfterMs, askedMs));
}

export function accepted(m: PeerMetrics): void {
  m.refusals = 0;
  m.avoidUntil = 0;
}
