/**
 * Events on their way to webhooks: a row from the change that made it until the receiver has accepted it. Times are ms
 * since the epoch. Rows of one URL are in the order of their ids.
 */
import type { Store } from "./store.ts";

export interface OutboxRow {
  id: number;
  url: string;
  event: string;
  /** JSON, as it is sent. */
  body: string;
  createdAt: number;
  attempts: number;
  nextAt: number;
}

/** A row without its body. */
export type OutboxEntry = Omit<OutboxRow, "body"> & { sizeBytes: number };

export function insertDelivery(store: Store, row: OutboxRow): void {
  store.write(
    "INSERT INTO webhook_outbox (id, url, event, body, created_at, attempts, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [row.id, row.url, row.event, row.body, row.createdAt, row.attempts, row.nextAt],
  );
}

export function postponeDelivery(store: Store, id: number, attempts: number, nextAt: number): void {
  store.write("UPDATE webhook_outbox SET attempts = ?, next_at = ? WHERE id = ?", [attempts, nextAt, id]);
}

export function deleteDelivery(store: Store, id: number): void {
  store.write("DELETE FROM webhook_outbox WHERE id = ?", [id]);
}

/** In the order of their making. */
export async function loadDeliveries(store: Store): Promise<OutboxEntry[]> {
  const rows = await store.read(
    `SELECT id, url, event, created_at AS createdAt, attempts, next_at AS nextAt,
       length(CAST(body AS BLOB)) AS sizeBytes
     FROM webhook_outbox ORDER BY id`,
  );
  return rows as unknown as OutboxEntry[];
}

export async function deliveryBody(store: Store, id: number): Promise<string | undefined> {
  const [row] = await store.read<{ body: string }>("SELECT body FROM webhook_outbox WHERE id = ?", [id]);
  return row?.body;
}
