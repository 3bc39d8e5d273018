/**
 * One process for each data folder. The lock is an exclusive transaction on a tiny SQLite file: the system takes it back
 * when the process ends, however it ends, so there is never a stale lock to remove.
 *
 * Nothing else may open `node.lock` in this process: closing a second descriptor would drop the lock (POSIX). So the
 * holder's pid, for the message, has a file of its own.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ErrandError } from "../core/errors.ts";
import { storageFailed, toFailure } from "./connection.ts";

export interface DataDirLock {
  /** Tolerates released-twice. */
  release(): void;
}

const sqliteBusy = 5;
// A connection that nobody refers to is collected, and its lock goes with it: a caller that drops the lock still holds it.
const holding = new Set<DatabaseSync>();

/** Throws `Conflict` while another process (or another node in this one) holds `dir`; `StorageFailed` if it cannot be locked. */
export function lockDataDir(dir: string): DataDirLock {
  const path = join(dir, "node.lock");
  const pidPath = join(dir, "node.pid");
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec("BEGIN EXCLUSIVE");
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db?.close();
    const failure = toFailure(error);
    throw failure.code === sqliteBusy
      ? held(dir, pidPath)
      : storageFailed("lock the data folder", failure, path);
  }
  const connection = db;
  holding.add(connection);
  return {
    release() {
      if (!holding.delete(connection)) return;
      rmSync(pidPath, { force: true });
      connection.close();
    },
  };
}

function held(dir: string, pidPath: string): ErrandError {
  const pid = readPid(pidPath);
  const who = pid === undefined ? "another process" : `process ${pid}`;
  return new ErrandError("Conflict", `the data folder ${dir} is in use by ${who}`, {
    hint: `Stop it with "errand down", or choose another folder with --data.`,
    details: { dir, ...(pid === undefined ? {} : { pid }) },
  });
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
