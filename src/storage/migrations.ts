/**
 * The database's versions: an ordered list, never edited once released. `PRAGMA user_version` says how many have run;
 * each runs in a transaction of its own together with its number, so a crash between two leaves a valid version.
 * Nothing here deletes or repairs a file that is not as expected.
 */
import type { DatabaseSync } from "node:sqlite";
import { schemaV1 } from "./schema-v1.ts";
import { schemaV2 } from "./schema-v2.ts";
import { schemaV3 } from "./schema-v3.ts";

/** "ERRD": tells our file from any other SQLite database. */
const applicationId = 0x45525244;

/** `migrations[n]` leads from version n to n + 1. */
const migrations: readonly string[] = [schemaV1, schemaV2, schemaV3];

// A check reads every page: about 0.3 s at this size. A larger database is checked by its header and schema alone.
const checkedBytes = 128 * 1024 * 1024;

/** What makes the open fail, with a hint for the person at the keyboard. */
class DatabaseRefused extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;
}

/** Throws if `db` is damaged, another program's, or newer than this one. Changes nothing. */
export function checkDatabase(db: DatabaseSync, newest: number = migrations.length): void {
  const version = pragma(db, "user_version");
  refuseForeign(db, version);
  if (version > newest) {
    throw new DatabaseRefused(
      `the database has version ${version}, this program knows up to ${newest}`,
      "A newer errand has used this data folder: start that one, or choose another folder.",
    );
  }
  refuseDamaged(db);
}

/** Brings a checked `db` to the newest version of `list`; does nothing when it is there already. */
export function migrate(db: DatabaseSync, list: readonly string[] = migrations): void {
  for (let next = pragma(db, "user_version"); next < list.length; next++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(list[next] as string);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${next + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

function refuseForeign(db: DatabaseSync, version: number): void {
  const id = pragma(db, "application_id");
  if (id === applicationId) return;
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (id === 0 && version === 0 && tables === 0) return;
  throw new DatabaseRefused(
    "the file is a database of another program",
    "Move it away or choose another data folder; it was not changed.",
  );
}

function refuseDamaged(db: DatabaseSync): void {
  if (pragma(db, "page_count") * pragma(db, "page_size") > checkedBytes) return;
  const verdict = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict === "ok") return;
  throw new DatabaseRefused(
    `the database is damaged: ${String(verdict).slice(0, 200)}`,
    "Move it away and restore a backup, or choose another data folder; it was not changed.",
  );
}
