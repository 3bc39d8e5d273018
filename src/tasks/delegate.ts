/**
 * The way of one task at its home, from the ready queue to its end:
 *
 *     queue ─► route ─► offer to the chosen, then to its fallbacks ─► await ─► settle
 *       ▲                   │ everybody full            │ lost, failed and retries left
 *       └───────────────────┴───────────────────────────┘
 *
 * Each step calls the next directly. Policies are elsewhere and pure: who (routing/), when again (retry.ts), what may follow
 * what (states.ts). What goes out is sending.ts, what is out with workers attempts.ts, what follows its outcome aftermath.ts, and where a task waits
 * meanwhile waits.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Decision } from "../routing/candidate.ts";
import type { Draft } from "../routing/decide.ts";
import { createAftermath, type AftermathOptions, type Next } from "./aftermath.ts";
import type { AttemptNews, AttemptOutcome } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import { createBackpressure } from "./backpressure.ts";
import type { Budget } from "./budget.ts";
import type { BlobAccess } from "./blob-access.ts";
import { createHedging } from "./hedging.ts";
import { createKeyedLimits, type SkillLimit } from "./keyed-limits.ts";
import type { Probing } from "./probing.ts";
import type { Providers } from "./providers.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import type { TaskRecord } from "./record.ts";
import { createRefusals, type Refusal } from "./refusals.ts";
import type { Settlement } from "./settle.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import { createSending } from "./sending.ts";
import { createWaits } from "./waits.ts";

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
  /** What the operator allows for each skill, over all peers. */
  skillLimits: Readonly<Record<string, SkillLimit>>;
  /** This life of the home. */
  leaseEpoch: number;
  /** Checks the answers that settlement holds back. */
  verification?: AftermathOptions["verification"];
  /** How long a task for which nobody is known waits for somebody to turn up, ms. */
  discoveryWindowMs: number;
  probing: Pick<Probing, "ask">;
  /** What retries may be, and second attempts beside slow ones, of all that is sent. */
  retries: Budget;
  hedges: Budget;
}

export interface Delegation {
  /** Takes from the queue as much as may be in flight. Call after every push. */
  pump(): void;
  /** Follows an attempt of a former life. */
  adopt(record: TaskRecord): void;
  /** Goes on with the check of an answer that a former life held. */
  recheck(record: TaskRecord): void;
  /** Queues the task at its `notBefore`. */
  sleep(record: TaskRecord): void;
  /** Held until `resume`: at once while it waits; when its worker gives it back while it is out. */
  pause(record: TaskRecord): void;
  resume(record: TaskRecord): void;
  /** Takes the task from its worker, if it has one, to go to `peer` or to any other. */
  move(record: TaskRecord, peer: PeerIdText | undefined): void;
  /** Ends a task from outside: by the user, by its deadline. */
  end(record: TaskRecord, state: "cancelled" | "timeout" | "failed", error: ErrandError): void;
  stop(): void;
}

// Reason codes; a cancel carries the user's words.
const endReasons: Partial<Record<string, string>> = { timeout: "expired", failed: "lost" };

