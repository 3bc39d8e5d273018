/**
 * How many bytes of outputs may wait in memory for their submitters' acknowledgement. Counting answers is not enough: a thousand
 * of a quarter of a MiB each, from every peer that asks and never acknowledges, is more than a node has. It decides alone;
 * what does not fit goes by blob.
 */
import type { PeerIdText } from "../core/ids.ts";

export interface AnswerBudget {
  /** Whether so many bytes more may be held for the peer; if so, they are counted. */
  take(peer: PeerIdText, bytes: number): boolean;
  release(peer: PeerIdText, bytes: number): void;
  readonly heldBytes: number;
}

export function createAnswerBudget(bounds: { perPeerBytes: number; totalBytes: number }): AnswerBudget {
  const byPeer = new Map<PeerIdText, number>();
  let total = 0;
  return {
    get heldBytes() {
      return total;
    },
    take(peer, bytes) {
      const held = (byPeer.get(peer) ?? 0) + bytes;
      if (held > bounds.perPeerBytes || total + bytes > bounds.totalBytes) return false;
      byPeer.set(peer, held);
      total += bytes;
      return true;
    },
    release(peer, bytes) {
      if (bytes === 0) return;
      const held = (byPeer.get(peer) ?? 0) - bytes;
      if (held > 0) byPeer.set(peer, held);
      else byPeer.delete(peer);
      total -= bytes;
    },
  };
}
