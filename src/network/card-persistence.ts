/** Cards outlive a restart: what has changed is written every half minute and at the end, what was known is loaded at the start. */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { CardTable } from "./card-table.ts";

export interface StoredCard {
  peer: PeerIdText;
  /** Serialised `SignedCard`. */
  signed: Uint8Array;
  seq: number;
  expiresAt: number;
}

/** Where cards outlive a restart. `src/storage/cards.ts` has the durable one. */
export interface CardStore {
  load(): Promise<Pick<StoredCard, "peer" | "signed">[]>;
  /** Inserts or replaces by peer. */
  save(rows: readonly StoredCard[]): Promise<void> | void;
  remove(peers: readonly PeerIdText[]): Promise<void> | void;
}

export interface CardPersistence {
  /** Loads what was stored, as suspects; returns those taken, for somebody to dial. */
  load(): Promise<PeerIdText[]>;
  /** The card of this peer has changed, or is gone. */
  changed(peer: PeerIdText): void;
  /** Saves from time to time until `stop`. */
  start(): void;
  /** Saves a last time. */
  stop(): Promise<void>;
}

const saveMs = 30_000;

export function createCardPersistence(
  store: CardStore | undefined,
  table: CardTable,
  clock: Clock,
  log: Log,
): CardPersistence {
  const unsaved = new Set<PeerIdText>();
  let cancel = (): void => {};

  async function save(): Promise<void> {
    if (store === undefined || unsaved.size === 0) return;
    const rows: StoredCard[] = [];
    const gone: PeerIdText[] = [];
    for (const peer of unsaved) {
      const known = table.get(peer);
      if (known === undefined) gone.push(peer);
      else rows.push({ peer, signed: known.signed, seq: known.card.seq, expiresAt: known.card.expiresAt });
    }
    unsaved.clear();
    try {
      if (rows.length > 0) await store.save(rows);
      if (gone.length > 0) await store.remove(gone);
    } catch (error) {
      log.warn({ error: String(error) }, "cards not saved");
    }
  }

  const saveLater = (): void => {
    cancel = clock.after(saveMs, () => {
      void save();
      saveLater();
    });
  };

  return {
    async load() {
      try {
        const taken: PeerIdText[] = [];
        for (const { peer, signed } of (await store?.load()) ?? []) {
          if (table.take(signed, "stored").verdict === "new") taken.push(peer);
          // Expired while we were away: the next save removes it.
          else if (table.get(peer) === undefined) unsaved.add(peer);
        }
        return taken;
      } catch (error) {
        log.warn({ error: String(error) }, "cards not loaded");
        return [];
      }
    },
    changed: (peer) => void unsaved.add(peer),
    start: saveLater,
    async stop() {
      cancel();
      await save();
    },
  };
}
