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
import type { Providers } from "./providers.ts";
import { markTried, stopRecord, stopSignalOf, type TaskRecord } from "./record.ts";
import { lossBudget, lossDelayMs, refusalDelayMs, retryDelayMs } from "./retry.ts";
import type { Settlement } from "./settle.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";

export interface AftermathOptions {
  table: TaskTable;
  providers: Providers;
  settlement: Settlement;
  clock: Clock;
  random: Random;
  /** How long a task for which nobody is known waits for somebody to turn up, ms. */
  discoveryWindowMs: number;
  /** Back into the ready queue. */
  requeue(record: TaskRecord): void;
  /** It waits for something else than its turn, and takes up room in the queue meanwhile. */
  park(record: TaskRecord): void;
  /** Holds all tasks of its kind back for a while; false for a task of no kind. */
  hold(record: TaskRecord, delayMs: number): boolean;
  /** It has ended: out of the queue, ready or parked. */
  leave(record: TaskRecord): void;
}

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
// A lease's length: whoever comes back within it is not lost, elsewhere either.
const unreachableWindowMs = limits.leaseMs;

export function createAftermath(options: AftermathOptions) {
  const { table, providers, settlement, clock, random } = options;

  /** What a finished attempt means for the task. */
  async function conclude(
    record: TaskRecord,
    decision: Decision,
    peer: PeerIdText,
    outcome: AttemptOutcome,
  ): Promise<void> {
    switch (outcome.kind) {
      case "answered": {
        const verdict = await settlement.judge(record, peer, outcome);
        if (isTerminal(record.state)) return;
        remember(record, decision, peer, verdict.outcome, verdict.error);
        if (verdict.kind === "done") {
          table.move(record, "completed", "");
          return release(record);
        }
        if (verdict.kind === "ended") return fail(record, verdict.reason, verdict.error, verdict.state);
        markTried(record, peer);
        if (verdict.kind === "failed") return retry(record, verdict.error, verdict.state);
        if (verdict.kind === "spoilt") return spoilt(record, verdict.error);
        if (record.moving !== undefined) return again(record, 0, "moved");
        // Whoever hands everything back is not asked in a hot loop.
        const delayMs = record.refusedRounds++ === 0 ? 0 : refusalDelayMs(record.refusedRounds, 0, random);
        return again(record, delayMs, "handed back by its worker");
      }
      case "silent":
        markTried(record, peer);
        return silent(record, decision, peer, outcome.reason);
      case "lost": {
        markTried(record, peer);
        const error = new ErrandError("Lost", `the worker was lost: ${outcome.reason}`);
        remember(record, decision, peer, "lost", error);
        return spoilt(record, error);
      }
      case "expired": {
        const error = new ErrandError(
          "TaskTimeout",
          `the attempt took longer than ${record.spec.attemptTimeoutMs} ms`,
          { retryable: true },
        );
        remember(record, decision, peer, "timeout", error);
        markTried(record, peer);
        return retry(record, error, "timeout");
      }
      case "abandoned":
        // Taken away to go elsewhere, and its worker did not say that it stopped.
        remember(record, decision, peer, "lost");
        markTried(record, peer);
        return again(record, 0, "moved");
      case "refused":
      case "unreachable":
        // Nothing ran: the next candidate is asked instead.
        return;
    }
  }

  /** Sent, and no word: it may have begun, but nothing says that the task had a part in that. */
  function silent(record: TaskRecord, decision: Decision, peer: PeerIdText, reason: string): void {
    const error = new ErrandError("Lost", reason);
    remember(record, decision, peer, "lost", error);
    if (record.spec.onLost === "fail") return fail(record, "lost", error);
    const now = clock.monotonic();
    record.unreachableSinceMs ??= now;
    if (now - record.unreachableSinceMs > unreachableWindowMs) {
      const refusal: Refusal = { peer, code: "PeerUnreachable", message: reason, retryAfterMs: 0 };
      return fail(record, "no-capable-peer", noCapablePeer(record, decision, [refusal]));
    }
    again(
      record,
      record.refusedRounds++ === 0 ? 0 : refusalDelayMs(record.refusedRounds, 0, random),
      `${reason}; going elsewhere`,
    );
  }

  /** An attempt that came to nothing through its peer. It has a budget of its own and uses up no retry. */
  function spoilt(record: TaskRecord, error: ErrandError): void {
    record.lossesMade++;
    const lied = error.code === "VerificationFailed";
    if (record.spec.onLost === "fail" && !lied) return fail(record, "lost", error);
    if (record.lossesMade < lossBudget)
      return again(record, lossDelayMs(record.lossesMade - 1), `${error.message}; going elsewhere`);
    if (lied) return fail(record, "verification-failed", error);
    const hint = "The task may be what ends its workers; look at its input, then submit it again.";
    fail(
      record,
      "dead-letter",
      new ErrandError("Lost", `spoilt by ${record.lossesMade} workers, the last: ${error.message}`, {
        retryable: false,
        hint,
      }),
    );
  }

  function retry(record: TaskRecord, error: ErrandError, state: "failed" | "timeout"): void {
    const { retry: policy } = record.spec;
    if (!error.retryable || record.retriesMade >= policy.retries) return fail(record, "error", error, state);
    const delayMs = retryDelayMs(policy, record.retriesMade, random, error.retryAfterMs);
    record.retriesMade++;
    again(
      record,
      delayMs,
      `retry ${record.retriesMade} of ${policy.retries} in ${Math.round(delayMs / 100) / 10} s: ${error.message}`,
    );
  }

  /** Nobody may be asked: look for providers until the window ends, or wait for one that is only shut out for a while. */
  async function nobody(record: TaskRecord, decision: Decision): Promise<void> {
    const now = clock.monotonic();
    record.searchingSinceMs ??= now;
    if (decision.retryAfterMs !== undefined) {
      const delayMs = Math.min(Math.max(decision.retryAfterMs, 50), 5_000);
      return later(record, delayMs, "every capable peer is shut out for a moment");
    }
    const leftMs = record.searchingSinceMs + options.discoveryWindowMs - now;
    if (leftMs > 0) {
      table.progress(record, record.progress, "looking for a capable peer");
      options.park(record);
      await providers.discover(
        record.spec.skill,
        record.spec.peer,
        Math.min(leftMs, 1_000),
        stopSignalOf(record),
      );
      if (!isTerminal(record.state)) again(record, 0, "");
      return;
    }
    fail(record, "no-capable-peer", noCapablePeer(record, decision));
  }

  function noteRefusal(record: TaskRecord, peer: PeerIdText, code: ErrorCode): void {
    // Full, draining or rate-limited peers may be asked again; the others would say the same.
    if (!finalRefusals.has(code)) return;
    markTried(record, peer, true);
  }

  function everybodyRefused(record: TaskRecord, decision: Decision, refusals: Refusal[]): void {
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
    later(record, delayMs, `refused by ${refusals.length}; the last said ${last?.code}: ${last?.message}`);
  }

  /** Everybody is full: its kind waits together, and a task of no kind for itself. */
  function later(record: TaskRecord, delayMs: number, reason: string): void {
    if (record.pauseWanted) return again(record, delayMs, reason);
    record.peer = "";
    if (record.state !== "queued") table.move(record, "queued", reason);
    record.progressMessage = reason;
    if (!options.hold(record, delayMs)) again(record, delayMs, reason);
  }

  /** Back into the queue, at once or after a while; or aside, if it was paused meanwhile. */
  function again(record: TaskRecord, delayMs: number, reason: string): void {
    record.peer = "";
    record.progress = 0;
    if (record.pauseWanted) {
      record.pauseWanted = false;
      options.leave(record);
      return void table.move(record, "paused", reason);
    }
    if (delayMs <= 0) return wake(record, reason);
    record.notBefore = clock.now() + delayMs;
    if (record.state !== "queued") table.move(record, "retrying", reason);
    options.park(record);
    record.cancelWake = clock.after(delayMs, () => wake(record, ""));
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

  function fail(
    record: TaskRecord,
    reason: string,
    error: ErrandError,
    state: "failed" | "timeout" = "failed",
  ): void {
    if (isTerminal(record.state)) return;
    record.error = error.toJSON();
    table.move(record, state, reason);
    release(record);
  }

  /** Takes back every timer of a task that has ended, and its place. */
  function release(record: TaskRecord): void {
    options.leave(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    stopRecord(record);
  }

  return { conclude, nobody, noteRefusal, everybodyRefused, remember, again, sleep, fail, release };
}

function noCapablePeer(record: TaskRecord, decision: Decision, refusals: Refusal[] = []): ErrandError {
  const { spec } = record;
  const known = decision.considered.length + decision.omitted;
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
    : decision.considered.map(({ peer, refused }) => ({ peer, refused }));
  return new ErrandError("NoCapablePeer", message, { hint, details: { refusals: reasons } });
}
