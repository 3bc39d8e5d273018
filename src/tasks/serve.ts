/**
 * The working side of a task's life: from a peer's TaskRequest to the answer it has acknowledged. It owns the attempts
 * this node has accepted, each under the submitter's lease; what runs them is `worker/`. An attempt is answered once: a
 * duplicate of (submitter, task, attempt) gets what the first got, also after a restart (outbox.ts).
 */
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError, type ErrorCode } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { ResponseSigner } from "../network/attest.ts";
import type { AttemptRef, Message, Session, TaskRequest } from "../network/messages.ts";
import { createAnswerBudget } from "./answer-budget.ts";
import { createAnswering } from "./answer.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Outbox } from "./outbox.ts";
import { createServedTable, keyOf, type Served } from "./served.ts";
import { takeToken, type Bucket } from "../worker/admission.ts";
import type { Job, Worker } from "../worker/worker.ts";

export interface ServeOptions {
  self: PeerIdText;
  network: string;
  worker: Worker;
  signer: ResponseSigner;
  blobs: BlobAccess;
  outbox: Outbox;
  clock: Clock;
  log: Log;
}

export interface Serving {
  onRequest(message: Message, session: Session): void;
  onSessionOpen(session: Session): void;
  onSessionClosed(session: Session): void;
  /** New work is refused from now on; resolves when nothing runs, or after `graceMs`, when the rest is handed back. */
  drain(graceMs: number): Promise<void>;
  /** Takes new work again after a drain. */
  undrain(): void;
  readonly draining: boolean;
  readonly counters: { served: number; duplicates: number; refused: number; leasesEnded: number };
  /** Takes up the answers that a former life owed. Before the first session opens. */
  recover(): Promise<number>;
  start(): void;
  stop(): void;
}

const sweepMs = 500;

