/**
 * The attempts that are out, by task and by peer: one for each task, or two where a second was sent beside a slow one (its
 * `twin`, which takes its place when the first ends).
 */
import { ChurnMap, ChurnSet } from "../core/churn.ts";
import type { Clock } from "../core/clock.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { TaskRequest } from "../network/messages.ts";
import type { Attempt, AttemptEvents, AttemptNews } from "./attempt.ts";

/** What of a request its attempt needs to know. */
export type AttemptRequest = Pick<
  TaskRequest,
  "taskId" | "attempt" | "leaseEpoch" | "leaseMs" | "deadlineMs"
>;

export interface AttemptTable {
  /** Tasks that have an attempt out. */
  readonly size: number;
  /** The first attempt of the task. */
  first(id: TaskId): Attempt | undefined;
  numbered(id: TaskId, number: number): Attempt | undefined;
  /** First attempts; their twins hang on them. */
  all(): Iterable<Attempt>;
  of(peer: PeerIdText): Iterable<Attempt> & { readonly size: number };
  /** From now on it is out, until it is settled. `beside` the one that is out, or instead of it. */
  add(
    peer: PeerIdText,
    request: AttemptRequest,
    events: AttemptEvents,
    beside: boolean,
  ): { attempt: Attempt; promise: Promise<AttemptNews> };
  /** Forgets peers at which nothing is out. */
  tidy(): void;
}

const none: ReadonlySet<Attempt> = new Set();

export function createAttemptTable(clock: Clock): AttemptTable {
  const byTask = new ChurnMap<TaskId, Attempt>();
  const byPeer = new Map<PeerIdText, ChurnSet<Attempt>>();

  /** Takes the attempt out; false when it was out no more. What is beside it stays. */
  function leave(attempt: Attempt): boolean {
    const first = byTask.get(attempt.taskId);
    if (first === attempt) {
      if (attempt.twin === undefined) byTask.delete(attempt.taskId);
      else byTask.set(attempt.taskId, attempt.twin);
      attempt.twin = undefined;
      return true;
    }
    if (first === undefined || first.twin !== attempt) return false;
    first.twin = undefined;
    return true;
  }

  function numbered(id: TaskId, number: number): Attempt | undefined {
    const first = byTask.get(id);
    if (first === undefined || first.attempt === number) return first;
    return first.twin?.attempt === number ? first.twin : undefined;
  }

  return {
    get size() {
      return byTask.size;
    },
    first: (id) => byTask.get(id),
    numbered,
    all: () => byTask.values(),
    of: (peer) => byPeer.get(peer) ?? none,
    add(peer, request, events, beside) {
      const { promise, resolve } = Promise.withResolvers<AttemptNews>();
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
        lateMs: Infinity,
        twin: undefined,
        resolve,
        settle(outcome) {
          if (!leave(attempt)) return;
          byPeer.get(peer)?.delete(attempt);
          attempt.resolve(outcome);
        },
      };
      const first = byTask.get(attempt.taskId);
      if (first !== undefined && beside) {
        first.twin?.settle({ kind: "abandoned" });
        first.twin = attempt;
      } else {
        // Otherwise one attempt of a task at a time, whatever the caller thinks.
        first?.twin?.settle({ kind: "abandoned" });
        first?.settle({ kind: "abandoned" });
        byTask.set(attempt.taskId, attempt);
      }
      let set = byPeer.get(peer);
      if (set === undefined) byPeer.set(peer, (set = new ChurnSet()));
      set.add(attempt);
      return { attempt, promise };
    },
    tidy() {
      for (const [peer, set] of byPeer) if (set.size === 0) byPeer.delete(peer);
    },
  };
}
