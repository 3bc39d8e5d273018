/**
 * The working side of a task's life: from a peer's TaskRequest to the answer it has acknowledged. It owns the attempts
 * this node has accepted, each under the submitter's lease; what runs them is `worker/`. An attempt is answered once: a
 * duplicate of (submitter, task, attempt) gets what the first got.
 */
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { ResponseSigner } from "../network/attest.ts";
import type { AttemptRef, AttemptState, Message, Session, TaskRequest } from "../network/messages.ts";
import { createAnswering, type Served } from "./answer.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Job, Worker } from "../worker/worker.ts";

export interface ServeOptions {
  self: PeerIdText;
  network: string;
  worker: Worker;
  signer: ResponseSigner;
  blobs: BlobAccess;
  clock: Clock;
  log: Log;
}

export interface Serving {
  onRequest(message: Message, session: Session): void;
  onSessionOpen(session: Session): void;
  onSessionClosed(session: Session): void;
  /** New work is refused from now on; resolves when nothing runs, or after `graceMs`, when the rest is handed back. */
  drain(graceMs: number): Promise<void>;
  readonly counters: { served: number; duplicates: number; refused: number; leasesEnded: number };
  start(): void;
  stop(): void;
}

const sweepMs = 500;
// An answer that nobody acknowledges: a submitter that is gone for so long starts again anyway.
const answerKeptMs = 15 * 60_000;