export function createServing(options: ServeOptions): Serving {
  const { worker, clock, log } = options;
  const budget = createAnswerBudget({
    perPeerBytes: limits.answersHeldBytesPerPeer,
    totalBytes: limits.answersHeldBytes,
  });
  const answering = createAnswering({ ...options, budget });
  const served = createServedTable({ ...options, budget });
  const probes = new WeakMap<Session, Bucket>();
  const counters = { served: 0, duplicates: 0, refused: 0, leasesEnded: 0 };
  let draining = false;
  /** Grows when a drain is taken back: one that still waits then has nothing more to say. */
  let undrains = 0;
  let cancelSweep: (() => void) | undefined;

  function refuse(
    session: Session,
    { taskId, attempt }: AttemptRef,
    why: { code: ErrorCode; message: string; retryAfterMs: number },
  ): void {
    counters.refused++;
    const { code, message, retryAfterMs } = why;
    session.send({
      kind: "ack",
      ack: {
        taskId,
        attempt,
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
    const known = served.find(session.peer, request);
    if (known !== undefined) return answerDuplicate(known, request, session);
    if (draining)
      return refuse(session, request, {
        code: "ShuttingDown",
        message: "this node is draining",
        retryAfterMs: 30_000,
      });
    const inFlight = served.inFlightOf(session.peer);
    if (inFlight >= limits.inFlightPerPeer)
      return refuse(session, request, {
        code: "QueueFull",
        message: `${inFlight} of your tasks are here already`,
        retryAfterMs: 1_000,
      });
    const entry: Served = {
      submitter: session.peer,
      taskId: request.taskId,
      attempt: request.attempt,
      leaseMs: request.leaseMs,
      request,
      leaseEpoch: request.leaseEpoch,
      session,
      detachedMs: undefined,
      state: "waiting",
      sentOn: undefined,
      sentMs: 0,
      unsent: false,
      heldBytes: 0,
      seq: 0,
      saidMs: clock.monotonic(),
      stop: new AbortController(),
      response: undefined,
      answeredMs: 0,
    };
    // Sent before the work starts, so that the ack leaves in front of whatever an inline skill answers at once.
    const offer = worker.offer(jobOf(entry, request));
    if (offer.verdict === "refused") return refuse(session, request, offer);
    served.enter(entry);
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

  function jobOf(entry: Served, request: TaskRequest): Job {
    const { submitter } = entry;
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
      uses: request.limits,
      outputBytes: request.limits?.outputBytes || undefined,
      fetchInput:
        input.blob === undefined ? undefined : (signal) => options.blobs.fetch(submitter, input.blob, signal),
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
    // To a peer that does not read; what renews the lease comes by the sweep.
    if (entry.session !== undefined && entry.session.bufferedBytes > limits.sessionBusyBytes) return;
    entry.saidMs = clock.monotonic();
    const { taskId, attempt } = entry;
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

  /** Takes the attempt up over this session, if it is known, and says what became of it. */
  function onQuery({ taskId, attempt }: AttemptRef, session: Session): void {
    const entry = served.find(session.peer, { taskId, attempt });
    if (entry !== undefined) attach(entry, session);
    session.send({ kind: "status", status: { taskId, attempt, state: entry?.state ?? "unknown" } });
    if (entry !== undefined) answering.resend(entry);
  }

  /** Asked too often, it is silent: an answer costs more than the question. */
  function onProbe(nonce: number, session: Session): void {
    const now = clock.monotonic();
    let bucket = probes.get(session);
    if (bucket === undefined) probes.set(session, (bucket = { tokens: limits.probesPerSecond, at: now }));
    if (takeToken(bucket, now, limits.probesPerSecond) > 0) return;
    if (session.bufferedBytes > limits.sessionBusyBytes) return;
    session.send({ kind: "loadReport", nonce, load: worker.load() });
  }

  function onCancel(ref: AttemptRef & { reason: string }, session: Session): void {
    const entry = served.find(session.peer, ref);
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
    for (const entry of served.all) {
      if (entry.state === "answered") {
        if (now - entry.answeredMs > limits.answerKeptMs) served.forget(entry);
        else answering.sendUnsent(entry);
      } else if (entry.detachedMs !== undefined && now - entry.detachedMs > entry.leaseMs) {
        if (!entry.stop.signal.aborted) {
          counters.leasesEnded++;
          entry.stop.abort(
            new ErrandError("Lost", "the submitter could not be reached until the lease ended"),
          );
        }
      } else if (now - entry.saidMs > entry.leaseMs / 3) heartbeat(entry, now);
    }
    // Answers beyond the bound leave, the oldest first: Set keeps the order of insertion.
    for (const entry of served.all) {
      if (served.size <= limits.answersKept) break;
      if (entry.state === "answered") served.forget(entry);
    }
    cancelSweep = clock.after(sweepMs, sweep);
  }

  function heartbeat(entry: Served, now: number): void {
    const { taskId, attempt, session } = entry;
    // It would wait behind all that the peer has not read; the next sweep looks again.
    if (session !== undefined && session.bufferedBytes > limits.sessionBufferBytes) return;
    entry.saidMs = now;
    session?.send({ kind: "status", status: { taskId, attempt, state: entry.state } });
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
            const entry = served.find(session.peer, ref);
            if (entry?.state === "answered") served.forget(entry);
          }
          return;
        case "query":
          return onQuery(message.query, session);
        case "probe":
          return onProbe(message.nonce, session);
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
      const asked = new Map(session.remote.resume.map((ref) => [keyOf(ref), ref]));
      for (const ref of asked.values()) onQuery(ref, session);
    },
    onSessionClosed: (session) => served.detach(session),
    get draining() {
      return draining;
    },
    undrain() {
      draining = false;
      undrains++;
    },
    async drain(graceMs) {
      draining = true;
      const mine = undrains;
      const sessions = new Set([...served.all].map((entry) => entry.session));
      for (const session of sessions) session?.send({ kind: "goAway", reason: "draining", graceMs });
      for (const entry of served.all) if (entry.state === "waiting") entry.stop.abort(handBack());
      const grace = AbortSignal.timeout(graceMs);
      const idle = await worker.idle(grace).then(
        () => true,
        () => false,
      );
      if (mine !== undrains) return;
      if (!idle) log.warn({ graceMs }, "tasks still ran at the end of the grace time; they are handed back");
      for (const entry of served.all) if (entry.state !== "answered") entry.stop.abort(handBack());
      await worker.idle(AbortSignal.timeout(2 * limits.cancelGraceMs)).catch(() => undefined);
      if (mine !== undrains) return;
      // An answer that is cut off by the end of its session would be an attempt lost.
      await served.allDelivered();
    },
    async recover() {
      const owed = await options.outbox.load();
      for (const one of owed) served.restore(one);
      for (const { submitter, response } of owed)
        if (response.output?.blob !== undefined) options.blobs.grant(submitter, response.output.blob.hash);
      return owed.length;
    },
    start() {
      cancelSweep ??= clock.after(sweepMs, sweep);
    },
    stop() {
      cancelSweep?.();
      cancelSweep = undefined;
      options.outbox.close();
      for (const entry of served.all) if (entry.state !== "answered") entry.stop.abort(handBack());
    },
  };
}

/** What a submitter reads as "give it to somebody else; no attempt was used up". */
function handBack(): ErrandError {
  return new ErrandError("ShuttingDown", "the worker is shutting down");
}
