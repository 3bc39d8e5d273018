/**
 * The attempts this home has out: from the TaskRequest to the outcome. It owns the fence (an answer counts only from the
 * peer, attempt and life it was asked of), the acknowledgement's time limit, the lease, and taking attempts up again after
 * a broken connection. Routing, retries and settling are the delegation's.
 *
 *     sent ──ack──► accepted ──response──► answered
 *       │ refused, no ack        │ session lost: reopened with `resume` until the lease ends
 *       ▼                        ▼
 *     refused / silent          lost
 */
import type { Clock } from "../core/clock.ts";
import { toErrandError } from "../core/errors.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type {
  AttemptRef,
  Load,
  Message,
  Session,
  TaskAck,
  TaskProgress,
  TaskRequest,
  TaskResponse,
} from "../network/messages.ts";
import type { Attempt, AttemptEvents, AttemptNews, AttemptOutcome } from "./attempt.ts";
import { createAttemptTable, type AttemptRequest } from "./attempt-table.ts";

export interface AttemptsOptions {
  clock: Clock;
  /** The warm session to a peer (or to this node itself), if there is one. */
  current(peer: PeerIdText): Session | undefined;
  open(peer: PeerIdText, signal: AbortSignal): Promise<Session>;
  /** A peer's word on its load, for whoever asked. */
  onReport?(nonce: number, load: Load, session: Session): void;
  /** Whether the failure to reach a peer says that its process is gone, not just the way to it. */
  isGone(error: unknown): boolean;
}

export interface Attempts {
  readonly size: number;
  /**
   * Sends the request, if it is still `wanted` once there is a session, and follows it to its outcome; never throws. With
   * `lateAfterMs` the events hear when it has taken that long. `beside`: as a second attempt of a task that has one out.
   */
  send(
    peer: PeerIdText,
    request: TaskRequest,
    events: AttemptEvents,
    wanted: () => boolean,
    options?: { lateAfterMs?: number | undefined; beside?: boolean },
  ): Promise<AttemptNews>;
  /** Wakes whoever waits for the attempt with `beside`; returns the promise of its outcome, undefined when it has one. */
  interrupt(id: TaskId, attempt: number): Promise<AttemptOutcome> | undefined;
  isOut(id: TaskId, attempt: number): boolean;
  /** Ends an attempt because another gave the result: its worker is told to stop, and not waited for. */
  overtake(id: TaskId, attempt: number): void;
  /** Follows an attempt that a former life of this home sent. */
  adopt(peer: PeerIdText, request: AttemptRequest, events: AttemptEvents): Promise<AttemptOutcome>;
  /** Whether an attempt of the task is out. */
  has(id: TaskId): boolean;
  /** Asks the task's workers to stop; the outcome is their answer, or `abandoned` when none comes in time. */
  cancel(id: TaskId, reason: string): boolean;
  /** Every message that comes over a session this node submits on. */
  onAnswer(message: Message, session: Session): void;
  onSessionOpen(session: Session): void;
  onSessionClosed(session: Session): void;
  /** What the Hello to `peer` says of attempts still waited for. */
  resume(peer: PeerIdText): AttemptRef[];
  inFlightAt(peer: PeerIdText): number;
  readonly counters: { lateResponses: number; resumed: number };
  start(): void;
  stop(): void;
}

// How late an attempt that is late may be found to be.
const sweepMs = 100;
// How long a worker may take to confirm a cancel before the home stops waiting for it.
const cancelWaitMs = 2_000 + limits.cancelGraceMs;
const reopenMs = 500;
const alone: { lateAfterMs?: number | undefined; beside?: boolean } = {};

