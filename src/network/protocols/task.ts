/**
 * `/errand/task/1.0.0`, delegation. The side that submits opens the session; there is one for each ordered pair of peers,
 * used for all tasks and opened anew after a loss. Frames: session.ts; messages: messages.ts; bounds: core/limits.ts.
 *
 *     const sessions = createSessions({ streams, network, clock, … });
 *     const session = await sessions.open(peer, signal);        // submit over it
 *     session.send({ kind: "request", request });               // answers come to `onMessage`
 */
import type { Stream } from "@libp2p/interface";
import type { Clock } from "../../core/clock.ts";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { AttemptRef, MessageHandler, Session, Sessions } from "../messages.ts";
import { sessionVersion, TaskSession, type SessionOptions } from "../session.ts";

export const taskProtocol = "/errand/task/1.0.0";

/** What the protocol needs of the host. */
export interface StreamHost {
  newStream(peer: PeerIdText, protocol: string, signal: AbortSignal): Promise<Stream>;
  handle(
    protocol: string,
    handler: (stream: Stream, peer: PeerIdText) => void,
    options: { maxInboundStreams: number; maxOutboundStreams: number },
  ): Promise<void>;
  unhandle(protocol: string): Promise<void>;
}

export interface SessionsOptions {
  host: StreamHost;
  network: string;
  clock: Clock;
  log: Log;
  /** Answers to this node's requests. */
  onAnswer: MessageHandler;
  /** Requests and controls of peers. */
  onRequest: MessageHandler;
  onOpen(session: Session): void;
  onClose(session: Session): void;
  /** Called before the frames of a turn leave; what it sends leaves with them. */
  onTurnEnd?(): void;
  /** Attempts this node still waits for from `peer`: said when a session opens. */
  resume(peer: PeerIdText): AttemptRef[];
}

export interface TaskSessions extends Sessions {
  start(): Promise<void>;
  readonly counters: { violations: number };
}

export function createSessions(options: SessionsOptions): TaskSessions {
  const { host, clock, log } = options;
  const outgoing = new Map<PeerIdText, TaskSession>();
  const opening = new Map<PeerIdText, Promise<TaskSession>>();
  const incoming = new Map<PeerIdText, Set<TaskSession>>();
  const coolUntilMs = new Map<PeerIdText, number>();
  const counters = { violations: 0 };
  let stopSweep: (() => void) | undefined;

  const coolingDown = (peer: PeerIdText): boolean => (coolUntilMs.get(peer) ?? 0) > clock.monotonic();

  const sessionOptions = (
    peer: PeerIdText,
    direction: "in" | "out",
    opened: (session: TaskSession) => void,
  ): SessionOptions => ({
    peer,
    direction,
    clock,
    hello: {
      version: sessionVersion,
      network: options.network,
      capabilities: [],
      resume: direction === "out" ? options.resume(peer) : [],
    },
    onMessage: direction === "out" ? options.onAnswer : options.onRequest,
    onOpen: opened,
    onTurnEnd: options.onTurnEnd,
    onClose(session, violation) {
      if (direction === "out") {
        if (outgoing.get(peer) === session) outgoing.delete(peer);
      } else {
        const set = incoming.get(peer);
        set?.delete(session);
        if (set?.size === 0) incoming.delete(peer);
      }
      if (violation !== undefined) {
        counters.violations++;
        coolUntilMs.set(peer, clock.monotonic() + limits.peerCoolDownMs);
        log.warn({ peer, reason: violation.message }, "peer broke the task protocol; it cools down");
      }
      options.onClose(session);
    },
  });

  async function dial(peer: PeerIdText, signal: AbortSignal): Promise<TaskSession> {
    let stream: Stream;
    try {
      stream = await host.newStream(peer, taskProtocol, signal);
    } catch (cause) {
      throw toErrandError(cause, "PeerUnreachable");
    }
    const { promise, resolve, reject } = Promise.withResolvers<TaskSession>();
    const session = new TaskSession(
      stream,
      sessionOptions(peer, "out", (opened) => {
        outgoing.set(peer, opened);
        options.onOpen(opened);
        resolve(opened);
      }),
    );
    session.closed.addEventListener("abort", () =>
      reject(new ErrandError("PeerUnreachable", `${peer} closed the session before it began`)),
    );
    return promise;
  }

  function onStream(stream: Stream, peer: PeerIdText): void {
    const set = incoming.get(peer) ?? new Set();
    if (coolingDown(peer) || set.size >= limits.sessionsPerPeer) {
      stream.abort(new ErrandError("RateLimited", "too many sessions, or cooling down"));
      return;
    }
    incoming.set(peer, set);
    set.add(new TaskSession(stream, sessionOptions(peer, "in", options.onOpen)));
  }

  function sweep(): void {
    const now = clock.monotonic();
    const all = [...outgoing.values()];
    for (const set of incoming.values()) all.push(...set);
    for (const session of all) {
      session.checkProgress(now);
      // Running tasks make heartbeats, so silence means that there are none. The submitter closes; the other side waits longer.
      const idleMs = session.direction === "out" ? limits.sessionIdleMs : 2 * limits.sessionIdleMs;
      if (now - session.lastActiveMs > idleMs) session.close("idle");
    }
    for (const [peer, until] of coolUntilMs) if (until <= now) coolUntilMs.delete(peer);
    stopSweep = clock.after(1_000, sweep);
  }

  return {
    counters,
    async start() {
      await host.handle(taskProtocol, onStream, {
        maxInboundStreams: 2 * limits.sessionsPerPeer,
        maxOutboundStreams: 2 * limits.sessionsPerPeer,
      });
      sweep();
    },
    current: (peer) => outgoing.get(peer),
    async open(peer, signal) {
      signal.throwIfAborted();
      const there = outgoing.get(peer);
      if (there !== undefined) return there;
      if (coolingDown(peer))
        throw new ErrandError("PeerUnreachable", `${peer} broke the protocol and cools down`);
      let dialing = opening.get(peer);
      if (dialing === undefined) {
        // Shared by all callers, so bounded by itself and not by the first caller's signal.
        dialing = dial(peer, AbortSignal.timeout(limits.helloTimeoutMs + limits.ackTimeoutMs)).finally(() =>
          opening.delete(peer),
        );
        opening.set(peer, dialing);
      }
      return withSignal(dialing, signal);
    },
    async close(reason) {
      stopSweep?.();
      for (const session of outgoing.values()) session.close(reason);
      for (const set of incoming.values()) for (const session of set) session.close(reason);
      await host.unhandle(taskProtocol);
    },
  };
}

function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(toErrandError(signal.reason, "Cancelled"));
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
