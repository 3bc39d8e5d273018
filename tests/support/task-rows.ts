/** What the data folder of a node says of its tasks, beside its API: read only, also while it runs. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { taskIdFromBytes } from "../../src/core/ids.ts";
import { TERMINAL_STATES } from "../../src/tasks/states.ts";

export interface StoredTask {
  id: string;
  state: string;
  retries: number;
  losses: number;
  /** Entries of its history that end it. */
  ends: number;
}

export function storedTasks(dataDir: string): Map<string, StoredTask> {
  const db = new DatabaseSync(join(dataDir, "errand.db"), { readOnly: true });
  try {
    const terminal = TERMINAL_STATES.map((state) => `'${state}'`).join(", ");
    const rows = db
      .prepare(
        `SELECT id, state, retries_made, losses_made,
           (SELECT count(*) FROM task_history WHERE task_id = tasks.id AND to_state IN (${terminal})) AS ends FROM tasks`,
      )
      .all();
    return new Map(
      rows.map((row) => {
        const id = taskIdFromBytes(row["id"] as Uint8Array);
        const [retries, losses, ends] = ["retries_made", "losses_made", "ends"].map(
          (name) => row[name] as number,
        );
        return [id, { id, state: row["state"] as string, retries, losses, ends } as StoredTask];
      }),
    );
  } finally {
    db.close();
  }
}
