/** The newest signed card of each peer, as it was received: a restarted node knows its network at once. */
import type { PeerIdText } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface CardRow {
  peer: PeerIdText;
  /** The signed bytes; verified again when loaded. */
  signed: Uint8Array;
  seq: number;
  /** ms since the epoch. */
  expiresAt: number;
}

// A card with a lower number is an old one that came late, or a replay.
const upsertSql = `INSERT INTO cards (peer, signed, seq, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (peer) DO UPDATE SET signed = excluded.signed, seq = excluded.seq, expires_at = excluded.expires_at
  WHERE excluded.seq >= cards.seq`;

export function upsertCard(store: Store, row: CardRow): void {
  store.write(upsertSql, [row.peer, row.signed, row.seq, row.expiresAt]);
}

export function deleteCard(store: Store, peer: PeerIdText): void {
  store.write("DELETE FROM cards WHERE peer = ?", [peer]);
}

/** `now`: ms since the epoch. */
export function deleteExpiredCards(store: Store, now: number): void {
  store.write("DELETE FROM cards WHERE expires_at <= ?", [now]);
}

export async function loadCards(store: Store): Promise<CardRow[]> {
  const rows = await store.read("SELECT peer, signed, seq, expires_at AS expiresAt FROM cards");
  return rows as unknown as CardRow[];
}
