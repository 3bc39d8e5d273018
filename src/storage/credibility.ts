/** How far each peer's word about others has proved right here; what the numbers mean is said in routing/credibility.ts. */
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Store } from "./store.ts";

export interface CredibilityRow {
  peer: PeerIdText;
  right: number;
  wrong: number;
  equivocated: boolean;
}

const upsertSql = `INSERT INTO credibility (peer, right, wrong, equivocated, updated_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (peer) DO UPDATE SET right = excluded.right, wrong = excluded.wrong,
    equivocated = excluded.equivocated, updated_at = excluded.updated_at`;

/** `now`: ms since the epoch. */
export function upsertCredibility(store: Store, row: CredibilityRow, now: number): void {
  const { peer, right, wrong, equivocated } = row;
  store.write(upsertSql, [peer, right, wrong, equivocated ? 1 : 0, Math.round(now)]);
}

/** As many as routing keeps, the newest; older ones are deleted. */
export async function loadCredibility(store: Store): Promise<CredibilityRow[]> {
  const most = limits.attestationIssuers;
  const rows = await store.read<{ peer: string; right: number; wrong: number; equivocated: number }>(
    `SELECT peer, right, wrong, equivocated FROM credibility ORDER BY updated_at DESC LIMIT ?`,
    [most],
  );
  if (rows.length === most) {
    store.write(
      `DELETE FROM credibility WHERE peer IN
        (SELECT peer FROM credibility ORDER BY updated_at DESC LIMIT -1 OFFSET ?)`,
      [most],
    );
  }
  return rows.map(({ peer, right, wrong, equivocated }) => {
    return { peer, right, wrong, equivocated: equivocated !== 0 };
  });
}
