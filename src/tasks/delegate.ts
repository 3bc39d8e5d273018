/**
 * The way of one task at its home, from the ready queue to its end:
 *
 *     queue ─► route ─► offer to the chosen, then to its fallbacks ─► await ─► settle
 *       ▲                   │ everybody full            │ lost, failed and retries left
 *       └───────────────────┴───────────────────────────┘
 *
 * Each step calls the next directly. Policies are elsewhere and pure: who (routing/), when again (retry.ts), what may follow
 * what (states.ts). What is out with workers is attempts.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError, type ErrorCode } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Decision } from "../routing/candidate.ts";
import type { AttemptOutcome, Attempts } from "./attempts.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Providers } from "./providers.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import type { TaskRecord } from "./record.ts";
import { lossBudget, lossDelayMs, refusalDelayMs, retryDelayMs } from "./retry.ts";
import type { Settlement } from "./settle.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import { requestOf } from "./request.ts";

export interface DelegateOptions {
  table: TaskTable;
  queue: ReadyQueue<TaskRecord>;
  attempts: Attempts;
  providers: Providers;
  settlement: Settlement;
  blobs: BlobAccess;
  clock: Clock;
  random: Random;
  log: Log;
  /** This life of the home. */
  leaseEpoch: number;
  /** How long a task for which nobody is known waits for somebody to turn up, ms. */
  discoveryWindowMs: number;
}

export interface Delegation {
  /** Takes from the queue as much as may be in flight. Call after every push. */
  pump(): void;
  /** Follows an attempt of a former life. */
  adopt(record: TaskRecord): void;
  /** Ends a task from outside: by the user, by its deadline. */
  end(record: TaskRecord, state: "cancelled" | "timeout", error: ErrandError): void;
  stop(): void;
}

