/**
 * What this node itself has seen of one peer at one skill, and how much trust follows from it: the formulas alone, on
 * plain records. Who keeps the records is `evidence-table.ts`.
 *
 * Two kinds of good outcome are told apart:
 *
 * - A *grounded* verdict: the result was checked against the truth (run again here, a known answer, an anchor).
 * - A *weak* one: the peer completed, signed, and its output has the promised hash and shape. That shows that it keeps
 *   the protocol, not that the answer is right: a liar can produce it at will. So it weighs half and stops counting at
 *   `weakCap`, and each bad verdict halves that cap. One grounded failure leaves at most 2.5 weak points against 4 bad
 *   ones, however often the peer goes on to agree: ungrounded agreement never outweighs a grounded failure.
 *
 * A bad verdict is always grounded: the lie is proved by the message itself (hash, signature, schema) or by a check.
 * Timeouts, losses and cancellations move only the reliability, because slow networks and full machines are no lies.
 */

export interface Evidence {
  /** A: decayed count of good verdicts. */
  good: number;
  /**
   * Right and wrong grounded verdicts as they are, of the last fifty or so: a frequency. It is all that this node tells others,
   * who draw their own conclusions.
   */
  right: number;
  wrong: number;
  /** CV: grounded good verdicts since the last bad one. */
  valid: number;
  /** B: decayed weight of bad verdicts, four for each; good verdicts wear it off slowly. */
  bad: number;
  /** Bad verdicts ever, for people. */
  badCount: number;
  /** r, 0–1: share of attempts that come back at all. */
  reliability: number;
  /** Wall clock of the last change, ms since the epoch: decay counts from here. */
  updatedAt: number;
}

/** What others say of a peer, in pseudo-observations: I⁺ and I⁻. Pins today; the trust graph adds to the same two. */
export interface Indirect {
  good: number;
  bad: number;
}

/** What a peer did at other skills than the one asked for, decayed: A, B, and how many of the good ones were checked. */
export type Elsewhere = Pick<Evidence, "good" | "bad" | "right">;

export const nothingElsewhere: Elsewhere = Object.freeze({ good: 0, bad: 0, right: 0 });

/** Trust in one peer at one skill, as routing uses it. θ ~ Beta(a, b). */
export interface Standing {
  a: number;
  b: number;
  mean: number;
  /** Mean less one standard deviation, 0–1. */
  lower: number;
  reliability: number;
  /** Enough is known to tell it from a stranger: a + b − 2 ≥ 4. */
  known: boolean;
  /** A lie of its was proved, here or at another skill, and is not forgotten yet. */
  lied: boolean;
}

const dayMs = 24 * 3_600_000;
export const goodHalfLifeMs = 7 * dayMs;
/** Bad news lasts twice as long, so that a liar cannot wait it out between two harvests. */
export const badHalfLifeMs = 14 * dayMs;
/** A peer that nobody asks any more cannot prove that it recovered, so unreliability forgets itself. */
export const reliabilityHalfLifeMs = 30 * 60_000;
/** Bounds the price of unreliability; a peer at 0 could never be tried again. */
const reliabilityFloor = 0.02;

const badWeight = 4;
/**
 * What each verdict leaves of the frequencies, and each good one of B. Without it B would only grow in a peer that is used a
 * thousand times a day and errs, as honest ones do, in two of a hundred: soon nobody would be trusted any more.
 */
const verdictDecay = 0.98;
const weakWeight = 0.5;
/** Above the 4 that make a peer known, so that two idle days do not turn it into a stranger again. */
const weakCap = 5;
const priorStrength = 2;
/** What was good elsewhere counts for at most so many here, what was bad for at most half as many: it stays, where the good fades. */
const goodElsewhere = 8;
const uncheckedElsewhere = 4;
const badElsewhere = 4;
const knownAt = 4;
/** A pin weighs as much as everything that others may say together. */
const pinStrength = 10;

export function newEvidence(now: number): Evidence {
  return { good: 0, right: 0, wrong: 0, valid: 0, bad: 0, badCount: 0, reliability: 1, updatedAt: now };
}

/** Share left of something that halves every `halfLifeMs`. A clock that went back decays nothing. */
export function remaining(elapsedMs: number, halfLifeMs: number): number {
  return elapsedMs > 0 ? 2 ** (-elapsedMs / halfLifeMs) : 1;
}

export function reliabilityAt(e: Evidence, now: number): number {
  if (e.reliability === 1) return 1;
  return 1 - (1 - e.reliability) * remaining(now - e.updatedAt, reliabilityHalfLifeMs);
}

/** The record as of `now`. */
export function decayed(e: Evidence, now: number): Evidence {
  const copy = { ...e };
  settle(copy, now);
  copy.updatedAt = now;
  return copy;
}

function settle(e: Evidence, now: number): void {
  const elapsedMs = now - e.updatedAt;
  e.reliability = reliabilityAt(e, now);
  if (elapsedMs <= 0) return;
  const [goodLeft, badLeft] = [remaining(elapsedMs, goodHalfLifeMs), remaining(elapsedMs, badHalfLifeMs)];
  e.good *= goodLeft;
  e.right *= goodLeft;
  e.bad *= badLeft;
  e.wrong *= badLeft;
  e.updatedAt = now;
}

