/** Who is connected: what identify said of each peer, its round trip time, and the watchers that are told. */
import type { Connection, IdentifyResult, PeerId } from "@libp2p/interface";
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { AddressBook } from "./address-book.ts";
import type { Libp2pNode } from "./libp2p-node.ts";
import { networkOf } from "./names.ts";

export interface PeerWatcher {
  /** The first connection is open; what the peer speaks is not known yet. */
  connected?(peer: PeerIdText): void;
  /** Once for each time it is connected: from now on `Host.speaks` knows. */
  identified?(peer: PeerIdText): void;
  /** The last connection has closed. A kill, a clean end and a cut look the same. */
  disconnected?(peer: PeerIdText): void;
}

export interface PeerTable {
  /** Begins to listen and to measure; the returned function ends both. Call before libp2p starts: peers may come at once. */
  start(): () => void;
  watch(watcher: PeerWatcher): () => void;
  speaks(peer: PeerIdText, protocol: string): boolean;
  /** See `Host.networkOf`. */
  networkOf(peer: PeerIdText): string | undefined;
  rttMs(peer: PeerIdText): number | undefined;
  /** Resolves once the connection's identify is done; rejects when it closes first or the signal fires. */
  identified(connection: Connection, signal: AbortSignal): Promise<void>;
}

interface PeerEntry {
  protocols: Set<string>;
  rttMs: number | undefined;
}

const sampleMs = 2_000;

export function createPeerTable(
  node: Libp2pNode,
  { clock, log, book }: { clock: Clock; log: Log; book: AddressBook },
): PeerTable {
  const entries = new Map<PeerIdText, PeerEntry>();
  const watchers = new Set<PeerWatcher>();
  const known = new WeakSet<Connection>();

  const tell = (event: keyof PeerWatcher, peer: PeerIdText): void => {
    for (const watcher of watchers) {
      try {
        watcher[event]?.(peer);
      } catch (error) {
        log.error({ peer, event, error: String(error) }, "a peer watcher failed");
      }
    }
  };

  const onConnect = ({ detail }: CustomEvent<PeerId>): void => tell("connected", detail.toString());
  const onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
    const peer = detail.toString();
    if (entries.delete(peer)) book.saw(peer, []);
    tell("disconnected", peer);
  };
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    known.add(detail.connection);
    const peer = detail.peerId.toString();
    // The answer may come when the peer has already gone; then nobody would take the entry away.
    if (node.getConnections(detail.peerId).length === 0) return;
    const first = !entries.has(peer);
    entries.set(peer, { protocols: new Set(detail.protocols), rttMs: entries.get(peer)?.rttMs });
    book.saw(
      peer,
      detail.listenAddrs.map((address) => address.toString()),
    );
    if (first) tell("identified", peer);
  };

  // libp2p's connection monitor pings every connection anyway and leaves the time, in whole milliseconds, on it.
  const sample = (): void => {
    for (const connection of node.getConnections()) {
      const entry = entries.get(connection.remotePeer.toString());
      if (entry === undefined || connection.rtt === undefined) continue;
      const measured = Math.max(connection.rtt, 0.5);
      // A slow sample is mostly a busy processor: weigh it less than a fast one.
      const weight = measured < (entry.rttMs ?? 0) ? 0.5 : 0.2;
      entry.rttMs = entry.rttMs === undefined ? measured : entry.rttMs + weight * (measured - entry.rttMs);
    }
  };

  return {
    start() {
      node.addEventListener("peer:connect", onConnect);
      node.addEventListener("peer:disconnect", onDisconnect);
      node.addEventListener("peer:identify", onIdentify);
      let cancelSample = clock.after(sampleMs, function again() {
        sample();
        cancelSample = clock.after(sampleMs, again);
      });
      return () => {
        cancelSample();
        node.removeEventListener("peer:connect", onConnect);
        node.removeEventListener("peer:disconnect", onDisconnect);
        node.removeEventListener("peer:identify", onIdentify);
        for (const peer of entries.keys()) book.saw(peer, []);
      };
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    speaks: (peer, protocol) => entries.get(peer)?.protocols.has(protocol) ?? false,
    networkOf: (peer) => networkOf(entries.get(peer)?.protocols ?? []),
    rttMs: (peer) => entries.get(peer)?.rttMs,
    identified(connection, signal) {
      if (known.has(connection)) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          node.removeEventListener("peer:identify", onEvent);
          connection.removeEventListener("close", onClose);
          signal.removeEventListener("abort", onAbort);
          if (error === undefined) resolve();
          else reject(error);
        };
        const onEvent = ({ detail }: CustomEvent<IdentifyResult>): void => {
          if (detail.connection === connection) end();
        };
        const onClose = (): void => end(new Error("the peer closed the connection at once"));
        const onAbort = (): void => end(signal.reason as Error);
        node.addEventListener("peer:identify", onEvent);
        connection.addEventListener("close", onClose);
        signal.addEventListener("abort", onAbort);
        if (signal.aborted) onAbort();
        else if (connection.status !== "open") onClose();
      });
    },
  };
}
