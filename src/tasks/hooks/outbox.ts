/**
 * Events that wait for their receiver: rows in the store, their places in memory. Bounded for each URL in number and size:
 * beyond that the oldest leave and are counted, so that a receiver that is gone costs the others nothing.
 */
import { limits } from "../../core/limits.ts";
import {
  deleteDelivery,
  insertDelivery,
  loadDeliveries,
  postponeDelivery,
  type OutboxEntry,
} from "../../storage/webhooks.ts";
import type { Store } from "../../storage/store.ts";

export interface Waiting extends OutboxEntry {
  /** Monotonic ms; nothing is done with it before. */
  notBeforeMs: number;
  /** Its commit is known. */
  stored: boolean;
}

export interface Outbox {
  readonly counters: { webhooksDropped: number };
  /** Rows of a former life for `urls`; those of others are removed. */
  load(urls: ReadonlySet<string>): Promise<void>;
  /** Queues the row: it is in the commit of this turn. */
  add(url: string, event: string, body: string, nowAt: number): Waiting;
  /** What waits for `url`, oldest first. */
  of(url: string): Iterable<Waiting>;
  size(): number;
  remove(entry: Waiting): void;
  postpone(entry: Waiting, delayMs: number, nowAt: number, nowMs: number): void;
}

interface Lane {
  entries: Map<number, Waiting>;
  sizeBytes: number;
}

export function createOutbox(store: Store): Outbox {
  const lanes = new Map<string, Lane>();
  const counters = { webhooksDropped: 0 };
  let lastId = 0;

  function laneOf(url: string): Lane {
    let lane = lanes.get(url);
    if (lane === undefined) lanes.set(url, (lane = { entries: new Map(), sizeBytes: 0 }));
    return lane;
  }

  function keep(entry: Waiting): void {
    const lane = laneOf(entry.url);
    lane.entries.set(entry.id, entry);
    lane.sizeBytes += entry.sizeBytes;
    for (const oldest of lane.entries.values()) {
      if (lane.entries.size <= limits.webhookEvents && lane.sizeBytes <= limits.webhookEventsBytes) break;
      if (oldest === entry) break;
      remove(oldest);
      counters.webhooksDropped++;
    }
  }

  function remove(entry: Waiting): void {
    const lane = laneOf(entry.url);
    if (!lane.entries.delete(entry.id)) return;
    lane.sizeBytes -= entry.sizeBytes;
    deleteDelivery(store, entry.id);
  }

  return {
    counters,
    async load(urls) {
      for (const row of await loadDeliveries(store)) {
        lastId = Math.max(lastId, row.id);
        // What waited for its next try has waited long enough: the node was down.
        if (urls.has(row.url)) keep({ ...row, notBeforeMs: 0, stored: true });
        else {
          deleteDelivery(store, row.id);
          counters.webhooksDropped++;
        }
      }
    },
    add(url, event, body, nowAt) {
      const id = ++lastId;
      const sizeBytes = Buffer.byteLength(body);
      const row = { id, url, event, createdAt: nowAt, attempts: 0, nextAt: nowAt };
      insertDelivery(store, { ...row, body });
      const entry: Waiting = { ...row, sizeBytes, notBeforeMs: 0, stored: false };
      keep(entry);
      return entry;
    },
    of: (url) => laneOf(url).entries.values(),
    size: () => [...lanes.values()].reduce((sum, { entries }) => sum + entries.size, 0),
    remove,
    postpone(entry, delayMs, nowAt, nowMs) {
      entry.attempts++;
      entry.nextAt = Math.round(nowAt + delayMs);
      entry.notBeforeMs = nowMs + delayMs;
      postponeDelivery(store, entry.id, entry.attempts, entry.nextAt);
    },
  };
}
