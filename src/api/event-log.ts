/**
 * The last changes of this node's tasks, and of its trust in peers, serialised once for all event streams, so that a client that lost its
 * connection resumes after the last event it saw. Each reader has a cursor into one bounded list: a slow reader costs no
 * memory, it falls behind and is told so. Runs only while somebody reads, and a little after.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { TaskChange, TrustChange } from "../node/node.ts";

export interface LoggedEvent {
  /** Unique over restarts of the node: its run and the change's number. "" for what cannot be resumed after. */
  id: string;
  event: string;
  /** JSON. */
  data: string;
}

export interface EventLog {
  /**
   * From now on, or after the event `after`; begins with `EventsLost` when what followed it is gone. Changes of trust are left out
   * unless asked for: they are no news of a task.
   */
  read(
    after: string | undefined,
    signal: AbortSignal,
    wanted?: { trust: boolean },
  ): AsyncIterable<LoggedEvent>;
  /** The id of a change in this run of the node. */
  idOf(seq: number): string;
}

// A client that comes back does it within seconds; after this the node stops making views that nobody reads.
const lingerMs = 60_000;

export interface EventLogOptions {
  watch: (signal: AbortSignal) => AsyncIterable<TaskChange>;
  watchTrust: (signal: AbortSignal) => AsyncIterable<TrustChange>;
  clock: Clock;
  /** Ends everything at once. */
  closing: AbortSignal;
  /** Told when the node's watch broke; readers end. */
  onError: (error: unknown) => void;
}

export function createEventLog({ watch, watchTrust, clock, closing, onError }: EventLogOptions): EventLog {
  const run = randomBytes(6).toString("hex");
  /** Position of `kept[0]` in the endless sequence of events. */
  let first = 0;
  let kept: LoggedEvent[] = [];
  let keptBytes = 0;
  let readers = 0;
  let trustSeq = 0;
  let pump: AbortController | undefined;
  let stopLater: (() => void) | undefined;
  let changed = Promise.withResolvers<void>();

  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  function append(id: string, change: TaskChange | TrustChange): void {
    const logged = { id, event: change.event, data: JSON.stringify(change) };
    kept.push(logged);
    keptBytes += logged.data.length;
    while (kept.length > 1 && (kept.length > limits.apiEventsKept || keptBytes > limits.apiEventsKeptBytes)) {
      keptBytes -= (kept.shift() as LoggedEvent).data.length;
      first++;
    }
    wake();
  }

  function idOf(seq: number): string {
    return `${run}-${seq}`;
  }

  function start(): void {
    stopLater?.();
    stopLater = undefined;
    if (pump !== undefined) return;
    const mine = new AbortController();
    pump = mine;
    const tasks = follow(watch(mine.signal), (change) => append(idOf(change.seq), change));
    const trust = follow(watchTrust(mine.signal), (change) => append(`${run}-trust-${++trustSeq}`, change));
    void (async () => {
      try {
        await Promise.all([tasks, trust]);
      } catch (error) {
        if (!mine.signal.aborted) onError(error);
      } finally {
        mine.abort();
        await Promise.allSettled([tasks, trust]);
        if (pump === mine) pump = undefined;
        wake();
      }
    })();
  }

  function stop(): void {
    stopLater?.();
    pump?.abort();
    pump = undefined;
    first += kept.length;
    kept = [];
    keptBytes = 0;
  }

  /** Where to go on, and whether events between were lost. */
  function positionAfter(after: string | undefined): { position: number; lost: boolean } {
    const end = first + kept.length;
    if (after === undefined) return { position: end, lost: false };
    const index = kept.findIndex(({ id }) => id === after);
    return index === -1 ? { position: end, lost: true } : { position: first + index + 1, lost: false };
  }

  closing.addEventListener("abort", stop, { once: true });
  return {
    idOf,
    async *read(after, signal, { trust } = { trust: false }) {
      if (signal.aborted) return;
      const found = positionAfter(after);
      let { position } = found;
      readers++;
      start();
      signal.addEventListener("abort", wake, { once: true });
      try {
        if (found.lost) yield lost();
        while (!signal.aborted) {
          if (position < first) {
            position = first;
            yield lost();
          }
          const next = kept[position - first];
          if (next !== undefined) {
            position++;
            if (trust || next.event !== "TrustChanged") yield next;
          } else if (pump === undefined) {
            return;
          } else {
            await changed.promise;
          }
        }
      } finally {
        signal.removeEventListener("abort", wake);
        if (--readers === 0 && !closing.aborted) stopLater = clock.after(lingerMs, stop);
      }
    },
  };
}

async function follow<Change>(changes: AsyncIterable<Change>, each: (change: Change) => void): Promise<void> {
  for await (const change of changes) each(change);
}

function lost(): LoggedEvent {
  return { id: "", event: "EventsLost", data: "{}" };
}
