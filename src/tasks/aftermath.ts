/**
 * What follows an attempt: the task has its result, goes elsewhere, waits for its retry, or ends. Policies are pure and
 * elsewhere (retry.ts, states.ts); judging an answer is settle.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Decision } from "../routing/candidate.ts";
import type { AttemptOutcome } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import type { Run } from "./hedging.ts";
import { markTried, type TaskRecord } from "./record.ts";
import { noCapablePeer, type Refusal, type Refusals } from "./refusals.ts";
import { lossBudget, lossDelayMs, refusalDelayMs, retryDelayMs } from "./retry.ts";
import type { Answer, Judgement, Settlement } from "./settle.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import type { Answered } from "./verification/held.ts";
import type { Verification } from "./verification/verification.ts";
import type { Waiting, Waits } from "./waits.ts";

export interface AftermathOptions {
  /** Checks the answers that settlement holds back. */
  verification?: Pick<Verification, "check"> | undefined;
  table: TaskTable;
  settlement: Settlement;
  clock: Clock;
  random: Random;
  /** What is sent again beyond a share of what is sent waits for its turn. */
  retries: Budget;
  waits: Waits;
  refusals: Pick<Refusals, "unreachableTooLong">;
}

/** Where a task goes when a step of the delegation has not ended it. */
export type Next =
  | Waiting
  /** It has an answer, which is being checked: a step that takes no place among those that are out. */
  | { how: "check"; done: Promise<Waiting | undefined> };

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

const handBackBudget = 8;

export function createAftermath(options: AftermathOptions) {
  const { table, settlement, clock, random, refusals } = options;
  const { fail, release } = options.waits;
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
    if (refusals.unreachableTooLong(record)) {
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

  return { conclude, recheck, remember, rememberBeside };
}

function notChecked(): never {
  throw new ErrandError("Internal", "an answer is held, and nobody checks it");
}

function again(delayMs: number, reason: string): Waiting {
  return { how: "again", delayMs, reason };
}
