/**
 * The blob store: bytes on disk under the name of their SHA-256. What is in it is immutable, so two who store the same
 * bytes store them once, and a blob is never half there. It knows no tasks: what may be removed is its caller's to say.
 *
 *     DIR/ab/ab12…        a blob, whole, verified and synced; its time is that of its last use
 *     DIR/partial/…       what is on its way; outlives a restart when it can be resumed
 */
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { BlobHash, BlobRef } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { blobError, blobPath, discard, partialDir, publish } from "./blob-files.ts";
import { pruneBlobs, type PruneOptions, type Pruned } from "./blob-pruning.ts";
import { put, putBytes, putFile, tooLarge, type PutOptions, type Shelf } from "./blob-puts.ts";
import { createQuota } from "./blob-quota.ts";
import { openReception, type BlobReception } from "./blob-reception.ts";
import { createTurns } from "./blob-turns.ts";

/**
 * A hash that is none is `InvalidInput` everywhere. What stores throws `StorageFailed` when the disk refuses, and
 * `LimitExceeded` for too large a blob or a full store.
 */
export interface BlobStore {
  /** Streams `source` in and hashes it on the way; never holds more than a chunk. */
  put(source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobRef>;
  putBytes(bytes: Uint8Array): Promise<BlobRef>;
  /**
   * A regular file, never through a symbolic link. With `move` the file itself becomes the blob where that is safe (ours
   * alone, same file system), and is gone afterwards in any case. Throws `NotFound`, and `InvalidInput` for anything but a file.
   */
  putFile(path: string, options?: PutOptions & { move?: boolean }): Promise<BlobRef>;
  has(hash: BlobHash): Promise<boolean>;
  /** Undefined when it is not there. */
  stat(hash: BlobHash): Promise<BlobRef | undefined>;
  /** Where the blob's bytes are when it is there. For reading only. */
  path(hash: BlobHash): string;
  /** Bytes from `start` up to, not with, `end`. Throws `NotFound` at once. */
  read(hash: BlobHash, range?: { start?: number; end?: number }): Readable;
  /** Starts or resumes receiving a blob; one at a time for each hash, the others wait. `signal` ends it, keeping the part. */
  receive(ref: BlobRef, options: { signal: AbortSignal }): Promise<BlobReception>;
  delete(hash: BlobHash): Promise<void>;
  /** Removes it unless its last use is younger than `olderThanMs`. Resolves with the bytes that are free now. */
  deleteUnused(hash: BlobHash, olderThanMs: number): Promise<number>;
  /** Removes blobs that are neither kept nor younger than `olderThanMs`, and parts that nobody came back for. */
  prune(options: PruneOptions): Promise<Pruned>;
}

export interface BlobStoreOptions {
  clock: Clock;
  /** All blobs and parts together. Default: no bound but the disk's. */
  maxBytes?: number;
}

/** Opens the blob store in `dir`, which it makes when it is not there. Throws `StorageFailed`. */
export function openBlobs(dir: string, options: BlobStoreOptions): BlobStore {
  const { clock, maxBytes = Number.POSITIVE_INFINITY } = options;
  prepare(dir);
  const quota = createQuota(dir, maxBytes);
  const receiving = createTurns();
  const publishing = createTurns();

  // The time of last use is the file's own: no second book that could disagree with the folder.
  const touch = async (hash: BlobHash): Promise<boolean> => {
    const seconds = clock.now() / 1000;
    return utimes(blobPath(dir, hash), seconds, seconds).then(
      () => true,
      () => false,
    );
  };
  const adopt: Shelf["adopt"] = async (file, path, ref) => {
    const leave = await publishing.enter(ref.hash);
    try {
      if (await touch(ref.hash)) {
        await discard(file, path);
        return;
      }
      await publish(file, path, dir, ref.hash);
      quota.add(ref.sizeBytes);
      await touch(ref.hash);
    } finally {
      leave();
    }
  };
  const shelf: Shelf = { dir, quota, touch, adopt };

  const statBlob: BlobStore["stat"] = async (hash) => {
    const found = await stat(blobPath(dir, hash)).catch(() => undefined);
    return found === undefined ? undefined : { hash, sizeBytes: found.size };
  };

  return {
    put: (source, putOptions) => put(shelf, source, putOptions),
    putBytes: (bytes) => putBytes(shelf, bytes),
    putFile: (path, putOptions) => putFile(shelf, path, putOptions),
    has: async (hash) => (await statBlob(hash)) !== undefined,
    stat: statBlob,
    path: (hash) => blobPath(dir, hash),
    read: (hash, range) => readRange(blobPath(dir, hash), hash, range),
    async receive(ref, { signal }) {
      checkRef(ref);
      const leave = await receiving.enter(ref.hash, signal);
      try {
        if (await touch(ref.hash)) {
          leave();
          return alreadyHere(ref, await statBlob(ref.hash));
        }
        return await openReception(shelf, ref, signal, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    async delete(hash) {
      const found = await statBlob(hash);
      if (found === undefined) return;
      await rm(blobPath(dir, hash), { force: true });
      quota.add(-found.sizeBytes);
    },
    async deleteUnused(hash, olderThanMs) {
      const found = await stat(blobPath(dir, hash)).catch(() => undefined);
      if (found === undefined || clock.now() - found.mtimeMs < olderThanMs) return 0;
      await rm(blobPath(dir, hash), { force: true });
      quota.add(-found.size);
      return found.size;
    },
    async prune(pruneOptions) {
      const pruned = await pruneBlobs(dir, clock.now(), pruneOptions, (hash) => receiving.taken(hash));
      quota.add(-pruned.bytes);
      return pruned;
    },
  };
}

function prepare(dir: string): void {
  try {
    mkdirSync(partialDir(dir), { recursive: true, mode: 0o700 });
    // What a former process was putting has no name to be resumed by.
    for (const name of readdirSync(partialDir(dir))) {
      if (name.startsWith("put-")) rmSync(join(partialDir(dir), name), { force: true });
    }
  } catch (error) {
    throw blobError(error);
  }
}

function readRange(path: string, hash: BlobHash, range: { start?: number; end?: number } = {}): Readable {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new ErrandError("NotFound", `blob ${hash} is not in this node's store`);
  const { start = 0, end = found.size } = range;
  const last = Math.min(end, found.size) - 1;
  // createReadStream's end is the last byte: it cannot be told of an empty range.
  return last < start ? Readable.from([]) : createReadStream(path, { start, end: last });
}

function checkRef(ref: BlobRef): void {
  if (!Number.isSafeInteger(ref.sizeBytes) || ref.sizeBytes < 0) {
    throw new ErrandError("InvalidInput", `${ref.sizeBytes} is not a blob's size`);
  }
  if (ref.sizeBytes > limits.blobBytes) throw tooLarge(limits.blobBytes);
}

function alreadyHere(ref: BlobRef, here: BlobRef | undefined): BlobReception {
  if (here?.sizeBytes !== ref.sizeBytes) {
    throw new ErrandError("VerificationFailed", `blob ${ref.hash} does not have ${ref.sizeBytes} bytes`);
  }
  return {
    offset: ref.sizeBytes,
    write: () => Promise.reject(new ErrandError("ProtocolViolation", `blob ${ref.hash} is complete already`)),
    finish: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}