export function createDelegation(options: DelegateOptions): Delegation {
  const { table, queue, attempts, providers, settlement, clock, log } = options;
  const park = (record: TaskRecord): void => queue.park(record);
  const waits = createWaits({
    table,
    providers,
    clock,
    requeue,
    park,
    leave: (record) => forget(record),
    holdKind: (record, delayMs) => backpressure.hold(record, delayMs),
  });
  const { place, pause, sleep, fail, release } = waits;
  const refusing = createRefusals({ ...options, fail });
  const { nobody, noteRefusal, everybodyRefused } = refusing;
  const aftermath = createAftermath({ ...options, waits, refusals: refusing });
  const { remember } = aftermath;
  const sending = createSending({ ...options, wanted, late: (record) => hedging.late(record) });
  const { send, eventsOf, grant, learned } = sending;
  const hedging = createHedging({
    attempts,
    providers,
    clock,
    budget: options.hedges,
    wanted,
    send: sending.sendBeside,
    goOn: sending.untilOutcome,
    conclude: aftermath.conclude,
    remember: aftermath.rememberBeside,
    tooLate,
  });
  const backpressure = createBackpressure({
    clock,
    requeue,
    park,
  });
  const keyed = createKeyedLimits(options.skillLimits, requeue);
  let inFlight = 0;
  let stopped = false;

  function requeue(record: TaskRecord): void {
    queue.push(record);
    pump();
  }

  function pump(): void {
    while (!stopped && inFlight < limits.attemptsInFlight) {
      const record = queue.take();
      if (record === undefined) return;
      if (!backpressure.admit(record)) continue;
      const verdict = keyed.admit(record, clock.monotonic());
      if (verdict === "aside") queue.park(record);
      else if (verdict !== "go") place(record, { how: "again", delayMs: verdict, reason: "" });
      else {
        take(record);
        void follow(record, step(record));
      }
    }
  }

  /** Out of everything that it may wait in. */
  function forget(record: TaskRecord): void {
    queue.remove(record);
    keyed.forget(record);
    backpressure.forget(record);
  }

  /** From here on until `follow` ends, the step has the task, and nobody else moves it but to an end. */
  function take(record: TaskRecord): void {
    record.out = true;
    inFlight++;
  }

  /** An error thrown in a step is a defect of ours: the task ends with it instead of hanging, and the node stays up. */
  function broken(record: TaskRecord, error: unknown): undefined {
    log.error({ err: error, task: record.id }, "delegation failed");
    const cause = new ErrandError("Internal", "the node failed while delegating this task", { cause: error });
    fail(record, "error", cause);
  }

  async function follow(record: TaskRecord, step: Promise<Next | undefined>): Promise<void> {
    let next: Next | undefined;
    try {
      next = await step;
    } catch (error) {
      next = broken(record, error);
    }
    inFlight--;
    keyed.release(record);
    if (next?.how === "check") {
      // Checks are tasks, and need a place to go out: those that wait for them must not have them all.
      pump();
      next = await next.done.catch((error: unknown) => broken(record, error));
    }
    record.out = false;
    if (next !== undefined && !stopped) place(record, next);
    pump();
  }

  async function step(record: TaskRecord): Promise<Next | undefined> {
    const draft = route(record);
    record.moving = undefined;
    const decision = draft.ask.length === 0 ? draft.decision : await asked(record, draft);
    record.lastDecision = decision;
    if (decision.order.length === 0) return nobody(record, decision);
    record.searchingSinceMs = undefined;
    const refusals: Refusal[] = [];
    for (const peer of decision.order) {
      if (!wanted(record)) break;
      const outcome = learned(record, peer, await offer(record, peer));
      if (isTerminal(record.state) || stopped)
        return hedging.endedMeanwhile(record, peer, outcome) as undefined;
      if (record.hedge !== undefined || outcome.kind === "beside")
        return hedging.race(record, decision, outcome);
      if (outcome.kind !== "refused" && outcome.kind !== "unreachable")
        return (await aftermath.conclude(record, decision, peer, outcome)) as Next | undefined;
      const refusal =
        outcome.kind === "refused"
          ? outcome
          : { code: outcome.error.code, message: outcome.error.message, retryAfterMs: 0 };
      refusals.push({ peer, ...refusal });
      noteRefusal(record, peer, refusal);
      if (refusals.filter((one) => one.code === "InvalidInput").length >= 2) break;
    }
    // Paused or moved between two candidates: `place` sees to that.
    if (!wanted(record)) return { how: "again", delayMs: 0, reason: "" };
    return everybodyRefused(record, decision, refusals);
  }

  /** Whether the step may go on to send the task. */
  function wanted(record: TaskRecord): boolean {
    return !stopped && !isTerminal(record.state) && !record.pauseWanted && record.moving === undefined;
  }

  /** Once those have told their load whose answer may change the choice. */
  async function asked(record: TaskRecord, draft: Draft): Promise<Decision> {
    const { silent, waitedMs } = await options.probing.ask(draft.ask);
    return providers.settle(record, draft, silent, waitedMs);
  }

  function route(record: TaskRecord): Draft {
    const draft = providers.route(record);
    const { decision } = draft;
    if (
      decision.order.length === 0 &&
      decision.retryAfterMs === undefined &&
      record.tried.size > record.ruledOut.size
    ) {
      // Nobody else is left: those that failed or lost it get another chance.
      record.tried = new Set(record.ruledOut.keys());
      return providers.route(record);
    }
    return draft;
  }

  /** The task has ended meanwhile: the answer is dropped, and its worker may forget it. */
  function tooLate(record: TaskRecord, peer: PeerIdText, outcome: AttemptOutcome): undefined {
    if (outcome.kind !== "answered" || stopped) return;
    attempts.counters.lateResponses++;
    settlement.drop(record, peer, outcome);
  }

  function offer(record: TaskRecord, peer: PeerIdText): Promise<AttemptNews> {
    if (record.attempt === 0) options.retries.paid();
    // A refusal ran nothing, so the next candidate gets the same number.
    if (record.attempt === 0 || record.attemptUsed)
      record.attempt = Math.max(record.attempt, record.hedgedAs) + 1;
    record.attemptUsed = false;
    record.peer = peer;
    record.startedAt = clock.now();
    record.sentEpoch = options.leaseEpoch;
    if (record.state === "queued") table.move(record, "assigned", "");
    grant(record, peer);
    return send(record, peer);
  }

  async function followAdopted(
    record: TaskRecord,
    peer: PeerIdText,
    running: Promise<AttemptOutcome>,
  ): Promise<Next | undefined> {
    const outcome = learned(record, peer, await running);
    // The crash may have come between the worker's acknowledgement and its commit; the answer shows that there was one.
    if (outcome.kind === "answered" || outcome.kind === "expired")
      record.attemptsMade = Math.max(record.attemptsMade, record.lossesMade + record.retriesMade + 1);
    const decision: Decision = { order: [peer], how: "adopted", considered: [], omitted: 0 };
    if (isTerminal(record.state) || stopped) return tooLate(record, peer, outcome);
    return (await aftermath.conclude(record, decision, peer, outcome)) as Next | undefined;
  }

  return {
    pump,
    adopt(record) {
      const { peer } = record;
      if (peer === "") return;
      take(record);
      keyed.take(record);
      const request = {
        taskId: record.id,
        attempt: record.attempt,
        leaseEpoch: record.sentEpoch,
        leaseMs: limits.leaseMs,
        deadlineMs: record.spec.attemptTimeoutMs,
      };
      grant(record, peer);
      void follow(record, followAdopted(record, peer, attempts.adopt(peer, request, eventsOf(record, peer))));
    },
    recheck(record) {
      take(record);
      keyed.take(record);
      void follow(record, Promise.resolve(aftermath.recheck(record)));
    },
    end(record, state, error) {
      if (isTerminal(record.state)) return;
      const { peer, lastDecision } = record;
      if (attempts.cancel(record.id, error.message) && peer !== "") {
        remember(record, lastDecision, peer, state, error);
        if (record.hedge !== undefined) aftermath.rememberBeside(record, record.hedge, state, error);
      }
      record.error = error.toJSON();
      table.move(record, state, endReasons[state] ?? error.message);
      release(record);
    },
    sleep,
    pause(record) {
      if (record.out) record.pauseWanted = true;
      else pause(record, "paused by the user");
    },
    resume(record) {
      record.pauseWanted = false;
      if (record.state !== "paused") return;
      if (record.notBefore === undefined || record.notBefore <= clock.now())
        return place(record, { how: "again", delayMs: 0, reason: "resumed" });
      table.move(record, "scheduled", "resumed");
      sleep(record);
    },
    move(record, peer) {
      record.moving = { to: peer };
      if (record.out) {
        attempts.cancel(record.id, "moved to another peer");
        return;
      }
      // What waits for a date, a person or an equal task goes on waiting, and elsewhere when it goes.
      if (record.state !== "queued" && record.state !== "retrying") return;
      forget(record);
      record.cancelWake?.();
      place(record, { how: "again", delayMs: 0, reason: "moved" });
    },
    stop() {
      stopped = true;
      backpressure.stop();
      for (const record of table.live.values()) record.cancelWake?.();
    },
  };
}
