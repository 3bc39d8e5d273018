/**
 * Events to the operator's URLs: written in the turn of the change they tell of, sent once they are on disk, sent again
 * with growing pauses until they are accepted or a day has passed. At least once: the receiver tells doubles by `id`.
 *
 * Each URL gets one event at a time, in order. A receiver that does not answer holds all of its events; an event that it
 * refuses (400 and the like) steps aside and is tried again by itself, for one bad event must not hold the others for a day.
 */
import type { Clock, Random } from "../../core/clock.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits, safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { Store } from "../../storage/store.ts";
import { deliveryBody } from "../../storage/webhooks.ts";
import type { TaskRecord } from "../record.ts";
import type { TaskState } from "../states.ts";
import { eventsOfMove, newEvent } from "./events.ts";
import { createOutbox, type Waiting } from "./outbox.ts";
import { post as postOverHttp, type Post } from "./post.ts";
import type { WebhookEvent, WebhookTarget } from "./settings.ts";
import { sign, signatureHeader } from "./signature.ts";

export interface WebhookOptions {
  targets: readonly WebhookTarget[];
  self: PeerIdText;
  store: Store;
  /** Resolves when all changes so far are on disk; those of tasks too. */
  committed: () => Promise<void>;
  clock: Clock;
  random: Random;
  log: Log;
  post?: Post;
}

export interface Webhooks {
  readonly counters: { webhooksSent: number; webhooksFailed: number; webhooksDropped: number };
  /** Whether anybody wants such events. */
  wants(event: WebhookEvent): boolean;
  /** A listener of the task table. */
  moved(record: TaskRecord, from: TaskState): void;
  /** `skill`: of the task it is about; undefined for events of peers. */
  tell(event: WebhookEvent, data: Record<string, unknown>, skill?: string): void;
  load(): Promise<void>;
  /** The returned function ends it; what waits is sent in the next life. */
  start(): () => void;
}

/** One URL. Times are monotonic. */
interface Lane {
  target: WebhookTarget;
  sending: boolean;
  /** The receiver did not answer: nothing is sent before. */
  blockedUntilMs: number;
  cancelWake: (() => void) | undefined;
  /** Its silence has been logged. */
  silent: boolean;
}

const firstPauseMs = 1_000;
const longestPauseMs = 3_600_000;
const userAgent = "errand-webhooks";

/** Exponential, with half of it random: receivers that come back are not hit by all at once. */
export function pauseMs(attempts: number, random: Random): number {
  const full = Math.min(firstPauseMs * 2 ** Math.min(attempts, 30), longestPauseMs);
  return full / 2 + (random() * full) / 2;
}