/** A grounded good verdict: A ← 0.995·A + 1, B ← 0.98·B. */
export function addGood(e: Evidence, now: number): void {
  settle(e, now);
  e.good = 0.995 * e.good + 1;
  e.bad *= verdictDecay;
  count(e, 1, 0);
  e.valid += 1;
}

/**
 * A completed, signed, well-formed result that nobody checked: up to the cap and never down. Returns whether it changed
 * anything: a peer at the cap, which is every peer in steady use, costs no write.
 */
export function addWeakGood(e: Evidence, now: number): boolean {
  const cap = weakCap * goodWordLeft(e.bad);
  if (e.good * remaining(now - e.updatedAt, goodHalfLifeMs) >= 0.999 * cap) return false;
  settle(e, now);
  e.good = Math.min(cap, e.good + weakWeight);
  return true;
}

/** A proved lie: A ← A/2, B ← B + 4. */
export function addBad(e: Evidence, now: number): void {
  settle(e, now);
  e.good /= 2;
  count(e, 0, 1);
  e.valid = 0;
  e.bad += badWeight;
  e.badCount += 1;
}

function count(e: Evidence, right: number, wrong: number): void {
  e.right = verdictDecay * e.right + right;
  e.wrong = verdictDecay * e.wrong + wrong;
}

/** Any answer, right or wrong: r ← 0.9·r + 0.1. Returns whether it changed anything. */
export function addReply(e: Evidence, now: number): boolean {
  if (e.reliability === 1) return false;
  settle(e, now);
  e.reliability = 0.9 * e.reliability + 0.1;
  // It would come closer for ever and be written each time.
  if (e.reliability > 0.999) e.reliability = 1;
  return true;
}

/** An attempt that never came back: r ← 0.8·r. */
export function addTimeout(e: Evidence, now: number): void {
  settle(e, now);
  e.reliability = Math.max(reliabilityFloor, 0.8 * e.reliability);
}

/**
 * ½^nb, down to a sixteenth: what is left of a good word about somebody who failed here. nb are the bad verdicts that
 * their weight B still stands for.
 */
export function goodWordLeft(bad: number): number {
  return 0.5 ** Math.min(4, bad / badWeight);
}

/**
 * An operator's pin as pseudo-observations: p = 1 is ten good ones, p = 0 ten bad ones. It is a recommendation with a
 * known sender, not a privilege: own bad verdicts halve its good part as they do for anyone's word.
 */
export function indirectOfPin(pin: number | undefined): Indirect {
  if (pin === undefined || !(pin >= 0)) return { good: 0, bad: 0 };
  const p = Math.min(1, pin);
  return { good: pinStrength * p, bad: pinStrength * (1 - p) };
}

/**
 * Trust in a stranger from own first encounters (S good, F bad): clip(S/(S+F), .02, .5). Two imaginary encounters of
 * each kind stand beside the real ones, else one early liar would close the door to everybody who comes after.
 */
export function strangerPrior(good: number, bad: number): number {
  return Math.min(0.5, Math.max(0.02, (good + 2) / (good + bad + 4)));
}

/**
 * Posterior of (peer, skill):
 *
 *     a = 2·p0     + A + I⁺·½^min(4,nb) + back-off of good
 *     b = 2·(1−p0) + B + I⁻             + back-off of bad
 *
 * Back-off: what the peer did at *other* skills stands in, the good for at most eight observations and the bad for four, in
 * their proportion; with four of both, whoever was good elsewhere stayed just outside the band. Of the good, what nobody checked
 * stands in for four at most: a liar can produce it at will, at as many skills as it likes. The good part fades as own evidence
 * comes in, so that agreement elsewhere cannot outvote a failure here; the bad part stays, because one who lies at one skill is
 * not to be trusted at the next.
 */
export function posterior(
  e: Evidence | undefined,
  elsewhere: Elsewhere,
  indirect: Indirect,
  prior: number,
  now: number,
): Standing {
  let good = 0;
  let bad = 0;
  if (e !== undefined) {
    good = e.good * remaining(now - e.updatedAt, goodHalfLifeMs);
    bad = e.bad * remaining(now - e.updatedAt, badHalfLifeMs);
  }
  const others = elsewhere.good + elsewhere.bad;
  let a = priorStrength * prior + good + indirect.good * goodWordLeft(bad);
  let b = priorStrength * (1 - prior) + bad + indirect.bad;
  if (others > 0) {
    const mostGood = Math.min(goodElsewhere, uncheckedElsewhere + elsewhere.right);
    a += (Math.min(others, Math.max(0, mostGood - good - bad)) * elsewhere.good) / others;
    b += (Math.min(others, badElsewhere) * elsewhere.bad) / others;
  }
  const n = a + b;
  const mean = a / n;
  const deviation = Math.sqrt((mean * (1 - mean)) / (n + 1));
  return {
    a,
    b,
    mean,
    lower: Math.max(0, mean - deviation),
    reliability: e === undefined ? 1 : reliabilityAt(e, now),
    known: n - 2 >= knownAt,
    lied: bad + elsewhere.bad >= badWeight / 2,
  };
}
