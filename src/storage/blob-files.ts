/**
 * The files of the blob store: where they are, how they get their bytes and their final name, and what errors of the
 * file system mean. Files are 0600, folders 0700. A file with its final name is whole, verified and on disk.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isBlobHash, type BlobHash } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";

/** Path of the blob `hash` under `dir`. Throws `InvalidInput` for what is no hash, so no name leads elsewhere. */
export function blobPath(dir: string, hash: BlobHash): string {
  return join(dir, shardOf(hash), hash);
}

// 256 folders, so that none grows to where listing it hurts.
function shardOf(hash: BlobHash): string {
  if (!isBlobHash(hash)) {
    throw new ErrandError("InvalidInput", `"${String(hash).slice(0, 70)}" is not a blob's hash`, {
      hint: "A hash is 64 lower-case hexadecimal digits (SHA-256).",
    });
  }
  return hash.slice(0, 2);
}

/** Files that do not have their final name yet. */
export function partialDir(dir: string): string {
  return join(dir, "partial");
}

/** Syncs and closes `file` at `from`, gives it the name `hash`, and makes the name durable too. */
export async function publish(file: FileHandle, from: string, dir: string, hash: BlobHash): Promise<void> {
  await file.sync();
  await file.close();
  const shard = join(dir, shardOf(hash));
  const made = await mkdir(shard, { recursive: true, mode: 0o700 });
  await rename(from, blobPath(dir, hash));
  await syncDir(shard);
  if (made !== undefined) await syncDir(dir);
}

async function syncDir(path: string): Promise<void> {
  // Windows opens no folders; NTFS keeps its names in a journal.
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all of `chunk` at `position`. */
export async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

/** Feeds `hash` with the first `sizeBytes` of `file`. */
export async function hashFile(
  file: FileHandle,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<Hash> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let position = 0; position < sizeBytes;) {
    signal?.throwIfAborted();
    const length = Math.min(buffer.length, sizeBytes - position);
    const { bytesRead } = await file.read(buffer, 0, length, position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash;
}

/** Closes and removes, whatever state they are in: for the way out after an error. */
export async function discard(file: FileHandle, path: string): Promise<void> {
  await file.close().catch(() => {});
  await rm(path, { force: true }).catch(() => {});
}

const hints: Record<string, string> = {
  ENOSPC: "The disk is full: free some space and try again.",
  EDQUOT: "The disk quota is used up: free some space and try again.",
  EFBIG: "The file system cannot hold a file of this size.",
  EROFS: "The file system is read-only: check the data folder.",
  EACCES: "Check the owner and the mode of the data folder.",
  EPERM: "Check the owner and the mode of the data folder.",
  EIO: "The disk reported an error: check it.",
  EMFILE: "Too many files are open: raise the limit (ulimit -n).",
};

/** Errors of the file system as `StorageFailed` with a hint; all others as they are. */
export function blobError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof ErrandError || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return new ErrandError("StorageFailed", `could not store the blob: ${message}`, {
    hint: hints[code] ?? "Check the disk that holds the data folder.",
    cause: error,
    details: { code },
  });
}
