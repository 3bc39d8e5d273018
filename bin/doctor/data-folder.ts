/** What the machine's disk and clock say. */
import { access, constants, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readKeyFile } from "../key-file.ts";
import { bad, failed, fine, type DoctorContext, type Finding } from "./finding.ts";
import { nodeAnswers } from "./running-node.ts";

const released = Date.parse("2025-01-01T00:00:00Z");
const skewMs = 5 * 60_000;

/** Cards and certificates carry times: a clock far off makes every peer look like a liar. */
export async function checkClock({ dataDir }: DoctorContext): Promise<Finding> {
  const hint = "Set the clock, best by NTP: peers refuse cards from more than two minutes off.";
  const now = Date.now();
  if (now < released) return bad(`it says ${new Date(now).toISOString()}`, hint);
  const names = await readdir(dataDir).catch(() => []);
  const times = await Promise.all(
    names.map((name) =>
      stat(join(dataDir, name)).then(
        (found) => found.mtimeMs,
        () => 0,
      ),
    ),
  );
  const newest = Math.max(0, ...times);
  if (newest > now + skewMs)
    return bad(`it is behind the data folder's files, which are of ${new Date(newest).toISOString()}`, hint);
  return fine(new Date(now).toISOString());
}

export async function checkDataFolder({ dataDir }: DoctorContext): Promise<Finding> {
  let mode: number;
  try {
    const found = await stat(dataDir);
    if (!found.isDirectory())
      return bad(`${dataDir} is not a folder`, "Move it away, or choose another with --data.");
    ({ mode } = found);
  } catch {
    return fine(`${dataDir} is not there yet; the first \`errand up\` makes it`);
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return bad(`${dataDir} cannot be written`, "Run as its owner, or choose another with --data.");
  }
  if (process.platform !== "win32" && (mode & 0o022) !== 0) {
    return bad(`${dataDir} can be written by others`, `chmod 700 ${dataDir}`);
  }
  return fine(dataDir);
}

export async function checkIdentity({ dataDir }: DoctorContext): Promise<Finding> {
  try {
    const key = await readKeyFile(dataDir);
    if (key === undefined) return fine("none yet; the first `errand up` makes it");
    if (process.platform !== "win32" && (key.mode & 0o077) !== 0) {
      return bad(`${key.path} can be read by others`, `chmod 600 ${key.path}`);
    }
    return fine(key.peerId);
  } catch (error) {
    return failed(error);
  }
}

export async function checkDatabase(context: DoctorContext): Promise<Finding> {
  const { dataDir } = context;
  const path = join(dataDir, "errand.db");
  const found = await stat(path).catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? undefined : error,
  );
  if (found === undefined) return fine("none yet");
  if (found instanceof Error)
    return bad(`cannot be read: ${found.message}`, "Run as the owner of the data folder.");
  // A node at work keeps it in use, and says itself when it fails.
  if (await nodeAnswers(context)) return fine(`in use by the node, ${found.size} bytes`);
  const { DatabaseSync } = await import("node:sqlite");
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const rows = database.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
      const verdict = rows[0]?.quick_check ?? "no answer";
      if (verdict !== "ok") return bad(`damaged: ${verdict}`, `Move ${path} away, or restore a backup.`);
      return fine(`sound, ${found.size} bytes`);
    } finally {
      database.close();
    }
  } catch (error) {
    return bad(
      `cannot be read: ${(error as Error).message}`,
      `Check the permissions of ${path}, or restore a backup.`,
    );
  }
}
