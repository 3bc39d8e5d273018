/**
 * The worker's outbox: answers on disk until their submitter has acknowledged them, so that a worker that was killed after
 * it finished still delivers when it is back and is asked. It never holds an answer up: what is sent is sent before
 * anything is written. It knows nothing of sessions.
 *
 * Most answers are acknowledged within milliseconds. Writing and deleting each of them was measured with small tasks: the worker
 * needs half as much processor time again (43 µs a task instead of 29), and the pair does a quarter less. So an answer is
 * written when it took long to come by, or when nobody has acknowledged it for a while. A crash before that loses an answer
 * that was cheap to make: the task runs again elsewhere.
 */
import { ChurnMap } from "../core/churn.ts";
import type { Clock } from "../core/clock.ts";
import { toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { TaskResponse } from "../network/messages.ts";
import { decodeFrame } from "../network/task-decode.ts";
import { encodeMessage } from "../network/task-encode.ts";
import { deleteResult, loadResults, putResult, type ResultRow } from "../storage/results.ts";
import type { Store } from "../storage/store.ts";

/** An answer that is owed. */
export interface Owed {
  readonly submitter: PeerIdText;
  readonly response: TaskResponse;
  /** How long ago it was given, ms. */
  readonly ageMs: number;
}

export interface Outbox {
  /** It was sent, or could not be: it is owed from now on. */
  add(submitter: PeerIdText, response: TaskResponse): void;
  /** It is acknowledged, or given up. */
  remove(response: TaskResponse): void;
  /** What a former life owed, oldest first; what is too old is deleted. */
  load(): Promise<Owed[]>;
  /** Writes all that is owed, and from now on without delay: the end of this life is near. */
  close(): void;
  readonly counters: { answersStored: number };
}

export interface OutboxOptions {
  store: Store;
  clock: Clock;
  log: Log;
}

interface Entry {
  submitter: PeerIdText;
  sinceMs: number;
  /** Bytes on disk; 0 while it is only in memory. */
  bytes: number;
}

export function createOutbox({ store, clock, log }: OutboxOptions): Outbox {
  const owed = new ChurnMap<TaskResponse, Entry>();
  // Those not written yet, oldest first.
  const recent = new ChurnMap<TaskResponse, Entry>();
  const counters = { answersStored: 0 };
  let storedBytes = 0;
  let timer: (() => void) | undefined;
  let closing = false;

  function write(response: TaskResponse, entry: Entry): void {
    recent.delete(response);
    const bytes = encodeMessage({ kind: "response", response });
    // Beyond the bound it is kept in memory alone, as all were before they were written.
    if (storedBytes + bytes.length > limits.outboxBytes) return;
    entry.bytes = bytes.length;
    storedBytes += bytes.length;
    counters.answersStored++;
    const { taskId, attempt } = response;
    // Monotonic time has fractions, and the store takes whole milliseconds alone.
    const createdAt = Math.round(clock.now() - (clock.monotonic() - entry.sinceMs));
    const { submitter } = entry;
    putResult(store, { submitter, taskId, attempt, response: bytes, createdAt });
  }

  function writeOld(): void {
    timer = undefined;
    const before = clock.monotonic() - limits.outboxDelayMs;
    for (const [response, entry] of recent) {
      if (entry.sinceMs > before) break;
      write(response, entry);
    }
    arm();
  }

  function arm(): void {
    if (recent.size > 0) timer ??= clock.after(limits.outboxDelayMs, writeOld);
  }

  function decoded(row: ResultRow): TaskResponse | undefined {
    try {
      const message = decodeFrame(row.response);
      if (message.kind === "response") return message.response;
    } catch (error) {
      log.warn(
        { err: toErrandError(error), task: row.taskId },
        "a stored answer cannot be read; it is deleted",
      );
    }
    return undefined;
  }

  return {
    counters,
    add(submitter, response) {
      const entry: Entry = { submitter, sinceMs: clock.monotonic(), bytes: 0 };
      owed.set(response, entry);
      if (closing || response.usage.wallMs >= limits.outboxDelayMs) return write(response, entry);
      recent.set(response, entry);
      arm();
    },
    remove(response) {
      const entry = owed.get(response);
      if (entry === undefined) return;
      owed.delete(response);
      if (entry.bytes === 0) return void recent.delete(response);
      storedBytes -= entry.bytes;
      const { taskId, attempt } = response;
      deleteResult(store, { submitter: entry.submitter, taskId, attempt });
    },
    async load() {
      const found: Owed[] = [];
      const now = clock.now();
      for await (const row of loadResults(store)) {
        // A clock that was set back makes no answer older.
        const ageMs = Math.max(0, now - row.createdAt);
        const response = ageMs > limits.answerKeptMs ? undefined : decoded(row);
        if (response === undefined) {
          deleteResult(store, row);
          continue;
        }
        const { submitter } = row;
        const bytes = row.response.length;
        owed.set(response, { submitter, sinceMs: clock.monotonic() - ageMs, bytes });
        storedBytes += bytes;
        found.push({ submitter, response, ageMs });
      }
      return found;
    },
    close() {
      closing = true;
      timer?.();
      timer = undefined;
      for (const [response, entry] of recent) write(response, entry);
    },
  };
}
