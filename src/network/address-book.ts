/**
 * Remembers where peers were, across restarts: a node whose bootstrap peer is away finds the mesh again by those it knew.
 * The rows are kept by whoever implements `PeerBook`; this file decides what is worth keeping and whom to dial.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";

export interface PeerBookRow {
  peer: PeerIdText;
  /** Multiaddrs, with or without /p2p. */
  addresses: string[];
  /** Wall clock, ms since the epoch: when it was last connected. */
  lastSeen: number;
}

// A node that is killed knows whom it had met a moment before; all that changes in between is one write.
const saveMs = 1_000;

/** Where the rows live. `src/storage/peers.ts` has the durable one. */
export interface PeerBook {
  load(): Promise<PeerBookRow[]>;
  /** Inserts these rows, or replaces those of the same peers. */
  save(rows: readonly PeerBookRow[]): Promise<void> | void;
}

export interface AddressBook {
  /** `peer` is connected now, at these addresses. */
  saw(peer: PeerIdText, addresses: readonly string[]): void;
  /** Those to dial first: most recently seen, not outdated, without `except`. Loads the book. */
  recent(except: ReadonlySet<PeerIdText>): Promise<PeerBookRow[]>;
  addressesOf(peer: PeerIdText): readonly string[];
  /** Writes what changed; otherwise that is done soon after. */
  flush(): Promise<void>;
}

export function createAddressBook(book: PeerBook, clock: Clock, log: Log): AddressBook {
  const rows = new Map<PeerIdText, PeerBookRow>();
  const changed = new Set<PeerIdText>();
  let cancelSave: (() => void) | undefined;

  async function flush(): Promise<void> {
    cancelSave?.();
    cancelSave = undefined;
    if (changed.size === 0) return;
    const saved = [...changed].flatMap((peer) => rows.get(peer) ?? []);
    changed.clear();
    try {
      await book.save(saved);
    } catch (error) {
      log.warn({ error: String(error) }, "address book not saved");
    }
  }

  const trim = (): void => {
    // Insertion order is order of last sight, for `saw` moves a row to the end.
    for (const peer of rows.keys()) {
      if (rows.size <= limits.addressBookPeers) break;
      rows.delete(peer);
      changed.delete(peer);
    }
  };

  return {
    saw(peer, addresses) {
      const known = addresses.length > 0 ? addresses : (rows.get(peer)?.addresses ?? []);
      if (known.length === 0) return;
      rows.delete(peer);
      rows.set(peer, {
        peer,
        addresses: [...new Set(known)].slice(0, limits.addressesPerPeer),
        lastSeen: clock.now(),
      });
      changed.add(peer);
      trim();
      cancelSave ??= clock.after(saveMs, () => void flush());
    },
    async recent(except) {
      const oldest = clock.now() - limits.addressBookAgeMs;
      const loaded = await book.load();
      const fresh = loaded
        .filter(({ lastSeen, peer }) => lastSeen >= oldest && !rows.has(peer))
        .toSorted((a, b) => a.lastSeen - b.lastSeen)
        .slice(-limits.addressBookPeers);
      for (const row of fresh) rows.set(row.peer, row);
      trim();
      return [...rows.values()].filter(({ peer }) => !except.has(peer)).toReversed();
    },
    addressesOf: (peer) => rows.get(peer)?.addresses ?? [],
    flush,
  };
}