export function createDelegation(options: DelegateOptions): Delegation {
  const { table, queue, attempts, providers, settlement, blobs, clock, random, log } = options;
  let inFlight = 0;
  let stopped = false;

  function pump(): void {
    while (!stopped && inFlight < limits.attemptsInFlight) {
      const record = queue.take();
      if (record === undefined) return;
      inFlight++;
      void follow(record, step(record));
    }
  }

  /** An error thrown here is a defect of ours: the task ends with it instead of hanging, and the node stays up. */
  async function follow(record: TaskRecord, run: Promise<void>): Promise<void> {
    try {
      await run;
    } catch (error) {
      log.error({ err: error, task: record.id }, "delegation failed");
      fail(
        record,
        "error",
        new ErrandError("Internal", "the node failed while delegating this task", { cause: error }),
      );
    } finally {
      inFlight--;
      pump();
    }
  }

  async function step(record: TaskRecord): Promise<void> {
    const decision = providers.route(record);
    record.lastDecision = decision;
    if (decision.order.length === 0) return nobody(record, decision);
    record.searchingSinceMs = undefined;
    const refusals: { peer: PeerIdText; code: ErrorCode; message: string; retryAfterMs: number }[] = [];
    for (const peer of decision.order) {
      const outcome = await offer(record, peer);
      if (isTerminal(record.state) || stopped) return tooLate(record, peer, outcome);
      if (outcome.kind !== "refused" && outcome.kind !== "unreachable")
        return conclude(record, decision, peer, outcome);
      const refusal =
        outcome.kind === "refused"
          ? outcome
          : { code: outcome.error.code, message: outcome.error.message, retryAfterMs: 0 };
      refusals.push({ peer, ...refusal });
      noteRefusal(record, peer, refusal.code);
      if (refusals.filter((one) => one.code === "InvalidInput").length >= 2) break;
    }
    everybodyRefused(record, refusals);
  }

  /** The task has ended meanwhile: the answer is dropped, and its worker may forget it. */
  function tooLate(record: TaskRecord, peer: PeerIdText, outcome: AttemptOutcome): void {
    if (outcome.kind !== "answered" || stopped) return;
    attempts.counters.lateResponses++;
    settlement.drop(record, peer, outcome.response);
  }

  function offer(record: TaskRecord, peer: PeerIdText): Promise<AttemptOutcome> {
    // A refusal ran nothing, so the next candidate gets the same number.
    if (record.state === "queued") record.attempt++;
    record.peer = peer;
    record.startedAt = clock.now();
    record.sentEpoch = options.leaseEpoch;
    if (record.state === "queued") table.move(record, "assigned", "");
    return track(
      record,
      peer,
      attempts.send(peer, requestOf(record, options.leaseEpoch, record.startedAt), eventsOf(record, peer)),
    );
  }

  function eventsOf(record: TaskRecord, peer: PeerIdText): Parameters<Attempts["send"]>[2] {
    providers.sent(record, peer);
    return {
      acked(ack, rttMs) {
        record.attemptsMade++;
        providers.acked(peer, rttMs, ack.load);
        if (ack.verdict === "queued")
          table.progress(record, 0, `place ${ack.position} in the worker's queue`);
      },
      started: () => void table.move(record, "running", ""),
      progress(progress) {
        if (progress.fraction > 0 || progress.message !== "")
          table.progress(record, progress.fraction, progress.message);
      },
      load: (load) => providers.load(peer, load),
    };
  }

  async function track(
    record: TaskRecord,
    peer: PeerIdText,
    running: Promise<AttemptOutcome>,
  ): Promise<AttemptOutcome> {
    const { blob } = record.input;
    if (blob !== undefined) blobs.grant(peer, blob.hash);
    const outcome = await running;
    if (blob !== undefined) blobs.revoke(peer, blob.hash);
    if (outcome.kind !== "answered") providers.unanswered(record, peer, outcome);
    return outcome;
  }

  /** What a finished attempt means for the task. */
  async function conclude(
    record: TaskRecord,
    decision: Decision,
    peer: PeerIdText,
    outcome: AttemptOutcome,
  ): Promise<void> {
    switch (outcome.kind) {
      case "answered": {
        const verdict = await settlement.judge(record, peer, outcome.response);
        if (isTerminal(record.state)) return;
        remember(record, decision, peer, verdict.outcome, verdict.error);
        if (verdict.kind === "done") return void table.move(record, "completed", "");
        if (verdict.kind === "handed-back") {
          record.tried.add(peer);
          return again(record, 0, "handed back by its worker");
        }
        if (verdict.kind === "ended") return fail(record, verdict.reason, verdict.error, verdict.state);
        record.tried.add(peer);
        return retry(record, verdict.error, verdict.state);
      }
      case "silent":
      case "lost":
        record.tried.add(peer);
        return lost(record, decision, peer, outcome.reason);
      case "expired": {
        const error = new ErrandError(
          "TaskTimeout",
          `the attempt took longer than ${record.spec.attemptTimeoutMs} ms`,
          { retryable: true },
        );
        remember(record, decision, peer, "timeout", error);
        record.tried.add(peer);
        return retry(record, error, "timeout");
      }
      case "abandoned":
      case "refused":
      case "unreachable":
        // Abandoned attempts belong to tasks that have ended; the other two never come here.
        return;
    }
  }

  function lost(record: TaskRecord, decision: Decision | undefined, peer: PeerIdText, reason: string): void {
    const error = new ErrandError("Lost", `the worker was lost: ${reason}`);
    remember(record, decision, peer, "lost", error);
    record.lossesMade++;
    if (record.spec.onLost === "fail") return fail(record, "lost", error);
    if (record.lossesMade >= lossBudget) {
      return fail(
        record,
        "dead-letter",
        new ErrandError("Lost", `lost with ${record.lossesMade} workers, the last: ${reason}`, {
          retryable: false,
          hint: "The task may be what ends its workers; look at its input, then submit it again.",
        }),
      );
    }
    again(record, lossDelayMs(record.lossesMade - 1), `${error.message}; going elsewhere`);
  }

  function retry(record: TaskRecord, error: ErrandError, state: "failed" | "timeout"): void {
    const { retry: policy } = record.spec;
    if (!error.retryable || record.retriesMade >= policy.retries)
      return fail(
        record,
        state === "failed" && error.code === "VerificationFailed" ? "verification-failed" : "error",
        error,
        state,
      );
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
    if (decision.retryAfterMs !== undefined)
      return again(
        record,
        Math.min(Math.max(decision.retryAfterMs, 50), 5_000),
        "every capable peer is shut out for a moment",
      );
    const leftMs = record.searchingSinceMs + options.discoveryWindowMs - now;
    if (leftMs > 0) {
      table.progress(record, record.progress, "looking for a capable peer");
      await providers.discover(
        record.spec.skill,
        record.spec.peer,
        Math.min(leftMs, 1_000),
        record.stop.signal,
      );
      if (!isTerminal(record.state)) again(record, 0, "");
      return;
    }
    fail(record, "no-capable-peer", noCapablePeer(record, decision));
  }

  function noteRefusal(record: TaskRecord, peer: PeerIdText, code: ErrorCode): void {
    // Full, draining or rate-limited peers may be asked again; the others would say the same.
    if (
      code === "UnsupportedSkill" ||
      code === "Unauthorized" ||
      code === "InvalidInput" ||
      code === "InsufficientFunds"
    )
      record.tried.add(peer);
  }

  function everybodyRefused(
    record: TaskRecord,
    refusals: { peer: PeerIdText; code: ErrorCode; message: string; retryAfterMs: number }[],
  ): void {
    const invalid = refusals.find((one) => one.code === "InvalidInput");
    if (invalid !== undefined) {
      return fail(
        record,
        "error",
        new ErrandError("InvalidInput", invalid.message, {
          details: { peer: invalid.peer },
          hint: `See the skill's input schema: errand skill get ${record.spec.skill}`,
        }),
      );
    }
    const last = refusals.at(-1);
    const retryAfterMs = Math.min(...refusals.map((one) => one.retryAfterMs));
    again(
      record,
      refusalDelayMs(record.refusedRounds++, retryAfterMs, random),
      `refused by ${refusals.length}; the last said ${last?.code}: ${last?.message}`,
    );
  }

  /** Back into the queue, at once or after a while. */
  function again(record: TaskRecord, delayMs: number, reason: string): void {
    record.peer = "";
    record.progress = 0;
    if (delayMs > 0 && record.state !== "queued") table.move(record, "retrying", reason);
    const wake = (): void => {
      record.cancelWake = undefined;
      if (isTerminal(record.state)) return;
      if (record.state !== "queued") table.move(record, "queued", delayMs > 0 ? "" : reason);
      queue.push(record);
      pump();
    };
    if (delayMs > 0) record.cancelWake = clock.after(delayMs, wake);
    else wake();
  }

  function remember(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    outcome: string,
    error?: ErrandError,
  ): void {
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

  function release(record: TaskRecord): void {
    queue.remove(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    if (!record.stop.signal.aborted) record.stop.abort();
  }

  return {
    pump,
    adopt(record) {
      const { peer } = record;
      if (peer === "") return;
      inFlight++;
      const request = {
        taskId: record.id,
        attempt: record.attempt,
        leaseEpoch: record.sentEpoch,
        leaseMs: limits.leaseMs,
        deadlineMs: record.spec.attemptTimeoutMs,
      };
      void follow(
        record,
        track(record, peer, attempts.adopt(peer, request, eventsOf(record, peer))).then(async (outcome) => {
          if (!isTerminal(record.state) && !stopped)
            await conclude(
              record,
              { order: [peer], how: "adopted", considered: [], omitted: 0 },
              peer,
              outcome,
            );
        }),
      );
    },
    end(record, state, error) {
      if (isTerminal(record.state)) return;
      attempts.cancel(record.id, error.message);
      record.error = error.toJSON();
      table.move(record, state, state === "timeout" ? "expired" : error.message);
      release(record);
    },
    stop() {
      stopped = true;
      for (const record of table.live.values()) record.cancelWake?.();
    },
  };
}

function noCapablePeer(record: TaskRecord, decision: Decision): ErrandError {
  const { spec } = record;
  const known = decision.considered.length + decision.omitted;
  const message =
    known === 0
      ? `no known peer offers ${spec.skill}`
      : `none of the ${known} known providers of ${spec.skill} may run this task`;
  return new ErrandError("NoCapablePeer", message, {
    hint:
      known === 0
        ? "`errand skill list --all` shows what the mesh offers; `errand peer list` whom this node knows."
        : `\`errand task explain ${record.id}\` tells why each was refused.`,
    details: { refusals: decision.considered.map(({ peer, refused }) => ({ peer, refused })) },
  });
}
