/** The address book, and what the operator says of each peer. */
import type { PeerIdText } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface PeerRow {
  peer: PeerIdText;
  /** Multiaddrs. */
  addresses: string[];
  name: string;
  /** ms since the epoch; 0 when it was never met. */
  firstSeen: number;
  lastSeen: number;
  /** Operator's pin, 0–1. */
  pin: number | null;
  blocked: boolean;
  notes: string;
}

/** What the network learns. */
export type PeerSeen = Pick<PeerRow, "peer" | "addresses" | "name" | "lastSeen">;
/** What the operator says. */
export type PeerPolicy = Pick<PeerRow, "peer" | "pin" | "blocked" | "notes">;

// Two statements for two writers: meeting a peer again must not undo the operator's word.
const seenSql = `INSERT INTO peers (peer, addresses, name, first_seen, last_seen, pin, blocked, notes)
  VALUES (?1, ?2, ?3, ?4, ?4, NULL, 0, '')
  ON CONFLICT (peer) DO UPDATE SET addresses = excluded.addresses, name = excluded.name,
    first_seen = CASE WHEN first_seen = 0 THEN excluded.first_seen ELSE first_seen END,
    last_seen = max(last_seen, excluded.last_seen)`;
const policySql = `INSERT INTO peers (peer, addresses, name, first_seen, last_seen, pin, blocked, notes)
  VALUES (?, '[]', '', 0, 0, ?, ?, ?)
  ON CONFLICT (peer) DO UPDATE SET pin = excluded.pin, blocked = excluded.blocked, notes = excluded.notes`;

export function upsertPeerSeen(store: Store, seen: PeerSeen): void {
  store.write(seenSql, [seen.peer, JSON.stringify(seen.addresses), seen.name, seen.lastSeen]);
}

/** Also for a peer never met: its times are 0 until it is. */
export function upsertPeerPolicy(store: Store, policy: PeerPolicy): void {
  store.write(policySql, [policy.peer, policy.pin, policy.blocked ? 1 : 0, policy.notes]);
}

export function deletePeer(store: Store, peer: PeerIdText): void {
  store.write("DELETE FROM peers WHERE peer = ?", [peer]);
}

export async function loadPeers(store: Store): Promise<PeerRow[]> {
  const rows = await store.read("SELECT * FROM peers ORDER BY last_seen DESC");
  return rows.map((row) => ({
    peer: row["peer"] as string,
    addresses: JSON.parse(row["addresses"] as string) as string[],
    name: row["name"] as string,
    firstSeen: row["first_seen"] as number,
    lastSeen: row["last_seen"] as number,
    pin: row["pin"] as number | null,
    blocked: row["blocked"] === 1,
    notes: row["notes"] as string,
  }));
}
