/**
 * What follows an attempt: the task has its result, goes elsewhere, waits for its retry, or ends. Policies are pure and
 * elsewhere (retry.ts, states.ts); judging an answer is settle.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError, type ErrorCode } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Decision } from "../routing/candidate.ts";
import type { AttemptOutcome } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import type { Run } from "./hedging.ts";
import type { Providers } from "./providers.ts";
import { markTried, stopRecord, type TaskRecord } from "./record.ts";
import { lossBudget, lossDelayMs, refusalDelayMs, retryDelayMs } from "./retry.ts";
import type { Answer, Judgement, Settlement } from "./settle.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import type { Answered } from "./verification/held.ts";
import type { Verification } from "./verification/verification.ts";

export interface AftermathOptions {
  /** Checks the answers that settlement holds back. */
  verification?: Pick<Verification, "check"> | undefined;
  table: TaskTable;
  providers: Providers;
  settlement: Settlement;
  clock: Clock;
  random: Random;
  /** How long a task for which nobody is known waits for somebody to turn up, ms. */
  discoveryWindowMs: number;
  /** What is sent again beyond a share of what is sent waits for its turn. */
  retries: Budget;
  /** Back into the ready queue. */
  requeue(record: TaskRecord): void;
  /** It waits for something else than its turn, and takes up room in the queue meanwhile. */
  park(record: TaskRecord): void;
  /** Holds all tasks of its kind back for a while; false for a task of no kind. */
  hold(record: TaskRecord, delayMs: number): boolean;
  /** It has ended: out of the queue, ready or parked. */
  leave(record: TaskRecord): void;
}

/** Where a task goes when a step of the delegation has not ended it. */
export type Next =
  | {
      /** `again`: into the queue; `later`: everybody is full, its kind waits together; `search`: nobody is known. */
      how: "again" | "later" | "search";
      delayMs: number;
      /** Of the change of state, if there is one. */
      reason: string;
    }
  /** It has an answer, which is being checked: a step that takes no place among those that are out. */
  | { how: "check"; done: Promise<Waiting | undefined> };

/** Where a task waits that no step holds. */
export type Waiting = Exclude<Next, { how: "check" }>;

/** Another attempt of the task is out beside the one that has ended. */
export interface Beside {
  /** Called just before the task ends: the other is needed no more. */
  overtaken(): void;
}

/** The attempt came to nothing; what follows from that, should the one beside it come to nothing too. */
export interface Pending {
  ifNothingElse(): Next | undefined;
}

/** What a finished attempt means for its task: nothing more when the task has ended. */
export type Conclusion = Next | Pending | undefined;

/** What one candidate said instead of taking the task. */
export interface Refusal {
  peer: PeerIdText;
  code: ErrorCode;
  message: string;
  retryAfterMs: number;
}

const finalRefusals: ReadonlySet<ErrorCode> = new Set([
  "UnsupportedSkill",
  "Unauthorized",
  "InvalidInput",
  "InsufficientFunds",
]);
const lookAtClockMs = 60_000;
const searchMs = 1_000;
const handBackBudget = 8;
// A lease's length: whoever comes back within it is not lost, elsewhere either.
const unreachableWindowMs = limits.leaseMs;

