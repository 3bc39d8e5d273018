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
  Message,
  Session,
  TaskAck,
  TaskProgress,
  TaskRequest,
  TaskResponse,
} from "../network/messages.ts";
import type { Attempt, AttemptEvents, AttemptOutcome } from "./attempt.ts";

export interface AttemptsOptions {
  clock: Clock;
  /** The warm session to a peer (or to this node itself), if there is one. */
  current(peer: PeerIdText): Session | undefined;
  open(peer: PeerIdText, signal: AbortSignal): Promise<Session>;
  /** Whether the failure to reach a peer says that its process is gone, not just the way to it. */
  isGone(error: unknown): boolean;
}

export interface Attempts {
  readonly size: number;
  /** Sends the request, if it is still `wanted` once there is a session, and follows it to its outcome; never throws. */
  send(
    peer: PeerIdText,
    request: TaskRequest,
    events: AttemptEvents,
    wanted: () => boolean,
  ): Promise<AttemptOutcome>;
  /** Follows an attempt that a former life of this home sent. */
  adopt(
    peer: PeerIdText,
    request: Pick<TaskRequest, "taskId" | "attempt" | "leaseEpoch" | "leaseMs" | "deadlineMs">,
    events: AttemptEvents,
  ): Promise<AttemptOutcome>;
  /** Whether an attempt of the task is out. */
  has(id: TaskId): boolean;
  /** Asks the worker to stop; the outcome is its answer, or `abandoned` when none comes in time. */
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

const sweepMs = 250;
// How long a worker may take to confirm a cancel before the home stops waiting for it.
const cancelWaitMs = 2_000 + limits.cancelGraceMs;
const reopenMs = 500;

export function createAttempts(options: AttemptsOptions): Attempts {
  const { clock } = options;
  const byTask = new Map<TaskId, Attempt>();
  const byPeer = new Map<PeerIdText, Set<Attempt>>();
  const reopening = new Set<PeerIdText>();
  // Peers that said they are draining, until a session with them begins anew.
  const leaving = new Set<PeerIdText>();
  const counters = { lateResponses: 0, resumed: 0 };
  let cancelSweep: (() => void) | undefined;
  let stopped = false;

  function track(
    peer: PeerIdText,
    request: Pick<TaskRequest, "taskId" | "attempt" | "leaseEpoch" | "leaseMs" | "deadlineMs">,
    events: AttemptEvents,
  ) {
    const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
    const now = clock.monotonic();
    const attempt: Attempt = {
      taskId: request.taskId,
      attempt: request.attempt,
      peer,
      leaseEpoch: request.leaseEpoch,
      leaseMs: request.leaseMs,
      timeoutMs: request.deadlineMs,
      events,
      session: undefined,
      sentMs: now,
      ackedMs: undefined,
      startedMs: undefined,
      heardMs: now,
      seq: 0,
      cancelledMs: undefined,
      settle(outcome) {
        if (byTask.get(attempt.taskId) !== attempt) return;
        byTask.delete(attempt.taskId);
        byPeer.get(peer)?.delete(attempt);
        resolve(outcome);
      },
    };
    // One attempt of a task at a time, whatever the caller thinks.
    byTask.get(attempt.taskId)?.settle({ kind: "abandoned" });
    byTask.set(attempt.taskId, attempt);
    let set = byPeer.get(peer);
    if (set === undefined) byPeer.set(peer, (set = new Set()));
    set.add(attempt);
    return { attempt, promise };
  }

  function find(ref: AttemptRef, session: Session): Attempt | undefined {
    const attempt = byTask.get(ref.taskId);
    return attempt !== undefined && attempt.attempt === ref.attempt && attempt.peer === session.peer
      ? attempt
      : undefined;
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
      while (!stopped && (byPeer.get(peer)?.size ?? 0) > 0) {
        try {
          await options.open(peer, AbortSignal.timeout(limits.helloTimeoutMs + limits.ackTimeoutMs));
          counters.resumed++;
          return;
        } catch (error) {
          if (options.isGone(error)) {
            const announced = leaving.has(peer);
            const reason = announced ? "the worker has shut down" : "the worker is gone";
            for (const attempt of byPeer.get(peer) ?? []) attempt.settle({ kind: "lost", reason, announced });
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
    for (const attempt of byTask.values()) check(attempt, now);
    for (const [peer, set] of byPeer) if (set.size === 0) byPeer.delete(peer);
    cancelSweep = clock.after(sweepMs, sweep);
  }

  return {
    get size() {
      return byTask.size;
    },
    counters,
    async send(peer, request, events, wanted) {
      let session = options.current(peer);
      if (session === undefined) {
        try {
          session = await options.open(
            peer,
            AbortSignal.timeout(limits.helloTimeoutMs + limits.ackTimeoutMs),
          );
        } catch (error) {
          return { kind: "unreachable", error: toErrandError(error, "PeerUnreachable") };
        }
      }
      if (!wanted()) return { kind: "unsent" };
      if (session.bufferedBytes > limits.sessionBufferBytes) {
        return {
          kind: "refused",
          code: "RateLimited",
          message: "the connection to the peer is full",
          retryAfterMs: 200,
        };
      }
      const { attempt, promise } = track(peer, request, events);
      attempt.session = session;
      session.send({ kind: "request", request });
      return promise;
    },
    adopt(peer, request, events) {
      const { attempt, promise } = track(peer, request, events);
      attempt.ackedMs = attempt.heardMs;
      attempt.session = options.current(peer);
      if (attempt.session === undefined) void reopen(peer);
      else
        attempt.session.send({ kind: "query", query: { taskId: attempt.taskId, attempt: attempt.attempt } });
      return promise;
    },
    has: (id) => byTask.has(id),
    cancel(id, reason) {
      const attempt = byTask.get(id);
      if (attempt === undefined) return false;
      attempt.cancelledMs ??= clock.monotonic();
      attempt.session?.send({ kind: "cancel", cancel: { taskId: id, attempt: attempt.attempt, reason } });
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
        case "credit":
          // For routing that asks.
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
      for (const attempt of byPeer.get(session.peer) ?? []) attempt.session = session;
    },
    onSessionClosed(session) {
      const set = byPeer.get(session.peer);
      if (set === undefined) return;
      for (const attempt of set) {
        if (attempt.session !== session) continue;
        attempt.session = undefined;
        if (attempt.ackedMs === undefined)
          attempt.settle({ kind: "silent", reason: "the connection broke before an acknowledgement" });
      }
      if (!stopped && set.size > 0) void reopen(session.peer);
    },
    resume(peer) {
      const set = byPeer.get(peer);
      return set === undefined
        ? []
        : [...set]
            .filter((attempt) => attempt.ackedMs !== undefined)
            .slice(0, limits.inFlightPerPeer)
            .map(({ taskId, attempt }) => ({ taskId, attempt }));
    },
    inFlightAt: (peer) => byPeer.get(peer)?.size ?? 0,
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
