/**
 * The operator's block list as libp2p's connection gater, and the bound on how many connections one peer may hold. It may
 * change at any time: a peer blocked now loses its connections now.
 */
import type { Connection, ConnectionGater, PeerId } from "@libp2p/interface";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";

export interface BlockList {
  readonly gater: ConnectionGater;
  has(peer: PeerIdText): boolean;
  add(peer: PeerIdText): void;
  remove(peer: PeerIdText): void;
}

export function createBlockList(
  initial: Iterable<PeerIdText>,
  connectionsOf: (peer: PeerIdText) => Connection[],
): BlockList {
  const blocked = new Set(initial);
  // Every node has an Ed25519 key; for others no signature of ours could be checked.
  const isBlocked = (peer: PeerId): boolean => peer.type !== "Ed25519" || blocked.has(peer.toString());
  return {
    gater: {
      denyDialPeer: isBlocked,
      denyInboundEncryptedConnection: (peer) =>
        isBlocked(peer) || connectionsOf(peer.toString()).length >= limits.connectionsPerPeer,
      // A dial by address alone learns only here whom it reached.
      denyOutboundEncryptedConnection: isBlocked,
    },
    has: (peer) => blocked.has(peer),
    add(peer) {
      blocked.add(peer);
      for (const connection of connectionsOf(peer)) connection.abort(new Error("blocked by the operator"));
    },
    remove: (peer) => void blocked.delete(peer),
  };
}
