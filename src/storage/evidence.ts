/** This node's own grounded evidence for each peer and skill; what the numbers mean is said in routing/evidence.ts. */
import type { PeerIdText } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface EvidenceRow {
  peer: PeerIdText;
  skill: string;
  /** A, decayed to `updatedAt`. */
  good: number;
  /** B, decayed to `updatedAt`. */
  bad: number;
  /** nb: bad results ever. */
  badCount: number;
  /** r, 0–1. */
  reliability: number;
  /** ms since the epoch. */
  updatedAt: number;
  /** JSON of whatever else routing keeps. */
  extra: string | null;
}

const upsertSql = `INSERT INTO evidence (peer, skill, good, bad, bad_count, reliability, updated_at, extra)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (peer, skill) DO UPDATE SET good = excluded.good, bad = excluded.bad, bad_count = excluded.bad_count,
    reliability = excluded.reliability, updated_at = excluded.updated_at, extra = excluded.extra`;

export function upsertEvidence(store: Store, row: EvidenceRow): void {
  const { peer, skill, good, bad, badCount, reliability, updatedAt, extra } = row;
  store.write(upsertSql, [peer, skill, good, bad, badCount, reliability, updatedAt, extra]);
}

export async function loadEvidence(store: Store): Promise<EvidenceRow[]> {
  const rows = await store.read(
    `SELECT peer, skill, good, bad, bad_count AS badCount, reliability, updated_at AS updatedAt, extra
     FROM evidence ORDER BY peer, skill`,
  );
  return rows as unknown as EvidenceRow[];
}