export function createAftermath(options: AftermathOptions) {
  const { table, providers, settlement, clock, random } = options;
  const verification = options.verification ?? { check: notChecked };

  /** What a finished attempt means for the task: its end, or where it goes next. With another `beside` it, that waits. */
  function conclude(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    outcome: AttemptOutcome,
    beside?: Beside,
  ): Conclusion | Promise<Conclusion> {
    if (outcome.kind === "answered") return answered(record, decision, peer, outcome, beside);
    if (beside === undefined) return gone(record, decision, peer, outcome);
    // Remembered now, while the record speaks of this attempt; what follows may never be.
    if (outcome.kind !== "refused" && outcome.kind !== "unreachable" && outcome.kind !== "unsent") {
      markTried(record, peer);
      const error = new ErrandError(
        "Lost",
        "reason" in outcome ? outcome.reason : `the attempt was ${outcome.kind}`,
      );
      remember(record, decision, peer, outcome.kind === "expired" ? "timeout" : "lost", error);
    }
    return { ifNothingElse: () => gone(record, decision, peer, outcome, true) };
  }

  /** It ended without an answer. `remembered`: its row is written. */
  function gone(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    outcome: Exclude<AttemptOutcome, { kind: "answered" }>,
    remembered = false,
  ): Next | undefined {
    const note = (how: string, error?: ErrandError): void => {
      if (!remembered) remember(record, decision, peer, how, error);
      markTried(record, peer);
    };
    switch (outcome.kind) {
      case "silent": {
        const error = new ErrandError("Lost", outcome.reason);
        note("lost", error);
        return silent(record, decision, peer, error);
      }
      case "lost": {
        const error = new ErrandError("Lost", `the worker was lost: ${outcome.reason}`);
        note("lost", error);
        // Its last word may have got lost on the way: that it shut down is no fault of the task.
        if (outcome.announced === true && record.spec.onLost !== "fail") return handedBack(record, error);
        return spoilt(record, error);
      }
      case "expired": {
        const error = new ErrandError(
          "TaskTimeout",
          `the attempt took longer than ${record.spec.attemptTimeoutMs} ms`,
          { retryable: true },
        );
        note("timeout", error);
        return retry(record, error, "timeout");
      }
      case "abandoned":
      case "overtaken":
        // Taken away to go elsewhere, and its worker did not say that it stopped.
        note("lost");
        return again(0, "moved");
      case "refused":
      case "unreachable":
      case "unsent":
        // Nothing ran.
        return again(0, "");
    }
  }

  function answered(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    answer: Answer,
    beside: Beside | undefined,
  ): Conclusion | Promise<Conclusion> {
    const verdict = settlement.judge(record, peer, answer);
    return verdict instanceof Promise
      ? verdict.then((late) => judged(record, decision, peer, late, beside))
      : judged(record, decision, peer, verdict, beside);
  }

  function judged(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    verdict: Judgement,
    beside: Beside | undefined,
  ): Conclusion {
    if (isTerminal(record.state)) return undefined;
    if (verdict.kind === "held") {
      beside?.overtaken();
      return { how: "check", done: checked(record, decision, peer) };
    }
    remember(record, decision, peer, verdict.outcome, verdict.error);
    if (verdict.kind === "done" || verdict.kind === "ended") beside?.overtaken();
    if (verdict.kind === "done") {
      table.move(record, "completed", "");
      return release(record);
    }
    if (verdict.kind === "ended") return fail(record, verdict.reason, verdict.error, verdict.state);
    markTried(record, peer);
    const { kind, error } = verdict;
    const next = (): Next | undefined => {
      if (kind === "failed") return retry(record, error, verdict.state);
      if (kind === "spoilt") return spoilt(record, error);
      if (record.moving !== undefined || record.pauseWanted) return again(0, "given back on request");
      return handedBack(record, error);
    };
    return beside === undefined ? next() : { ifNothingElse: next };
  }

  /** The answer that is held becomes the result, or gives way to another's, or came to nothing. */
  async function checked(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
  ): Promise<Waiting | undefined> {
    const finding = await verification.check(record);
    if (isTerminal(record.state)) return undefined;
    const refusal = (): ErrandError =>
      new ErrandError("VerificationFailed", `the result of ${peer} did not pass: ${finding.reason}`, {
        retryable: finding.kind !== "undecided",
        details: { peer },
      });
    if (finding.kind === "accepted" && !finding.instead) {
      remember(record, decision, peer, "completed");
      takeAnswer(record, finding.by);
      table.move(record, "completed", "");
      return release(record);
    }
    const error = refusal();
    remember(record, decision, peer, "failed", error);
    if (finding.kind === "accepted") {
      takeAnswer(record, finding.by);
      table.move(record, "completed", `the result of ${finding.by.peer}: that of ${peer} was another`);
      return release(record);
    }
    markTried(record, peer);
    if (finding.kind === "undecided") return fail(record, "verification-failed", error);
    return spoilt(record, error);
  }

  /** A former life held its answer. */
  function recheck(record: TaskRecord): Next {
    const decision: Decision = { order: [record.peer], how: "adopted", considered: [], omitted: 0 };
    return { how: "check", done: checked(record, decision, record.peer) };
  }

  function takeAnswer(record: TaskRecord, by: Answered): void {
    record.output = by.output.body;
    record.outputHash = by.output.hash;
    record.executedVersion = by.executedVersion;
    record.usage = by.usage;
    // The statement is about the task in which it was given.
    record.evidence = by.taskId === record.id ? by.evidence : undefined;
    record.peer = by.peer;
    record.progress = 1;
    record.progressMessage = "";
  }

  /** Peers that shut down give back a task now and then; one that always comes back has something about it. */
  function handedBack(record: TaskRecord, error: ErrandError): Waiting | undefined {
    if (++record.handBacks > handBackBudget) return spoilt(record, error);
    const delayMs = record.refusedRounds++ === 0 ? 0 : refusalDelayMs(record.refusedRounds, 0, random);
    return again(delayMs, "handed back by its worker");
  }

  /** Sent, and no word: it may have begun, but nothing says that the task had a part in that. */
  function silent(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    error: ErrandError,
  ): Next | undefined {
    const reason = error.message;
    if (record.spec.onLost === "fail") return fail(record, "lost", error);
    const now = clock.monotonic();
    record.unreachableSinceMs ??= now;
    if (now - record.unreachableSinceMs > unreachableWindowMs) {
      const refusal: Refusal = { peer, code: "PeerUnreachable", message: reason, retryAfterMs: 0 };
      return fail(record, "no-capable-peer", noCapablePeer(record, decision, [refusal]));
    }
    return again(
      record.refusedRounds++ === 0 ? 0 : refusalDelayMs(record.refusedRounds, 0, random),
      `${reason}; going elsewhere`,
    );
  }

  /** An attempt that came to nothing through its peer. It has a budget of its own and uses up no retry. */
  function spoilt(record: TaskRecord, error: ErrandError): Waiting | undefined {
    record.lossesMade++;
    const lied = error.code === "VerificationFailed";
    if (record.spec.onLost === "fail" && !lied) return fail(record, "lost", error);
    if (record.lossesMade < lossBudget) {
      const turnMs = options.retries.owe(clock.monotonic());
      // The first time it goes elsewhere at once: a worker that crashes is no sign of overload.
      const delayMs = record.lossesMade === 1 ? 0 : Math.max(turnMs, lossDelayMs(record.lossesMade - 1));
      return again(delayMs, `${error.message}; going elsewhere`);
    }
    if (lied) return fail(record, "verification-failed", error);
    const hint = "The task may be what ends its workers; look at its input, then submit it again.";
    const message = `spoilt by ${record.lossesMade} workers, the last: ${error.message}`;
    return fail(record, "dead-letter", new ErrandError("Lost", message, { retryable: false, hint }));
  }

  function retry(record: TaskRecord, error: ErrandError, state: "failed" | "timeout"): Next | undefined {
    const { retry: policy } = record.spec;
    if (!error.retryable || record.retriesMade >= policy.retries) return fail(record, "error", error, state);
    const policyMs = retryDelayMs(policy, record.retriesMade, random, error.retryAfterMs);
    const delayMs = Math.max(policyMs, options.retries.owe(clock.monotonic()));
    record.retriesMade++;
    return again(
      delayMs,
      `retry ${record.retriesMade} of ${policy.retries} in ${Math.round(delayMs / 100) / 10} s: ${error.message}`,
    );
  }

  /** Nobody may be asked: look for providers until the window ends, or wait for one that is only shut out for a while. */
  function nobody(record: TaskRecord, decision: Decision): Next | undefined {
    const now = clock.monotonic();
    record.searchingSinceMs ??= now;
    if (decision.retryAfterMs !== undefined) {
      const delayMs = Math.min(Math.max(decision.retryAfterMs, 50), 5_000);
      return { how: "later", delayMs, reason: "every capable peer is shut out for a moment" };
    }
    const leftMs = record.searchingSinceMs + options.discoveryWindowMs - now;
    if (leftMs > 0) return { how: "search", delayMs: Math.min(leftMs, searchMs), reason: "" };
    return fail(record, "no-capable-peer", noCapablePeer(record, decision));
  }

  function noteRefusal(record: TaskRecord, peer: PeerIdText, said: Omit<Refusal, "peer">): void {
    // Full, draining or rate-limited peers may be asked again; the others would say the same.
    if (!finalRefusals.has(said.code)) return;
    markTried(record, peer, `${said.code}: ${said.message}`);
  }

  function everybodyRefused(record: TaskRecord, decision: Decision, refusals: Refusal[]): Next | undefined {
    const invalid = refusals.find((one) => one.code === "InvalidInput");
    if (invalid !== undefined) {
      const hint = `See the skill's input schema: errand skill get ${record.spec.skill}`;
      return fail(
        record,
        "error",
        new ErrandError("InvalidInput", invalid.message, { details: { peer: invalid.peer }, hint }),
      );
    }
    const now = clock.monotonic();
    if (refusals.every((one) => one.code === "PeerUnreachable")) record.unreachableSinceMs ??= now;
    else record.unreachableSinceMs = undefined;
    if (record.unreachableSinceMs !== undefined && now - record.unreachableSinceMs > unreachableWindowMs) {
      return fail(record, "no-capable-peer", noCapablePeer(record, decision, refusals));
    }
    const last = refusals.at(-1);
    const retryAfterMs = Math.min(...refusals.map((one) => one.retryAfterMs));
    const delayMs = refusalDelayMs(record.refusedRounds++, retryAfterMs, random);
    return {
      how: "later",
      delayMs,
      reason: `refused by ${refusals.length}; the last said ${last?.code}: ${last?.message}`,
    };
  }

  /**
   * Puts a task that no step holds where it waits next. A wish that was left meanwhile comes first: to be paused, or to go
   * elsewhere at once.
   */
  function place(record: TaskRecord, next: Waiting): void {
    if (isTerminal(record.state)) return;
    record.peer = "";
    record.progress = 0;
    if (record.pauseWanted) return hold(record, next.reason);
    if (record.moving !== undefined) return wake(record, "moved");
    if (next.how === "search") return search(record, next.delayMs);
    if (next.how === "later") {
      if (record.state !== "queued") table.move(record, "queued", next.reason);
      record.progressMessage = next.reason;
      if (!options.hold(record, next.delayMs)) sleepFor(record, next.delayMs);
      return;
    }
    if (next.delayMs <= 0) return wake(record, next.reason);
    if (record.state !== "queued") table.move(record, "retrying", next.reason);
    sleepFor(record, next.delayMs);
  }

  /** Paused. */
  function hold(record: TaskRecord, reason: string): void {
    record.pauseWanted = false;
    options.leave(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    table.move(record, "paused", reason);
  }

  function sleepFor(record: TaskRecord, delayMs: number): void {
    record.notBefore = clock.now() + delayMs;
    options.park(record);
    record.cancelWake = clock.after(delayMs, () => wake(record, ""));
  }

  /** Waits in the queue's room until somebody new is known, or for `forMs`. */
  function search(record: TaskRecord, forMs: number): void {
    if (record.state !== "queued") table.move(record, "queued", "");
    table.progress(record, record.progress, "looking for a capable peer");
    options.park(record);
    let waiting = true;
    record.cancelWake = () => (waiting = false);
    const found = (): void => {
      if (waiting) wake(record, "");
    };
    providers.discover(record.spec.skill, record.spec.peer, forMs).then(found, found);
  }

  /** Its turn may come. */
  function wake(record: TaskRecord, reason: string): void {
    record.cancelWake = undefined;
    if (isTerminal(record.state)) return;
    record.notBefore = undefined;
    if (record.state !== "queued") table.move(record, "queued", reason);
    options.requeue(record);
  }

  /**
   * Wakes the task at its `notBefore`. That is wall-clock time, which may jump, so the clock is looked at again at least
   * once a minute.
   */
  function sleep(record: TaskRecord): void {
    const leftMs = (record.notBefore ?? 0) - clock.now();
    if (leftMs <= 0) wake(record, "");
    else record.cancelWake = clock.after(Math.min(leftMs, lookAtClockMs), () => sleep(record));
  }

  function remember(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    outcome: string,
    error?: ErrandError,
  ): void {
    record.attemptUsed = true;
    table.recordAttempt(record, {
      attempt: record.attempt,
      peer,
      startedAt: record.startedAt,
      finishedAt: clock.now(),
      outcome,
      error: error?.toJSON(),
      usage: record.usage,
      decision,
    });
  }

  /** One of two attempts that were out at once, and not the one that the record speaks of. */
  function rememberBeside(record: TaskRecord, run: Run, outcome: string, error: ErrandError): void {
    const { attempt, peer, startedAt, decision } = run;
    const finishedAt = clock.now();
    record.attemptUsed = true;
    table.recordAttempt(record, {
      attempt,
      peer,
      startedAt,
      finishedAt,
      outcome,
      error: error.toJSON(),
      decision,
    });
  }

  /** Returns nothing, so that a step can end with it. */
  function fail(
    record: TaskRecord,
    reason: string,
    error: ErrandError,
    state: "failed" | "timeout" = "failed",
  ): undefined {
    if (isTerminal(record.state)) return;
    record.error = error.toJSON();
    table.move(record, state, reason);
    release(record);
  }

  /** Takes back every timer of a task that has ended, and its place. */
  function release(record: TaskRecord): undefined {
    options.leave(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    stopRecord(record);
  }

  return {
    conclude,
    recheck,
    nobody,
    noteRefusal,
    everybodyRefused,
    place,
    hold,
    remember,
    rememberBeside,
    sleep,
    fail,
    release,
  };
}

function notChecked(): never {
  throw new ErrandError("Internal", "an answer is held, and nobody checks it");
}

function again(delayMs: number, reason: string): Waiting {
  return { how: "again", delayMs, reason };
}

function noCapablePeer(
  record: TaskRecord,
  decision: Decision | undefined,
  refusals: Refusal[] = [],
): ErrandError {
  const { spec } = record;
  const known = decision === undefined ? 1 : decision.considered.length + decision.omitted;
  const unreachable = refusals.length > 0;
  const message =
    known === 0
      ? `no known peer offers ${spec.skill}`
      : unreachable
        ? `none of the ${known} known providers of ${spec.skill} can be reached`
        : `none of the ${known} known providers of ${spec.skill} may run this task`;
  const hint =
    known === 0
      ? "`errand skill list` shows what the mesh offers; `errand peer list` whom this node knows."
      : `\`errand task explain ${record.id}\` tells why each was refused.`;
  const reasons = unreachable
    ? refusals.map(({ peer, message: refused }) => ({ peer, refused }))
    : decision?.considered.map(({ peer, refused }) => ({ peer, refused }));
  return new ErrandError("NoCapablePeer", message, { hint, details: { refusals: reasons } });
}
