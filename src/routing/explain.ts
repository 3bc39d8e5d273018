/**
 * A decision in words, for `errand task explain`. Takes what is stored with an attempt, which came from this code but went
 * through the disk, and perhaps from an older version of it.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { ConsideredPeer, Decision } from "./candidate.ts";

/** How a peer is called in a sentence: PeerIds of Ed25519 keys all begin alike, so the end tells them apart. */
export function shortPeer(peer: PeerIdText): string {
  return peer.length > 12 ? `…${peer.slice(-8)}` : peer;
}

/** One sentence about the choice, one for each peer considered, one for the rest. */
export function explainDecision(decision: Decision): string[] {
  const sentences = [choiceSentence(decision)];
  for (const peer of decision.considered)
    sentences.push(peerSentence(peer, decision.order.indexOf(peer.peer)));
  if (decision.omitted > 0) sentences.push(`${count(decision.omitted, "more peer")} not listed.`);
  return sentences;
}

export interface ExplainedAttempt {
  attempt: number;
  peer: PeerIdText;
  /** completed, failed, cancelled, timeout, refused, lost; "" while it is out. */
  outcome: string;
  /** The error's message, if there was one. */
  message?: string;
  decision?: unknown;
}

/**
 * One paragraph on where a task is and why, from its attempts in order and the last decision that found nobody, if
 * there is one (`waiting`). `status` is the task's state, `reason` its reason code or "".
 */
export function summaryParagraph(task: {
  status: string;
  reason: string;
  skill: string;
  attempts: readonly ExplainedAttempt[];
  waiting?: Decision;
}): string {
  const state = `The task (${task.skill}) is ${task.status}${task.reason === "" ? "" : ` (${task.reason})`}.`;
  const sentences = [state];
  if (task.attempts.length === 0) sentences.push("No attempt was made yet.");
  const shown = task.attempts.length > 6 ? task.attempts.slice(-6) : task.attempts;
  if (shown.length < task.attempts.length)
    sentences.push(`${count(task.attempts.length - shown.length, "earlier attempt")} left out.`);
  for (const attempt of shown) sentences.push(attemptSentence(attempt));
  if (task.waiting !== undefined) {
    sentences.push(choiceSentence(task.waiting), ...refusalSummary(task.waiting));
    if (task.waiting.retryAfterMs !== undefined)
      sentences.push(`The first of them can be asked again in ${duration(task.waiting.retryAfterMs)}.`);
  }
  return sentences.join(" ");
}

/** Whether a stored value still has a decision's shape. */
export function isDecision(value: unknown): value is Decision {
  const decision = value as Partial<Decision> | null;
  return (
    typeof decision === "object" &&
    decision !== null &&
    Array.isArray(decision.order) &&
    Array.isArray(decision.considered) &&
    typeof decision.how === "string" &&
    typeof decision.omitted === "number"
  );
}

function attemptSentence(attempt: ExplainedAttempt): string {
  const where =
    isDecision(attempt.decision) && isLocal(attempt.decision, attempt.peer)
      ? "this node"
      : shortPeer(attempt.peer);
  const how = isDecision(attempt.decision) ? `, ${whyChosen(attempt.decision)},` : "";
  const message = attempt.message === undefined || attempt.message === "" ? "" : `: ${attempt.message}`;
  const outcome = attempt.outcome === "" ? "is under way" : `ended as ${attempt.outcome}`;
  return `Attempt ${attempt.attempt} at ${where}${how} ${outcome}${message}.`;
}

function whyChosen(decision: Decision): string {
  const considered = decision.considered.length + decision.omitted;
  const of = considered === 1 ? "the one peer known" : `out of ${considered} peers known`;
  switch (decision.how) {
    case "pinned-peer":
      return "which the task names";
    case "only":
      return considered === 1 ? "the only peer known that offers it" : `the only one that can do it ${of}`;
    case "hedge":
      return `sent beside a slow attempt, the best of ${decision.order.length} drawn ${of}`;
    case "exploration":
      return `tried as a newcomer ${of}`;
    default:
      return `the best of ${decision.order.length} drawn ${of}`;
  }
}

function choiceSentence(decision: Decision): string {
  const chosen = decision.order[0];
  const considered = decision.considered.length + decision.omitted;
  if (chosen === undefined) {
    return considered === 0
      ? "No peer is known that offers the skill."
      : `None of ${count(considered, "known peer")} can take the task now.`;
  }
  const who = isLocal(decision, chosen) ? "This node" : shortPeer(chosen);
  const fallbacks = decision.order.length - 1;
  const then = fallbacks === 0 ? "no fallback" : count(fallbacks, "fallback");
  const { probes } = decision;
  const asked =
    probes === undefined
      ? ""
      : ` ${count(probes.asked, "peer")} were asked for their load first; ${probes.answered} answered within ${duration(probes.waitedMs)}.`;
  return `${who} was chosen, ${whyChosen(decision)}; ${then}.${asked}`;
}

function peerSentence(peer: ConsideredPeer, place: number): string {
  const who = peer.local ? "This node" : shortPeer(peer.peer);
  if (peer.refused !== "") return `${who}: not taken: ${peer.refused}.`;
  const role = place === 0 ? "chosen" : `fallback ${place}`;
  const { load, score } = peer;
  const busy = `${load.running} of ${load.slots} slots busy, ${load.queued} waiting, ${peer.inFlight} of ours there`;
  const trust = peer.local
    ? ""
    : `; trust ${peer.trustMean.toFixed(2)}, at least ${peer.trustLower.toFixed(2)}, reliability ${peer.reliability.toFixed(2)}`;
  if (score === null) return `${who}: ${role}; ${busy}${trust}.`;
  const parts = [
    `round trip ${duration(score.rttMs)}`,
    `run and wait ${duration(score.serviceMs)}`,
    `unreliability ${duration(score.unreliabilityMs)}`,
    `distrust ${duration(score.distrustMs)}`,
    `price ${duration(score.priceMs)}`,
  ];
  if (score.qualityMs !== undefined && score.qualityMs > 0)
    parts.push(`ratings ${duration(score.qualityMs)}`);
  return `${who}: ${role}; expected ${duration(score.totalMs)} to a good result (${parts.join(", ")}); ${busy}${trust}.`;
}

/** The reasons of those that were refused, each once with its number, most frequent first. */
function refusalSummary(decision: Decision): string[] {
  const reasons = new Map<string, number>();
  for (const { refused } of decision.considered) {
    if (refused !== "") reasons.set(refused, (reasons.get(refused) ?? 0) + 1);
  }
  if (reasons.size === 0) return [];
  const listed = Array.from(reasons).toSorted((x, y) => y[1] - x[1]);
  return [`Reasons: ${listed.map(([why, n]) => (n === 1 ? why : `${why} (${n} peers)`)).join("; ")}.`];
}

function isLocal(decision: Decision, peer: PeerIdText): boolean {
  return decision.considered.some((c) => c.peer === peer && c.local);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function duration(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}
