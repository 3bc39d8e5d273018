/**
 * The gossip topic of cards: this node's own goes out soon after the start, when something changes, and by its rhythm; others'
 * are checked before they are handed on, so a bad one goes no further than one hop.
 */
import { TopicValidatorResult, type GossipSub, type Message } from "@libp2p/gossipsub";
import type { Clock, Random } from "../../core/clock.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { claimOf } from "../card-codec.ts";
import type { Taken } from "../card-table.ts";
import { cardIntervalMs } from "../own-card.ts";
import { createTokenBuckets } from "../token-buckets.ts";

export interface CardGossip {
  start(): void;
  /** Skills or load have changed: a new card goes out soon, many changes as one. */
  changed(): void;
  publish(signed: Uint8Array): Promise<void>;
  stop(): void;
}

// What is published in the first 200 ms reaches nobody, for the mesh is not there yet; some nodes take longer.
const firstPublishMs = [300, 2_000];
const debounceMs = 250;
// Of the interval: no card follows the one before sooner, however often something changes.
const leastShare = 0.1;

export function createCardGossip(options: {
  pubsub: GossipSub;
  topic: string;
  /** A new signed card of this node. */
  renew: () => Uint8Array;
  take: (signed: Uint8Array) => Taken;
  meshSize: () => number;
  clock: Clock;
  random: Random;
  log: Log;
}): CardGossip {
  const { pubsub, topic, clock, random, log } = options;
  // Whoever floods the topic is not even checked.
  const pace = createTokenBuckets({
    burst: limits.cardBurst,
    everyMs: limits.cardEveryMs,
    peers: limits.cardsKept,
    clock,
  });
  // Cards already handed on, by peer: the same bytes in a new envelope are a replay, and go no further.
  const relayed = new Map<PeerIdText, number>();
  let cancel = (): void => {};
  let lastPublish = -Infinity;
  let dueAt = Infinity;
  let early = 0;
  let running = false;

  const validate = (_from: unknown, message: Message): TopicValidatorResult => {
    if (message.type !== "signed") return TopicValidatorResult.Reject;
    const author = message.from.toString();
    if (!pace.take(author)) return TopicValidatorResult.Ignore;
    // A card travels in its issuer's own envelope: in another's it may be as old as its finder likes.
    if (claimOf(message.data)?.peer !== author) return TopicValidatorResult.Reject;
    const { verdict, seq, problem } = options.take(message.data);
    if (verdict === "hostile") {
      log.debug({ author, problem }, "gossiped card refused");
      return TopicValidatorResult.Reject;
    }
    if (verdict === "ignored" || seq === undefined || seq <= (relayed.get(author) ?? 0)) {
      return TopicValidatorResult.Ignore;
    }
    relayed.delete(author);
    relayed.set(author, seq);
    if (relayed.size > limits.cardsKept) relayed.delete(relayed.keys().next().value as PeerIdText);
    return TopicValidatorResult.Accept;
  };

  const publish = async (signed: Uint8Array): Promise<void> => {
    lastPublish = clock.monotonic();
    try {
      await pubsub.publish(topic, signed);
    } catch (error) {
      log.warn({ error: String(error) }, "card not published");
    }
  };

  const schedule = (delayMs: number): void => {
    cancel();
    dueAt = clock.monotonic() + delayMs;
    cancel = clock.after(delayMs, () => {
      void publish(options.renew());
      schedule(nextDelay());
    });
  };

  const nextDelay = (): number => {
    const next = firstPublishMs[++early];
    if (next !== undefined) return next - (firstPublishMs[early - 1] ?? 0);
    return cardIntervalMs(options.meshSize()) * (0.9 + 0.1 * random());
  };

  return {
    start() {
      if (running) return;
      running = true;
      pubsub.topicValidators.set(topic, validate);
      pubsub.subscribe(topic);
      schedule(firstPublishMs[0] ?? 0);
    },
    changed() {
      // The first publications are near anyway.
      if (!running || early < firstPublishMs.length) return;
      const least = lastPublish + leastShare * cardIntervalMs(options.meshSize()) - clock.monotonic();
      const delayMs = Math.max(debounceMs, least);
      // What changes all the time does not put its own publication off.
      if (clock.monotonic() + delayMs < dueAt) schedule(delayMs);
    },
    publish,
    stop() {
      if (!running) return;
      running = false;
      cancel();
      pubsub.topicValidators.delete(topic);
      // Throws once the host has stopped, and then there is nothing to take back.
      if (pubsub.getTopics().includes(topic)) pubsub.unsubscribe(topic);
    },
  };
}
