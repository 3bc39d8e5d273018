/**
 * Finds the mesh: at start dials the peers of the address book, and from then on those that discovery (mDNS, DHT) names,
 * until enough are connected. In the background, a few at a time; who is away is left alone, until a neighbour is heard again.
 */
import type { PeerInfo } from "@libp2p/interface";
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { AddressBook } from "./address-book.ts";
import type { BootstrapPeer } from "./addresses.ts";
import type { Host } from "./host.ts";
import type { Libp2pNode } from "./libp2p-node.ts";

const parallelDials = 4;
// Peers waiting to be dialled; discovery names the others again.
const waitingDials = 64;

export function joinKnownPeers(options: {
  node: Libp2pNode;
  host: Host;
  book: AddressBook;
  bootstrap: readonly BootstrapPeer[];
  signal: AbortSignal;
  missed(peer: PeerIdText, error: unknown): void;
  hearNeighbors(listener: (neighbor: PeerInfo) => void): void;
  log: Log;
}): () => void {
  const { node, host, book, bootstrap, signal, log } = options;
  const waiting = new Set<PeerIdText>();
  let dialling = 0;

  const next = (): void => {
    while (dialling < parallelDials && !signal.aborted) {
      const peer = waiting.values().next().value;
      if (peer === undefined) return;
      waiting.delete(peer);
      if (host.peers().length >= limits.connectionsWanted || host.isConnected(peer) || host.isBlocked(peer))
        continue;
      dialling++;
      host
        .dial(peer, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) options.missed(peer, error);
        })
        .finally(() => {
          dialling--;
          next();
        });
    }
  };
  const want = (peer: PeerIdText): void => {
    if (peer === host.peer || waiting.size >= waitingDials) return;
    waiting.add(peer);
    next();
  };
  const onDiscovery = ({ detail }: CustomEvent<PeerInfo>): void => want(detail.id.toString());
  node.addEventListener("peer:discovery", onDiscovery);
  // Each of them answers each question on the network, every ten seconds: nearly always it is connected already.
  options.hearNeighbors(({ id, multiaddrs }) => {
    const peer = id.toString();
    if (peer === host.peer || signal.aborted || host.isConnected(peer) || host.isBlocked(peer)) return;
    host.learnAddresses(peer, multiaddrs.map(String)).then(
      () => want(peer),
      (error: unknown) => log.warn({ peer, error: String(error) }, "neighbour not kept"),
    );
  });

  const dialBook = async (): Promise<void> => {
    const rows = await book.recent(new Set(bootstrap.map(({ peer }) => peer)));
    for (const { peer, addresses } of rows.slice(0, waitingDials)) {
      if (signal.aborted) return;
      await host.learnAddresses(peer, addresses);
      want(peer);
    }
  };
  dialBook().catch((error: unknown) => log.warn({ error: String(error) }, "address book not loaded"));
  return () => {
    node.removeEventListener("peer:discovery", onDiscovery);
    waiting.clear();
  };
}
