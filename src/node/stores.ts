/** The store as the network's narrow interfaces see it: the address book, cards and attestations that outlive a restart. */
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { PeerBook } from "../network/address-book.ts";
import type { AttestationStore } from "../network/attestation-persistence.ts";
import type { CardStore } from "../network/cards.ts";
import {
  deleteAttestation,
  deleteExpiredAttestations,
  loadAttestations,
  loadEquivocations,
  pruneEquivocations,
  upsertAttestation,
  upsertEquivocation,
} from "../storage/attestations.ts";
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

export function attestationStore(store: Store, self: PeerIdText): AttestationStore {
  return {
    async load() {
      const now = Date.now();
      deleteExpiredAttestations(store, now, self);
      pruneEquivocations(store, now - limits.equivocationKeptMs, limits.equivocationsKept);
      await store.committed();
      const rows = await loadAttestations(store);
      const own = rows.find(({ issuer }) => issuer === self);
      return {
        own: { seq: own?.seq ?? 0, signed: own?.signed },
        attestations: rows.filter((row) => row !== own).map(({ signed }) => signed),
        equivocations: await loadEquivocations(store),
      };
    },
    save(rows) {
      for (const row of rows) upsertAttestation(store, row);
    },
    remove(issuers) {
      for (const issuer of issuers) deleteAttestation(store, issuer);
    },
    saveEquivocation(proof, at) {
      upsertEquivocation(store, { ...proof, provedAt: at });
    },
    async saveOwn(row) {
      upsertAttestation(store, row);
      await store.committed();
    },
  };
}
