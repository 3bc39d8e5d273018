/**
 * The attempts this node has accepted, each until its submitter has acknowledged the answer or it was kept long enough. What an
 * answer takes up elsewhere (its bytes, its blob, its place in the outbox) is given back with it.
 */
import { ChurnMap, ChurnSet } from "../core/churn.ts";
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { AttemptRef, Session, TaskRequest, TaskResponse } from "../network/messages.ts";
import type { AnswerBudget } from "./answer-budget.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Outbox, Owed } from "./outbox.ts";

/** One accepted attempt. */
export interface Served extends AttemptRef {
  readonly submitter: PeerIdText;
  readonly leaseMs: number;
  /** Until it is answered: then its input need not be held any longer. */
  request: TaskRequest | undefined;
  /** Grows when the submitter comes back from a restart: answers carry the newest. */
  leaseEpoch: number;
  session: Session | undefined;
  /** Monotonic ms since when no session leads to the submitter. */
  detachedMs: number | undefined;
  state: "waiting" | "running" | "answered";
  /** The session its answer was last sent over, and when. */
  sentOn: Session | undefined;
  sentMs: number;
  /** The answer is owed over the session it has now, and could not be sent yet. */
  unsent: boolean;
  /** Bytes of its output that count as held in memory (answer-budget.ts). */
  heldBytes: number;
  seq: number;
  saidMs: number;
  readonly stop: AbortController;
  response: TaskResponse | undefined;
  answeredMs: number;
}

export interface ServedTable {
  /** All, in the order in which they came. */
  readonly all: Iterable<Served>;
  readonly size: number;
  find(submitter: PeerIdText, ref: AttemptRef): Served | undefined;
  /** Attempts of the peer that are here. At the bound, answers of a session that is gone and that no other asked for make room. */
  inFlightOf(peer: PeerIdText): number;
  enter(entry: Served): void;
  forget(entry: Served): void;
  /** Takes up an answer that a former life owed. */
  restore(owed: Owed): void;
  /** A session has closed: who cannot be reached any more is not waited for. */
  detach(session: Session): void;
  /** Resolves once everybody who is there has acknowledged everything, or after a while. */
  allDelivered(): Promise<void>;
}

export interface ServedTableOptions {
  self: PeerIdText;
  budget: AnswerBudget;
  blobs: Pick<BlobAccess, "revoke">;
  outbox: Pick<Outbox, "remove">;
  clock: Clock;
}

export function createServedTable(options: ServedTableOptions): ServedTable {
  const { budget, clock } = options;
  const served = new ChurnSet<Served>();
  const byPeer = new Map<PeerIdText, ChurnMap<string, Served>>();
  // Who waits until nothing is owed any more.
  let delivered: (() => void) | undefined;

  function enter(entry: Served): void {
    served.add(entry);
    let theirs = byPeer.get(entry.submitter);
    if (theirs === undefined) byPeer.set(entry.submitter, (theirs = new ChurnMap()));
    theirs.set(keyOf(entry), entry);
  }

  /** Whether a peer that is there has not acknowledged all yet. */
  function owesAnswers(): boolean {
    for (const { session, submitter } of served)
      if (session !== undefined && submitter !== options.self) return true;
    return false;
  }

  function forget(entry: Served): void {
    if (!served.delete(entry)) return;
    const theirs = byPeer.get(entry.submitter);
    theirs?.delete(keyOf(entry));
    if (theirs?.size === 0) byPeer.delete(entry.submitter);
    if (delivered !== undefined && !owesAnswers()) delivered();
    budget.release(entry.submitter, entry.heldBytes);
    entry.heldBytes = 0;
    const { response } = entry;
    if (response === undefined) return;
    entry.response = undefined;
    options.outbox.remove(response);
    const blob = response.output?.blob;
    if (blob !== undefined) options.blobs.revoke(entry.submitter, blob.hash);
  }

  return {
    all: served,
    get size() {
      return served.size;
    },
    find: (submitter, ref) => byPeer.get(submitter)?.get(keyOf(ref)),
    inFlightOf(peer) {
      const theirs = byPeer.get(peer);
      if (theirs === undefined || theirs.size < limits.inFlightPerPeer) return theirs?.size ?? 0;
      for (const entry of theirs.values())
        if (entry.state === "answered" && entry.session === undefined) forget(entry);
      return theirs.size;
    },
    enter,
    forget,
    restore(owed) {
      const entry = restored(owed, clock.monotonic());
      const bytes = owed.response.output?.bytes?.length ?? 0;
      // What is here already stays; it only leaves less room for what comes.
      if (budget.take(entry.submitter, bytes)) entry.heldBytes = bytes;
      enter(entry);
    },
    detach(session) {
      for (const entry of byPeer.get(session.peer)?.values() ?? []) {
        if (entry.session !== session) continue;
        entry.session = undefined;
        entry.detachedMs = clock.monotonic();
      }
      if (delivered !== undefined && !owesAnswers()) delivered();
    },
    async allDelivered() {
      if (!owesAnswers()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const giveUp = clock.after(limits.ackTimeoutMs, resolve);
      delivered = resolve;
      await promise;
      delivered = undefined;
      giveUp();
    },
  };
}

/** Among those of one submitter. Most tasks have one attempt, and a text that is at hand is cheaper to look up than a new one. */
export function keyOf({ taskId, attempt }: AttemptRef): string {
  return attempt === 1 ? taskId : `${taskId}/${attempt}`;
}

/** An attempt that was answered in a former life. */
function restored({ submitter, response, ageMs }: Owed, nowMs: number): Served {
  const { taskId, attempt, leaseEpoch } = response;
  return {
    submitter,
    taskId,
    attempt,
    leaseMs: limits.leaseMs,
    request: undefined,
    leaseEpoch,
    session: undefined,
    detachedMs: nowMs,
    state: "answered",
    sentOn: undefined,
    sentMs: 0,
    unsent: false,
    heldBytes: 0,
    seq: 0,
    saidMs: nowMs,
    stop: new AbortController(),
    response,
    answeredMs: nowMs - ageMs,
  };
}
