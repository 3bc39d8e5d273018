/** The store as the network's narrow interfaces see it: the address book and the cards that outlive a restart. */
import type { PeerBook } from "../network/address-book.ts";
import type { CardStore } from "../network/cards.ts";
import { deleteCard, deleteExpiredCards, loadCards, upsertCard } from "../storage/cards.ts";
import { upsertPeerSeen, type PeerRow } from "../storage/peers.ts";
import type { Store } from "../storage/store.ts";

export function peerBook(store: Store, rows: readonly PeerRow[]): PeerBook {
  return {
    load: async () =>
      rows
        .filter((row) => row.lastSeen > 0)
        .map(({ peer, addresses, lastSeen }) => ({ peer, addresses, lastSeen })),
    save(seen) {
      for (const { peer, addresses, lastSeen } of seen)
        upsertPeerSeen(store, { peer, addresses, name: "", lastSeen });
    },
  };
}

export function cardStore(store: Store): CardStore {
  return {
    async load() {
      deleteExpiredCards(store, Date.now());
      await store.committed();
      return loadCards(store);
    },
    save(rows) {
      for (const row of rows) upsertCard(store, row);
    },
    remove(peers) {
      for (const peer of peers) deleteCard(store, peer);
    },
  };
}