export function createServing(options: ServeOptions): Serving {
  const { worker, clock, log } = options;
  const answering = createAnswering(options);
  const served = new Map<string, Served>();
  const perPeer = new Map<PeerIdText, number>();
  const counters = { served: 0, duplicates: 0, refused: 0, leasesEnded: 0 };
  let draining = false;
  let cancelSweep: (() => void) | undefined;

  const keyOf = (submitter: PeerIdText, ref: AttemptRef): string =>
    `${ref.taskId}/${ref.attempt}/${submitter}`;

  function refuse(
    session: Session,
    request: AttemptRef,
    code: "QueueFull" | "ShuttingDown" | "InvalidInput",
    message: string,
    retryAfterMs: number,
  ): void {
    counters.refused++;
    session.send({
      kind: "ack",
      ack: {
        taskId: request.taskId,
        attempt: request.attempt,
        verdict: "refused",
        position: 0,
        code,
        message,
        retryAfterMs,
        load: worker.load(),
      },
    });
  }

  function onTaskRequest(request: TaskRequest, session: Session): void {
    const key = keyOf(session.peer, request);
    const known = served.get(key);
    if (known !== undefined) return answerDuplicate(known, request, session);
    if (draining) return refuse(session, request, "ShuttingDown", "this node is draining", 30_000);
    const inFlight = perPeer.get(session.peer) ?? 0;
    if (inFlight >= limits.inFlightPerPeer)
      return refuse(session, request, "QueueFull", `${inFlight} of your tasks are here already`, 1_000);
    const entry: Served = {
      key,
      submitter: session.peer,
      request,
      leaseEpoch: request.leaseEpoch,
      session,
      detachedMs: undefined,
      state: "waiting",
      seq: 0,
      saidMs: clock.monotonic(),
      stop: new AbortController(),
      response: undefined,
      answeredMs: 0,
    };
    // Sent before the work starts, so that the ack leaves in front of whatever an inline skill answers at once.
    const offer = worker.offer(jobOf(entry));
    if (offer.verdict === "refused") {
      counters.refused++;
      const { code, message, retryAfterMs } = offer;
      session.send({
        kind: "ack",
        ack: {
          taskId: request.taskId,
          attempt: request.attempt,
          verdict: "refused",
          position: 0,
          code,
          message,
          retryAfterMs,
          load: worker.load(),
        },
      });
      return;
    }
    served.set(key, entry);
    perPeer.set(session.peer, inFlight + 1);
    counters.served++;
    session.send({
      kind: "ack",
      ack: {
        taskId: request.taskId,
        attempt: request.attempt,
        verdict: offer.verdict,
        position: offer.position,
        load: worker.load(),
      },
    });
    offer.result.then(
      (result) => answering.completed(entry, result),
      (error: unknown) => answering.failed(entry, toErrandError(error, "SkillFailed")),
    );
  }

  function jobOf(entry: Served): Job {
    const { request, submitter } = entry;
    const { input } = request;
    return {
      id: `${request.taskId}-${request.attempt}`,
      submitter,
      skill: request.skill,
      skillVersion: request.skillVersion,
      priority: request.priority,
      input,
      deadline: clock.monotonic() + request.deadlineMs,
      signal: entry.stop.signal,
      requirements: request.requirements,
      outputBytes: request.limits?.outputBytes || undefined,
      fetchInput:
        input.blob === undefined
          ? undefined
          : () => options.blobs.fetch(submitter, input.blob, entry.stop.signal),
      onStart() {
        if (entry.state !== "waiting") return;
        entry.state = "running";
        // Only worth a frame when the ack said "queued"; the sweep says it otherwise.
        if (clock.monotonic() - entry.saidMs > 5) sayProgress(entry, 0, "");
      },
      onProgress: (fraction, message) => sayProgress(entry, fraction, message),
    };
  }

  function sayProgress(entry: Served, fraction: number, message: string): void {
    if (entry.state === "answered") return;
    entry.saidMs = clock.monotonic();
    const { taskId, attempt } = entry.request;
    entry.session?.send({
      kind: "progress",
      progress: { taskId, attempt, seq: ++entry.seq, fraction, message, load: worker.load() },
    });
  }

  function answerDuplicate(entry: Served, request: TaskRequest, session: Session): void {
    counters.duplicates++;
    attach(entry, session);
    entry.leaseEpoch = Math.max(entry.leaseEpoch, request.leaseEpoch);
    const { taskId, attempt } = request;
    session.send({
      kind: "ack",
      ack: { taskId, attempt, verdict: "duplicate", position: 0, load: worker.load() },
    });
    if (entry.state === "running") sayProgress(entry, 0, "");
    answering.resend(entry);
  }

  function attach(entry: Served, session: Session): void {
    entry.session = session;
    entry.detachedMs = undefined;
  }

  function forget(entry: Served): void {
    if (!served.delete(entry.key)) return;
    const left = (perPeer.get(entry.submitter) ?? 1) - 1;
    if (left > 0) perPeer.set(entry.submitter, left);
    else perPeer.delete(entry.submitter);
    const output = entry.response?.output;
    if (output?.blob !== undefined) options.blobs.revoke(entry.submitter, output.blob.hash);
  }

  function stateOf(ref: AttemptRef, peer: PeerIdText): AttemptState {
    return served.get(keyOf(peer, ref))?.state ?? "unknown";
  }

  function onCancel(ref: AttemptRef & { reason: string }, session: Session): void {
    const entry = served.get(keyOf(session.peer, ref));
    if (entry === undefined) return;
    attach(entry, session);
    if (entry.state === "answered") answering.resend(entry);
    else
      entry.stop.abort(
        new ErrandError("Cancelled", ref.reason === "" ? "cancelled by the submitter" : ref.reason),
      );
  }

  function sweep(): void {
    const now = clock.monotonic();
    for (const entry of served.values()) {
      if (entry.state === "answered") {
        if (now - entry.answeredMs > answerKeptMs) forget(entry);
      } else if (entry.detachedMs !== undefined && now - entry.detachedMs > entry.request.leaseMs) {
        if (!entry.stop.signal.aborted) {
          counters.leasesEnded++;
          entry.stop.abort(
            new ErrandError("Lost", "the submitter could not be reached until the lease ended"),
          );
        }
      } else if (now - entry.saidMs > entry.request.leaseMs / 3) heartbeat(entry, now);
    }
    // Answers beyond the bound leave, the oldest first: Map keeps the order of insertion.
    for (const entry of served.values()) {
      if (served.size <= limits.answersKept) break;
      if (entry.state === "answered") forget(entry);
    }
    cancelSweep = clock.after(sweepMs, sweep);
  }

  function heartbeat(entry: Served, now: number): void {
    entry.saidMs = now;
    const { taskId, attempt } = entry.request;
    entry.session?.send({ kind: "status", status: { taskId, attempt, state: entry.state } });
  }

  return {
    counters,
    onRequest(message, session) {
      switch (message.kind) {
        case "request":
          return onTaskRequest(message.request, session);
        case "cancel":
          return onCancel(message.cancel, session);
        case "responseAck":
          for (const ref of message.attempts) {
            const entry = served.get(keyOf(session.peer, ref));
            if (entry?.state === "answered") forget(entry);
          }
          return;
        case "query": {
          for (const entry of served.values()) {
            if (entry.submitter !== session.peer || entry.request.taskId !== message.taskId) continue;
            attach(entry, session);
            session.send({
              kind: "status",
              status: { taskId: message.taskId, attempt: entry.request.attempt, state: entry.state },
            });
            answering.resend(entry);
          }
          return;
        }
        case "probe":
          return session.send({ kind: "loadReport", nonce: message.nonce, load: worker.load() });
        case "pause":
        case "resume":
          // No skill can be checkpointed yet: what runs goes on, which the specification allows.
          return;
        case "ack":
        case "progress":
        case "response":
        case "status":
        case "loadReport":
        case "credit":
        case "goAway":
          session.complain(`${message.kind} sent by the submitting side of a session`);
      }
    },
    onSessionOpen(session) {
      session.send({ kind: "credit", tasks: limits.inFlightPerPeer, bytes: limits.sessionBufferBytes });
      if (draining) session.send({ kind: "goAway", reason: "draining", graceMs: 0 });
      for (const ref of session.remote.resume) {
        const entry = served.get(keyOf(session.peer, ref));
        if (entry !== undefined) attach(entry, session);
        session.send({ kind: "status", status: { ...ref, state: stateOf(ref, session.peer) } });
        if (entry !== undefined) answering.resend(entry);
      }
    },
    onSessionClosed(session) {
      for (const entry of served.values()) {
        if (entry.session !== session) continue;
        entry.session = undefined;
        entry.detachedMs = clock.monotonic();
      }
    },
    async drain(graceMs) {
      draining = true;
      const sessions = new Set([...served.values()].map((entry) => entry.session));
      for (const session of sessions) session?.send({ kind: "goAway", reason: "draining", graceMs });
      for (const entry of served.values()) if (entry.state === "waiting") entry.stop.abort(handBack());
      const grace = AbortSignal.timeout(graceMs);
      await worker.idle(grace).catch(() => {
        log.warn({ graceMs }, "tasks still ran at the end of the grace time; they are handed back");
      });
      for (const entry of served.values()) if (entry.state !== "answered") entry.stop.abort(handBack());
      await worker.idle(AbortSignal.timeout(2 * limits.cancelGraceMs)).catch(() => undefined);
    },
    start() {
      cancelSweep ??= clock.after(sweepMs, sweep);
    },
    stop() {
      cancelSweep?.();
      cancelSweep = undefined;
      for (const entry of served.values()) if (entry.state !== "answered") entry.stop.abort(handBack());
    },
  };
}

/** What a submitter reads as "give it to somebody else; no attempt was used up". */
function handBack(): ErrandError {
  return new ErrandError("ShuttingDown", "the worker is shutting down");
}
