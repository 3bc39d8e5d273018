/**
 * The store as the rest of the node sees it: one SQLite file, one writer thread that groups the writes of many
 * callers into one commit, one reader thread. Nothing here blocks the event loop.
 *
 * Typed functions for each table stand beside this file (tasks.ts, peers.ts, …) and use only this interface.
 */

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Record<string, SqlValue>;

export interface Store {
  /**
   * Queues one statement (its text is prepared once and kept). All writes of one turn of the event loop commit
   * together and in order; while a commit is on its way to the disk the next group gathers.
   */
  write(sql: string, params: readonly SqlValue[]): void;
  /** For whoever runs at the end of a turn: what was written leaves now, not at the end of the next. */
  endTurn?(): void;
  /** Resolves when everything written so far is on disk (`synchronous=FULL`); rejects with `StorageFailed`. */
  committed(): Promise<void>;
  /** Rows of a read-only query, from the last commit. Own writes are seen after `committed()`. */
  read<T extends Row = Row>(sql: string, params?: readonly SqlValue[]): Promise<T[]>;
  /** Set once a commit failed: from then on nothing is acknowledged any more. */
  readonly failed: Error | undefined;
  /** Commits what is queued and closes. Tolerates closed-twice. */
  close(): Promise<void>;
}
