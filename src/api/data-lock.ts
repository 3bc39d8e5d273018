/**
 * One node for each data folder. The lock must go when its holder is killed, in whatever way; Node has no flock, and a
 * file with a pid outlives its process. SQLite's lock on an otherwise unused database is the operating system's own, and dies
 * with the process.
 */
import { DatabaseSync } from "node:sqlite";
import { ErrandError } from "../core/errors.ts";
import { dataFiles } from "../node/data-folder.ts";
import { readApiFile } from "./endpoint.ts";

/** Locks the folder until the returned function is called. Throws `Conflict` when another node holds it. */
export async function lockDataFolder(dataDir: string): Promise<() => void> {
  const { lockFile } = dataFiles(dataDir);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lockFile, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    database?.close();
    if (!(cause instanceof Error) || !/locked|busy/i.test(cause.message)) {
      throw new ErrandError("InvalidConfig", `cannot use the data folder ${dataDir}`, {
        hint: "Check that it is writable, or choose another with --data.",
        cause,
      });
    }
    const running = await readApiFile(dataDir);
    throw new ErrandError("Conflict", `a node is running on ${dataDir} already`, {
      hint: "Stop it with `errand down`, or give this one a folder and ports of its own: --data DIR --api 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0.",
      details: { dataDir, ...(running === undefined ? {} : { pid: running.pid, api: running.url }) },
      cause,
    });
  }
  const held = database;
  return () => {
    if (held.isOpen) held.close();
  };
}
