/**
 * The gossip topics of trust: attestations, each in its issuer's own envelope, and alarms. What is hostile is rejected, so that
 * gossipsub's score turns against whoever relays it; what nobody can blame the relayer for is ignored, and goes no further either.
 */
import { TopicValidatorResult, type GossipSub, type Message } from "@libp2p/gossipsub";
import { Alarm, type Equivocation, type SignedFault } from "#protocols/trust";
import type { Clock } from "../../core/clock.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { AlarmVerdict } from "../alarms.ts";
import type { Taken } from "../attestations.ts";
import { alarmTopic, attestationTopic } from "../names.ts";
import { createTokenBuckets } from "../token-buckets.ts";

export interface TrustGossip {
  start(): void;
  publish(signed: Uint8Array): Promise<void>;
  /** Now, and twice again a little later: gossip reaches nobody to whom the way is not there yet. */
  publishAlarm(alarm: Alarm): Promise<void>;
  stop(): void;
}

export interface TrustGossipOptions {
  pubsub: GossipSub;
  network: string;
  /** An attestation that came in the envelope of `author`. */
  take: (signed: Uint8Array, author: PeerIdText) => Taken;
  takeFault: (signed: SignedFault) => { verdict: AlarmVerdict; reporter?: PeerIdText };
  /** As `AttestationBook.prove`. */
  prove: (wire: Equivocation, admit: (issuer: PeerIdText) => boolean) => boolean | undefined;
  /** Whether anybody whose word counts here vouches for the peer. */
  isVouched: (peer: PeerIdText) => boolean;
  clock: Clock;
  log: Log;
}

const alarmAgainMs = [5_000, 30_000];

const { Accept, Ignore, Reject } = TopicValidatorResult;

export function createTrustGossip(options: TrustGossipOptions): TrustGossip {
  const { pubsub, clock, log } = options;
  const attestations = attestationTopic(options.network);
  const alarms = alarmTopic(options.network);
  // One bucket for all strangers: there is no end to their names.
  const strangers = createTokenBuckets({
    burst: limits.strangersBurst,
    everyMs: 1_000 / limits.strangersPerSecond,
    peers: 1,
    clock,
  });
  const admit = (peer: PeerIdText): boolean => options.isVouched(peer) || strangers.take("strangers");
  const handOn = (peer: PeerIdText): TopicValidatorResult => (admit(peer) ? Accept : Ignore);
  const waiting = new Set<() => void>();
  let running = false;

  const validate = (_from: unknown, message: Message): TopicValidatorResult => {
    if (message.type !== "signed") return Reject;
    const { data } = message;
    const author = message.from.toString();
    const { verdict, problem } = options.take(data, author);
    if (verdict === "hostile") {
      log.debug({ author, problem }, "gossiped attestation refused");
      return Reject;
    }
    return verdict === "new" ? handOn(author) : Ignore;
  };

  const validateAlarm = (_from: unknown, message: Message): TopicValidatorResult => {
    if (message.type !== "signed") return Reject;
    const author = message.from.toString();
    const alarm = decodeAlarm(message.data);
    if (alarm === undefined) return Reject;
    if (alarm.equivocation !== undefined) {
      const isNew = options.prove(alarm.equivocation, admit);
      if (isNew === undefined) return Reject;
      // A proof stands by itself, whoever brings it.
      return isNew ? Accept : Ignore;
    }
    // A later version's kind of alarm.
    if (alarm.fault === undefined) return Ignore;
    const { verdict, reporter } = options.takeFault(alarm.fault);
    if (verdict === "hostile" || (reporter !== undefined && reporter !== author)) return Reject;
    return verdict === "new" ? handOn(author) : Ignore;
  };

  const send = async (topic: string, bytes: Uint8Array): Promise<void> => {
    try {
      await pubsub.publish(topic, bytes);
    } catch (error) {
      log.warn({ topic, error: String(error) }, "not published");
    }
  };

  return {
    start() {
      if (running) return;
      running = true;
      pubsub.topicValidators.set(attestations, validate);
      pubsub.topicValidators.set(alarms, validateAlarm);
      pubsub.subscribe(attestations);
      pubsub.subscribe(alarms);
    },
    publish: (signed) => send(attestations, signed),
    async publishAlarm(alarm) {
      const bytes = Alarm.encode(alarm);
      await send(alarms, bytes);
      for (const delayMs of alarmAgainMs) {
        if (!running) return;
        const cancel = clock.after(delayMs, () => {
          waiting.delete(cancel);
          void send(alarms, bytes);
        });
        waiting.add(cancel);
      }
    },
    stop() {
      if (!running) return;
      running = false;
      for (const cancel of waiting) cancel();
      waiting.clear();
      for (const topic of [attestations, alarms]) {
        pubsub.topicValidators.delete(topic);
        // Throws once the host has stopped, and then there is nothing to take back.
        if (pubsub.getTopics().includes(topic)) pubsub.unsubscribe(topic);
      }
    },
  };
}

function decodeAlarm(bytes: Uint8Array): Alarm | undefined {
  if (bytes.length > 2 * limits.attestationBytes + 64) return undefined;
  try {
    const alarm = Alarm.decode(bytes);
    return alarm.fault !== undefined && bytes.length > limits.alarmBytes ? undefined : alarm;
  } catch {
    return undefined;
  }
}
