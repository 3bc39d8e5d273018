/**
 * How much of a topic one relayer may bring. Gossipsub checks the signature of each message (200 µs) before any validator of ours is
 * asked, so a flood has to be stopped before it: what is over the limit is dropped here, unread, and whoever goes on is shut out
 * of gossip for a while by way of gossipsub's own score.
 */
import type { GossipSub, GossipSubComponents } from "@libp2p/gossipsub";
import type { PeerId } from "@libp2p/interface";
import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { createTokenBuckets } from "../token-buckets.ts";

/** As much of a received RPC as matters here. */
interface ReceivedRpc {
  messages: { topic: string }[];
}

/** What gossipsub's class has beside its interface. */
interface Receiving {
  handleReceivedRpc(from: PeerId, rpc: ReceivedRpc): Promise<void>;
}

export interface RelayLimit {
  /** Messages dropped so far. */
  readonly dropped: number;
  /** For gossipsub's `appSpecificScore`: 0, or far below its graylist threshold for who went too far. */
  score(peer: string): number;
  /** Makes gossipsub receive through this limit. */
  around(
    make: (components: GossipSubComponents) => GossipSub,
  ): (components: GossipSubComponents) => GossipSub;
}

const shutOutMs = 60_000;
const shutOutScore = -1_000;

export function createRelayLimit(topics: readonly string[], clock: Clock): RelayLimit {
  const limited = new Set(topics);
  const relayers = 2 * limits.connections;
  const pace = createTokenBuckets({
    burst: limits.relayedTrustBurst,
    everyMs: 1_000 / limits.relayedTrustPerSecond,
    peers: relayers,
    clock,
  });
  /** Messages over the limit, and until when the relayer is shut out for them. */
  const excess = new Map<string, { count: number; until: number }>();
  let dropped = 0;

  const isShutOut = (peer: string): boolean => (excess.get(peer)?.until ?? 0) > clock.monotonic();

  const exceed = (peer: string): void => {
    dropped++;
    const entry = excess.get(peer) ?? { count: 0, until: 0 };
    if (++entry.count >= limits.relayedTrustExcess) {
      entry.count = 0;
      entry.until = clock.monotonic() + shutOutMs;
    }
    excess.delete(peer);
    excess.set(peer, entry);
    if (excess.size > relayers) excess.delete(excess.keys().next().value as string);
  };

  const mayPass = (peer: string): boolean => {
    if (!isShutOut(peer) && pace.take(peer)) return true;
    exceed(peer);
    return false;
  };

  return {
    get dropped() {
      return dropped;
    },
    score: (peer) => (isShutOut(peer) ? shutOutScore : 0),
    around: (make) => (components) => {
      const pubsub = make(components);
      const receiving = pubsub as unknown as Receiving;
      const receive = receiving.handleReceivedRpc.bind(pubsub);
      receiving.handleReceivedRpc = (from, rpc) => {
        if (rpc.messages.some(({ topic }) => limited.has(topic))) {
          const peer = from.toString();
          rpc.messages = rpc.messages.filter(({ topic }) => !limited.has(topic) || mayPass(peer));
        }
        return receive(from, rpc);
      };
      return pubsub;
    },
  };
}
