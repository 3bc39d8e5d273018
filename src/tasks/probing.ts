/**
 * Asking peers for their load before a task is sent to one of them. Routing names whom (routing/ask.ts), which is mostly nobody;
 * all are asked at once over their sessions, and waited for no longer than the answers are worth. A peer is asked once
 * at a time, however many tasks want to know.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Load, Session } from "../network/messages.ts";
import { probeWaitMs } from "../routing/ask.ts";

export interface ProbingOptions {
  clock: Clock;
  /** The warm session to a peer, if there is one. */
  current(peer: PeerIdText): Session | undefined;
  open(peer: PeerIdText, signal: AbortSignal): Promise<Session>;
  /** A peer has answered. */
  probed(peer: PeerIdText, rttMs: number, load: Load): void;
}

export interface Probing {
  /** Resolves once all of `peers` but one have answered (the only one, if there is one), or after 80 ms. */
  ask(peers: readonly PeerIdText[]): Promise<{ silent: ReadonlySet<PeerIdText>; waitedMs: number }>;
  /** A report came over a session. One that nobody asked for is counted against the peer. */
  onReport(nonce: number, load: Load, session: Session): void;
  onSessionClosed(session: Session): void;
}

interface Question {
  nonce: number;
  sentMs: number;
  /** Those that wait for its answer. */
  waiting: Set<(peer: PeerIdText) => void>;
}

// A question that was put so long ago is put again.
const forgottenMs = 1_000;
const nonces = 2 ** 32;

export function createProbing(options: ProbingOptions): Probing {
  const { clock } = options;
  const questions = new Map<PeerIdText, Question>();
  let nonce = 0;

  function put(peer: PeerIdText): Question {
    const now = clock.monotonic();
    const known = questions.get(peer);
    if (known !== undefined && now - known.sentMs < forgottenMs) return known;
    nonce = (nonce + 1) % nonces;
    const question: Question = { nonce, sentMs: now, waiting: known?.waiting ?? new Set() };
    questions.set(peer, question);
    const session = options.current(peer);
    if (session !== undefined) session.send({ kind: "probe", nonce: question.nonce });
    else void openAndAsk(peer, question);
    return question;
  }

  /** The session that is opened serves the task as well, should it go there. */
  async function openAndAsk(peer: PeerIdText, question: Question): Promise<void> {
    try {
      const session = await options.open(peer, AbortSignal.timeout(forgottenMs));
      question.sentMs = clock.monotonic();
      session.send({ kind: "probe", nonce: question.nonce });
    } catch {
      // The attempt that goes there, if one does, finds out for itself.
      if (questions.get(peer) === question) questions.delete(peer);
    }
  }

  return {
    async ask(peers) {
      const silent = new Set(peers);
      const started = clock.monotonic();
      const enough = Math.min(1, peers.length - 1);
      const { promise, resolve } = Promise.withResolvers<void>();
      const answered = (peer: PeerIdText): void => {
        silent.delete(peer);
        if (silent.size <= enough) resolve();
      };
      const asked = peers.map((peer) => put(peer).waiting.add(answered));
      const cancelTimer = clock.after(probeWaitMs, resolve);
      await promise;
      cancelTimer();
      for (const waiting of asked) waiting.delete(answered);
      return { silent, waitedMs: clock.monotonic() - started };
    },
    onReport(said, load, session) {
      const { peer } = session;
      const question = questions.get(peer);
      if (question === undefined || question.nonce !== said)
        return session.complain("a report nobody asked for");
      questions.delete(peer);
      options.probed(peer, clock.monotonic() - question.sentMs, load);
      for (const answered of question.waiting) answered(peer);
    },
    onSessionClosed: ({ peer }) => void questions.delete(peer),
  };
}
