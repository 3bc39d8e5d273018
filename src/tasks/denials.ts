/**
 * Who has lately said that this node may not call a skill there. A card says that a skill is for some peers only, not for which:
 * to ask is the only way to know, and asking a thousand of them for each task would be a flood. So those who said no are left
 * out for a while, as long as somebody else is there.
 */
import type { PeerIdText } from "../core/ids.ts";

export interface Denials {
  deny(skill: string, peer: PeerIdText): void;
  /** Those to leave out of `peers`; undefined when there are none, or nobody else. */
  among(skill: string, peers: readonly { peer: PeerIdText }[]): ReadonlySet<PeerIdText> | undefined;
}

/** An operator who lets a peer in says so to nobody: it is tried again after this. */
const heldMs = 5 * 60_000;
const skillsKept = 256;
const peersKept = 1_024;

export function createDenials(nowMs: () => number): Denials {
  const known = new Map<string, Map<PeerIdText, number>>();
  return {
    deny(skill, peer) {
      let peers = known.get(skill);
      if (peers === undefined) {
        if (known.size >= skillsKept) known.clear();
        known.set(skill, (peers = new Map()));
      }
      if (peers.size >= peersKept) peers.clear();
      peers.set(peer, nowMs() + heldMs);
    },
    among(skill, all) {
      const peers = known.get(skill);
      if (peers === undefined) return undefined;
      const now = nowMs();
      for (const [peer, until] of peers) if (until <= now) peers.delete(peer);
      if (peers.size === 0) known.delete(skill);
      return all.some(({ peer }) => !peers.has(peer)) && all.some(({ peer }) => peers.has(peer))
        ? new Set(peers.keys())
        : undefined;
    },
  };
}
