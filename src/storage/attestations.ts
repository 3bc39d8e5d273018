/** What peers say of peers, as it was signed, and the proofs against those who said two things at once. */
import type { PeerIdText } from "../core/ids.ts";
import { setMeta } from "./meta.ts";
import type { Store } from "./store.ts";

export interface AttestationRow {
  issuer: PeerIdText;
  seq: number;
  /** ms since the epoch. */
  expiresAt: number;
  /** Verified again when loaded. */
  signed: Uint8Array;
}

export interface EquivocationRow {
  issuer: PeerIdText;
  first: Uint8Array;
  second: Uint8Array;
  /** ms since the epoch. */
  provedAt: number;
}

const upsertSql = `INSERT INTO attestations (issuer, seq, expires_at, signed) VALUES (?, ?, ?, ?)
  ON CONFLICT (issuer) DO UPDATE SET seq = excluded.seq, expires_at = excluded.expires_at, signed = excluded.signed
  WHERE excluded.seq >= attestations.seq`;

export function upsertAttestation(store: Store, { issuer, seq, expiresAt, signed }: AttestationRow): void {
  store.write(upsertSql, [issuer, seq, expiresAt, signed]);
}

export function deleteAttestation(store: Store, issuer: PeerIdText): void {
  store.write("DELETE FROM attestations WHERE issuer = ?", [issuer]);
}

/** `now`: ms since the epoch. `self` stays: its number must not be used again. */
export function deleteExpiredAttestations(store: Store, now: number, self: PeerIdText): void {
  store.write("DELETE FROM attestations WHERE expires_at <= ? AND issuer <> ?", [now, self]);
}

export async function loadAttestations(store: Store): Promise<AttestationRow[]> {
  const rows = await store.read(
    "SELECT issuer, seq, expires_at AS expiresAt, signed FROM attestations ORDER BY rowid",
  );
  return rows as unknown as AttestationRow[];
}

export function upsertEquivocation(store: Store, row: EquivocationRow): void {
  const { issuer, first, second, provedAt } = row;
  store.write(
    `INSERT INTO equivocations (issuer, first, second, proved_at) VALUES (?, ?, ?, ?) ON CONFLICT (issuer) DO NOTHING`,
    [issuer, first, second, provedAt],
  );
}

/** The newest `kept` stay, of those proved after `since`. */
export function pruneEquivocations(store: Store, since: number, kept: number): void {
  store.write("DELETE FROM equivocations WHERE proved_at < ?", [since]);
  store.write(
    `DELETE FROM equivocations WHERE issuer IN
       (SELECT issuer FROM equivocations ORDER BY proved_at DESC, issuer LIMIT -1 OFFSET ?)`,
    [kept],
  );
}

/** Oldest first. */
export async function loadEquivocations(store: Store): Promise<EquivocationRow[]> {
  const rows = await store.read(
    "SELECT issuer, first, second, proved_at AS provedAt FROM equivocations ORDER BY proved_at, issuer",
  );
  return rows as unknown as EquivocationRow[];
}

const withheld = "attestation-withheld";

/** Peers of whom this node says nothing, by the operator's word; "*" for all. */
export async function loadWithheld(store: Store): Promise<string[]> {
  const [row] = await store.read<{ value: string }>("SELECT value FROM meta WHERE key = ?", [withheld]);
  return row === undefined ? [] : (JSON.parse(row.value) as string[]);
}

export function saveWithheld(store: Store, subjects: readonly string[]): void {
  setMeta(store, withheld, JSON.stringify(subjects));
}