export function createWebhooks(options: WebhookOptions): Webhooks {
  const { targets, self, store, clock, random, log, post = postOverHttp } = options;
  const outbox = createOutbox(store);
  const counters = { webhooksSent: 0, webhooksFailed: 0 };
  const stop = new AbortController();
  const lanes = targets.map((target): Lane => ({
    target,
    sending: false,
    blockedUntilMs: 0,
    cancelWake: undefined,
    silent: false,
  }));
  let fresh: Waiting[] = [];
  let started = false;

  function tell(type: WebhookEvent, data: Record<string, unknown>, skill?: string): void {
    const nowAt = clock.now();
    let body: string | undefined;
    for (const { events, skills, url } of targets) {
      if (!events.has(type) || (skill !== undefined && skills?.has(skill) === false)) continue;
      body ??= JSON.stringify(newEvent(type, data, self, nowAt));
      if (fresh.length === 0) setImmediate(flush);
      fresh.push(outbox.add(url, type, body, nowAt));
    }
  }

  /** At the end of the turn: what this turn made may go out once it is on disk. */
  function flush(): void {
    const made = fresh;
    fresh = [];
    const stored = (): void => {
      for (const entry of made) entry.stored = true;
      for (const lane of lanes) pump(lane);
    };
    // Nothing is told of what could not be stored.
    options.committed().then(stored, () => undefined);
  }

  function pump(lane: Lane): void {
    if (!started || lane.sending) return;
    const nowMs = clock.monotonic();
    let earliestMs = Infinity;
    for (const entry of outbox.of(lane.target.url)) {
      if (!entry.stored) continue;
      if (clock.now() - entry.createdAt > limits.webhookKeptMs) {
        giveUp(lane, entry);
        continue;
      }
      const readyMs = Math.max(entry.notBeforeMs, lane.blockedUntilMs);
      if (readyMs <= nowMs) return void send(lane, entry);
      earliestMs = Math.min(earliestMs, readyMs);
      if (lane.blockedUntilMs > nowMs) break;
    }
    lane.cancelWake?.();
    lane.cancelWake = earliestMs === Infinity ? undefined : clock.after(earliestMs - nowMs, () => pump(lane));
  }

  function giveUp({ target }: Lane, entry: Waiting): void {
    counters.webhooksFailed++;
    log.error({ webhook: target.name, event: entry.event }, "an event was given up: nobody accepted it");
    outbox.remove(entry);
  }

  async function send(lane: Lane, entry: Waiting): Promise<void> {
    lane.sending = true;
    try {
      const body = await deliveryBody(store, entry.id);
      if (stop.signal.aborted) return;
      if (body === undefined) outbox.remove(entry);
      else await deliver(lane, entry, body);
    } catch (error) {
      // The store failed: it says so itself, and nothing can be told any more without it.
      lane.blockedUntilMs = clock.monotonic() + longestPauseMs;
      log.debug({ err: error }, "an event could not be read");
    } finally {
      lane.sending = false;
      pump(lane);
    }
  }

  async function deliver(lane: Lane, entry: Waiting, body: string): Promise<void> {
    const { target } = lane;
    const timeout = new AbortController();
    const cancelTimeout = clock.after(limits.webhookTimeoutMs, () => timeout.abort());
    const headers = {
      "content-type": "application/json",
      "user-agent": userAgent,
      "x-errand-event": entry.event,
      "x-errand-attempt": String(entry.attempts + 1),
      [signatureHeader]: sign(target.secret, body, clock.now()),
    };
    const outcome = await post(target.url, headers, body, AbortSignal.any([timeout.signal, stop.signal]));
    cancelTimeout();
    if (stop.signal.aborted && outcome.kind !== "accepted") return;
    if (outcome.kind === "accepted") {
      counters.webhooksSent++;
      outbox.remove(entry);
      if (lane.silent) log.warn({ webhook: target.name }, "a webhook answers again");
      lane.silent = false;
      return;
    }
    const nowMs = clock.monotonic();
    const asked = outcome.kind === "unreachable" ? Math.min(outcome.retryAfterMs, longestPauseMs) : 0;
    const delayMs = Math.max(pauseMs(entry.attempts, random), asked);
    outbox.postpone(entry, delayMs, clock.now(), nowMs);
    if (outcome.kind === "unreachable") lane.blockedUntilMs = nowMs + delayMs;
    // Once for a receiver that is gone, not for every try.
    if (!lane.silent || outcome.kind === "refused") {
      const facts = { webhook: target.name, event: entry.event, why: safeMessage(outcome.message) };
      log.warn(facts, "a webhook was not accepted; it is tried again");
    }
    if (outcome.kind === "unreachable") lane.silent = true;
  }

  return {
    get counters() {
      return { ...counters, ...outbox.counters };
    },
    wants: (event) => targets.some(({ events }) => events.has(event)),
    moved(record, from) {
      for (const { type, data } of eventsOfMove(record, from)) tell(type, data, record.spec.skill);
    },
    tell,
    load: () => outbox.load(new Set(targets.map(({ url }) => url))),
    start() {
      started = true;
      for (const lane of lanes) pump(lane);
      return () => {
        started = false;
        stop.abort();
        for (const lane of lanes) lane.cancelWake?.();
      };
    },
  };
}
