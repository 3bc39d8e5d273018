/**
 * What the operator decided about peers (pins, blocks), kept in the store, and how they are connected: what routing needs
 * to know of a peer beyond its card.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Host } from "../network/host.ts";
import { upsertPeerPolicy, type PeerRow } from "../storage/peers.ts";
import type { Store } from "../storage/store.ts";
import type { PeerStanding } from "../tasks/providers.ts";

export interface Standing extends PeerStanding {
  pins(): ReadonlyMap<PeerIdText, number>;
  blocked(): ReadonlySet<PeerIdText>;
  /** 0–1, or null to take the pin back. On disk when it resolves. */
  pin(peer: PeerIdText, trust: number | null): Promise<void>;
  block(peer: PeerIdText, blocked: boolean): Promise<void>;
  /** Told of every peer that is pinned, blocked or neither from now on. */
  onPolicy(watcher: (peer: PeerIdText) => void): void;
}

/** `rows`: as stored; `configured`: the operator's file, which holds where the store says nothing. */
export function createStanding(options: {
  host: Host;
  store: Store;
  rows: readonly PeerRow[];
  configured: { pins: Record<PeerIdText, number>; blocked: readonly PeerIdText[] };
}): Standing {
  const { host, store } = options;
  const pins = new Map(Object.entries(options.configured.pins));
  const blocked = new Set(options.configured.blocked);
  for (const row of options.rows) {
    if (row.pin !== null) pins.set(row.peer, row.pin);
    if (row.blocked) blocked.add(row.peer);
  }
  for (const peer of blocked) host.block(peer);
  const watchers: ((peer: PeerIdText) => void)[] = [];
  let generation = 0;
  host.onPeer({ connected: () => void generation++, disconnected: () => void generation++ });

  async function save(peer: PeerIdText): Promise<void> {
    generation++;
    for (const watcher of watchers) watcher(peer);
    upsertPeerPolicy(store, { peer, pin: pins.get(peer) ?? null, blocked: blocked.has(peer), notes: "" });
    await store.committed();
  }

  return {
    get generation() {
      return generation;
    },
    isBlocked: (peer) => blocked.has(peer),
    isConnected: (peer) => host.isConnected(peer),
    pinOf: (peer) => pins.get(peer),
    pins: () => pins,
    blocked: () => blocked,
    onPolicy: (watcher) => void watchers.push(watcher),
    pin(peer, trust) {
      if (trust === null) pins.delete(peer);
      else pins.set(peer, trust);
      return save(peer);
    },
    block(peer, block) {
      if (block) {
        blocked.add(peer);
        host.block(peer);
      } else {
        blocked.delete(peer);
        host.unblock(peer);
      }
      return save(peer);
    },
  };
}
