/** Storing bytes whose hash is not known beforehand: from a stream, from memory, from a file. */
import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlobHash, BlobRef } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { sha256 } from "../core/signatures.ts";
import { blobError, discard, hashFile, partialDir, writeAll } from "./blob-files.ts";
import type { BlobQuota } from "./blob-quota.ts";

export interface PutOptions {
  signal?: AbortSignal;
  /** Largest blob. Default: `limits.blobBytes`. */
  limitBytes?: number;
}

/** What storing needs of the store. */
export interface Shelf {
  dir: string;
  quota: BlobQuota;
  /** Notes that the blob is in use; false when it is not there. */
  touch(hash: BlobHash): Promise<boolean>;
  /** The hashed file at `path` becomes the blob `ref`; closes it. */
  adopt(file: FileHandle, path: string, ref: BlobRef): Promise<void>;
}

export async function put(
  shelf: Shelf,
  source: AsyncIterable<Uint8Array>,
  { signal, limitBytes = limits.blobBytes }: PutOptions = {},
): Promise<BlobRef> {
  signal?.throwIfAborted();
  const path = partialPath(shelf);
  const claim = shelf.quota.claim();
  const file = await openNew(path);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    for await (const chunk of source) {
      signal?.throwIfAborted();
      if (sizeBytes + chunk.length > limitBytes) throw tooLarge(limitBytes);
      claim.set(sizeBytes + chunk.length);
      hash.update(chunk);
      await writeAll(file, chunk, sizeBytes);
      sizeBytes += chunk.length;
    }
    signal?.throwIfAborted();
    const ref = { hash: hash.digest("hex"), sizeBytes };
    await shelf.adopt(file, path, ref);
    return ref;
  } catch (error) {
    await discard(file, path);
    throw blobError(error);
  } finally {
    claim.release();
  }
}

export async function putBytes(shelf: Shelf, bytes: Uint8Array): Promise<BlobRef> {
  const hash = Buffer.from(sha256(bytes)).toString("hex");
  if (await shelf.touch(hash)) return { hash, sizeBytes: bytes.length };
  return put(shelf, once(bytes));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export async function putFile(
  shelf: Shelf,
  path: string,
  { move = false, ...options }: PutOptions & { move?: boolean } = {},
): Promise<BlobRef> {
  const file = await openRegular(path);
  try {
    const { size, nlink, uid } = await file.stat();
    const { signal, limitBytes = limits.blobBytes } = options;
    signal?.throwIfAborted();
    if (size > limitBytes) throw tooLarge(limitBytes);
    // A file that another user owns, or that has a second name, could still be changed by others.
    if (move && nlink === 1 && uid === process.getuid?.()) {
      const moved = await moveIn(shelf, path, size, signal);
      if (moved !== undefined) return moved;
    }
    const ref = await put(shelf, file.createReadStream({ autoClose: false, start: 0 }), options);
    if (move) await rm(path, { force: true });
    return ref;
  } catch (error) {
    throw blobError(error);
  } finally {
    await file.close().catch(() => {});
  }
}

/** Undefined when the file is on another file system. */
async function moveIn(
  shelf: Shelf,
  path: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<BlobRef | undefined> {
  const claim = shelf.quota.claim();
  claim.set(size);
  const inside = partialPath(shelf);
  try {
    // Moved first and hashed then: under its new name nobody can put another file in its place.
    await rename(path, inside);
  } catch (error) {
    claim.release();
    if ((error as NodeJS.ErrnoException).code === "EXDEV") return undefined;
    throw error;
  }
  let file: FileHandle | undefined;
  try {
    file = await openRegular(inside);
    await file.chmod(0o600);
    const sizeBytes = (await file.stat()).size;
    const hash = await hashFile(file, sizeBytes, signal);
    const ref = { hash: hash.digest("hex"), sizeBytes };
    await shelf.adopt(file, inside, ref);
    return ref;
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(inside, { force: true });
    throw error;
  } finally {
    claim.release();
  }
}

function partialPath(shelf: Shelf): string {
  return join(partialDir(shelf.dir), `put-${randomUUID()}`);
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    throw blobError(error);
  }
}

/** Never through a symbolic link, and without waiting for the other end of a pipe: the path may be a hostile skill's. */
async function openRegular(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ErrandError("NotFound", `there is no file ${path}`, { cause: error });
    if (code === "ELOOP" || code === "ENXIO") throw notRegular(path);
    throw blobError(error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

function notRegular(path: string): ErrandError {
  return new ErrandError("InvalidInput", `${path} is not a regular file`, {
    hint: "Give a file itself: no folder, device or symbolic link.",
  });
}

export function tooLarge(limitBytes: number): ErrandError {
  return new ErrandError("LimitExceeded", `the blob is larger than ${limitBytes} bytes`, {
    hint: "Split it into several blobs.",
    details: { limitBytes },
  });
}
