/**
 * A token bucket for each of many peers: so many at once, then one in so many ms. Bounded: the peer that was not heard of for longest
 * is forgotten first, which gives it a full bucket again, as it would have by then.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";

export interface TokenBuckets {
  /** Takes a token of this peer's; false if there is none. */
  take(peer: PeerIdText): boolean;
  readonly size: number;
}

export function createTokenBuckets(options: {
  burst: number;
  everyMs: number;
  peers: number;
  clock: Clock;
}): TokenBuckets {
  const { burst, everyMs, peers, clock } = options;
  // In order of last use.
  const buckets = new Map<PeerIdText, { tokens: number; at: number }>();
  return {
    get size() {
      return buckets.size;
    },
    take(peer) {
      const now = clock.monotonic();
      const bucket = buckets.get(peer) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / everyMs);
      bucket.at = now;
      const granted = bucket.tokens >= 1;
      if (granted) bucket.tokens -= 1;
      buckets.delete(peer);
      buckets.set(peer, bucket);
      if (buckets.size > peers) buckets.delete(buckets.keys().next().value as PeerIdText);
      return granted;
    },
  };
}