export function createAttempts(options: AttemptsOptions): Attempts {
  const { clock } = options;
  const out = createAttemptTable(clock);
  const reopening = new Set<PeerIdText>();
  // Peers that said they are draining, until a session with them begins anew.
  const leaving = new Set<PeerIdText>();
  const counters = { lateResponses: 0, resumed: 0 };
  let cancelSweep: (() => void) | undefined;
  let stopped = false;

  function sendOver(
    session: Session,
    peer: PeerIdText,
    request: TaskRequest,
    events: AttemptEvents,
    wanted: () => boolean,
    { lateAfterMs, beside = false }: { lateAfterMs?: number | undefined; beside?: boolean },
  ): Promise<AttemptNews> {
    if (!wanted()) return Promise.resolve({ kind: "unsent" });
    if (session.bufferedBytes > limits.sessionBufferBytes)
      return Promise.resolve({
        kind: "refused",
        code: "RateLimited",
        message: "the connection to the peer is full",
        retryAfterMs: 200,
      });
    const { attempt, promise } = out.add(peer, request, events, beside);
    attempt.session = session;
    if (lateAfterMs !== undefined) attempt.lateMs = attempt.sentMs + lateAfterMs;
    session.send({ kind: "request", request });
    return promise;
  }

  function find(ref: AttemptRef, session: Session): Attempt | undefined {
    const attempt = out.numbered(ref.taskId, ref.attempt);
    return attempt !== undefined && attempt.peer === session.peer ? attempt : undefined;
  }

  function heard(attempt: Attempt): void {
    attempt.heardMs = clock.monotonic();
  }

  function onAck(ack: TaskAck, session: Session): void {
    const attempt = find(ack, session);
    if (attempt === undefined || attempt.ackedMs !== undefined) return;
    heard(attempt);
    if (ack.verdict === "refused") {
      attempt.events.load(ack.load);
      attempt.settle({
        kind: "refused",
        code: ack.code ?? "DelegationFailed",
        message: ack.message ?? "",
        retryAfterMs: ack.retryAfterMs ?? 0,
      });
      return;
    }
    markAccepted(attempt);
    attempt.events.acked(ack, attempt.heardMs - attempt.sentMs);
    if (ack.verdict === "accepted") markStarted(attempt);
  }

  function markAccepted(attempt: Attempt): void {
    if (attempt.ackedMs !== undefined) return;
    attempt.ackedMs = attempt.heardMs;
    attempt.events.accepted();
  }

  function markStarted(attempt: Attempt): void {
    if (attempt.startedMs !== undefined) return;
    attempt.startedMs = clock.monotonic();
    attempt.events.started();
  }

  function onProgress(progress: TaskProgress, session: Session): void {
    const attempt = find(progress, session);
    // Not strictly later than the last: a replay.
    if (attempt === undefined || progress.seq <= attempt.seq) return;
    attempt.seq = progress.seq;
    heard(attempt);
    markAccepted(attempt);
    markStarted(attempt);
    if (progress.load !== undefined) attempt.events.load(progress.load);
    attempt.events.progress(progress);
  }

  function onResponse(response: TaskResponse, session: Session): void {
    const attempt = find(response, session);
    if (attempt === undefined || attempt.leaseEpoch !== response.leaseEpoch) {
      // Somebody else has it, or it has ended: counted, dropped, and the worker may forget it.
      counters.lateResponses++;
      session.send({ kind: "responseAck", attempts: [response] });
      return;
    }
    if (response.load !== undefined) attempt.events.load(response.load);
    attempt.settle({
      kind: "answered",
      response,
      ranMs: clock.monotonic() - (attempt.startedMs ?? attempt.sentMs),
    });
  }

  /** The worker that a session was resumed with says what it knows of an attempt. */
  function onStatus(ref: AttemptRef, state: string, session: Session): void {
    const attempt = find(ref, session);
    if (attempt === undefined) return;
    if (state === "unknown") {
      attempt.settle({ kind: "lost", reason: "the worker no longer knows the task" });
      return;
    }
    heard(attempt);
    markAccepted(attempt);
    if (state === "running") markStarted(attempt);
  }

  async function reopen(peer: PeerIdText): Promise<void> {
    if (reopening.has(peer)) return;
    reopening.add(peer);
    try {
      while (!stopped && out.of(peer).size > 0) {
        try {
          await options.open(peer, AbortSignal.timeout(limits.helloTimeoutMs + limits.ackTimeoutMs));
          counters.resumed++;
          return;
        } catch (error) {
          if (options.isGone(error)) {
            const announced = leaving.has(peer);
            const reason = announced ? "the worker has shut down" : "the worker is gone";
            for (const attempt of out.of(peer)) attempt.settle({ kind: "lost", reason, announced });
            return;
          }
        }
        // The way may come back; the sweep gives up when the lease ends.
        await new Promise<void>((resolve) => clock.after(reopenMs, resolve));
      }
    } finally {
      reopening.delete(peer);
    }
  }

  function check(attempt: Attempt, now: number): void {
    if (now >= attempt.lateMs && attempt.cancelledMs === undefined) {
      attempt.lateMs = Infinity;
      attempt.events.late?.();
    }
    if (attempt.cancelledMs !== undefined && now - attempt.cancelledMs > cancelWaitMs) {
      attempt.settle({ kind: "abandoned" });
    } else if (attempt.ackedMs === undefined) {
      if (attempt.session !== undefined && now - attempt.sentMs > limits.ackTimeoutMs) {
        attempt.session.send({
          kind: "cancel",
          cancel: { taskId: attempt.taskId, attempt: attempt.attempt, reason: "no acknowledgement in time" },
        });
        attempt.settle({ kind: "silent", reason: `no acknowledgement within ${limits.ackTimeoutMs} ms` });
      }
    } else if (now - attempt.heardMs > attempt.leaseMs) {
      attempt.settle({ kind: "lost", reason: `silent for ${attempt.leaseMs} ms` });
    } else if (now - attempt.ackedMs > attempt.timeoutMs + limits.ackTimeoutMs) {
      // The worker enforces its deadline itself; this is for one that does not.
      attempt.session?.send({
        kind: "cancel",
        cancel: { taskId: attempt.taskId, attempt: attempt.attempt, reason: "deadline" },
      });
      attempt.settle({ kind: "expired" });
    }
  }

  function sweep(): void {
    const now = clock.monotonic();
    for (const attempt of out.all()) {
      const { twin } = attempt;
      check(attempt, now);
      if (twin !== undefined) check(twin, now);
    }
    out.tidy();
    cancelSweep = clock.after(sweepMs, sweep);
  }

  return {
    get size() {
      return out.size;
    },
    counters,
    send(peer, request, events, wanted, how = alone) {
      const session = options.current(peer);
      if (session !== undefined) return sendOver(session, peer, request, events, wanted, how);
      return options.open(peer, AbortSignal.timeout(limits.helloTimeoutMs + limits.ackTimeoutMs)).then(
        (opened) => sendOver(opened, peer, request, events, wanted, how),
        (error: unknown) => ({ kind: "unreachable", error: toErrandError(error, "PeerUnreachable") }),
      );
    },
    interrupt(id, number) {
      const attempt = out.numbered(id, number);
      if (attempt === undefined) return undefined;
      const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
      const wake = attempt.resolve;
      attempt.resolve = (news) => {
        if (news.kind !== "beside") resolve(news);
      };
      wake({ kind: "beside" });
      return promise;
    },
    isOut: (id, number) => out.numbered(id, number) !== undefined,
    overtake(id, number) {
      const attempt = out.numbered(id, number);
      if (attempt === undefined) return;
      const reason = "another attempt was faster";
      attempt.session?.send({ kind: "cancel", cancel: { taskId: id, attempt: number, reason } });
      attempt.settle({ kind: "overtaken", ranMs: clock.monotonic() - (attempt.startedMs ?? attempt.sentMs) });
    },
    adopt(peer, request, events) {
      const { attempt, promise } = out.add(peer, request, events, false);
      attempt.ackedMs = attempt.heardMs;
      attempt.session = options.current(peer);
      if (attempt.session === undefined) void reopen(peer);
      else
        attempt.session.send({ kind: "query", query: { taskId: attempt.taskId, attempt: attempt.attempt } });
      return promise as Promise<AttemptOutcome>;
    },
    has: (id) => out.first(id) !== undefined,
    cancel(id, reason) {
      const first = out.first(id);
      if (first === undefined) return false;
      for (const attempt of first.twin === undefined ? [first] : [first, first.twin]) {
        attempt.cancelledMs ??= clock.monotonic();
        attempt.session?.send({ kind: "cancel", cancel: { taskId: id, attempt: attempt.attempt, reason } });
      }
      return true;
    },
    onAnswer(message, session) {
      switch (message.kind) {
        case "ack":
          return onAck(message.ack, session);
        case "progress":
          return onProgress(message.progress, session);
        case "response":
          return onResponse(message.response, session);
        case "status":
          return onStatus(message.status, message.status.state, session);
        case "goAway":
          leaving.add(session.peer);
          return;
        case "loadReport":
          return options.onReport?.(message.nonce, message.load, session);
        case "credit":
          // What is out at one peer is bounded by this side as well.
          return;
        case "request":
        case "responseAck":
        case "cancel":
        case "pause":
        case "resume":
        case "query":
        case "probe":
          session.complain(`${message.kind} sent by the working side of a session`);
      }
    },
    onSessionOpen(session) {
      leaving.delete(session.peer);
      for (const attempt of out.of(session.peer)) attempt.session = session;
    },
    onSessionClosed(session) {
      const theirs = out.of(session.peer);
      for (const attempt of theirs) {
        if (attempt.session !== session) continue;
        attempt.session = undefined;
        if (attempt.ackedMs === undefined)
          attempt.settle({ kind: "silent", reason: "the connection broke before an acknowledgement" });
      }
      if (!stopped && theirs.size > 0) void reopen(session.peer);
    },
    resume(peer) {
      return [...out.of(peer)]
        .filter((attempt) => attempt.ackedMs !== undefined)
        .slice(0, limits.inFlightPerPeer)
        .map(({ taskId, attempt }) => ({ taskId, attempt }));
    },
    inFlightAt: (peer) => out.of(peer).size,
    start() {
      stopped = false;
      cancelSweep ??= clock.after(sweepMs, sweep);
    },
    stop() {
      stopped = true;
      cancelSweep?.();
      cancelSweep = undefined;
    },
  };
}
