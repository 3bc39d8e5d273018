/**
 * Receiving a blob whose hash is known beforehand, from a peer that may stop half way or lie. The part is kept by hash, so
 * that the next attempt, from whomever, goes on where this one stopped; what does not hash to its name in the end is
 * thrown away whole.
 */
import type { Hash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlobRef } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import { blobError, discard, hashFile, partialDir, writeAll } from "./blob-files.ts";
import type { Shelf } from "./blob-puts.ts";
import type { QuotaClaim } from "./blob-quota.ts";

export interface BlobReception {
  /** Bytes that are there: the transfer starts here. Equal to the size when nothing is missing. */
  readonly offset: number;
  /** The next bytes; await it before the next call. Throws `VerificationFailed` beyond the announced size, `StorageFailed`. */
  write(chunk: Uint8Array): Promise<void>;
  /** Verifies size and hash, and publishes. Throws `VerificationFailed`, and then nothing is kept. */
  finish(): Promise<void>;
  /** Ends and keeps what is there for the next attempt. Tolerates ended-already. */
  abort(): Promise<void>;
}

/** What one reception holds. */
interface Part {
  shelf: Shelf;
  ref: BlobRef;
  path: string;
  file: FileHandle;
  claim: QuotaClaim;
  /** Of the first `offset` bytes. */
  hash: Hash;
  offset: number;
}

/** `done` is called once, when the reception has ended. Without a reception (it throws) it is not. */
export async function openReception(
  shelf: Shelf,
  ref: BlobRef,
  signal: AbortSignal,
  done: () => void,
): Promise<BlobReception> {
  const claim = shelf.quota.claim();
  const path = join(partialDir(shelf.dir), `${ref.hash}.part`);
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    const kept = (await file.stat()).size;
    const offset = kept > ref.sizeBytes ? 0 : kept;
    if (offset < kept) await file.truncate(0);
    const hash = await hashFile(file, offset, signal);
    signal.throwIfAborted();
    // Until the end the whole size is claimed, instead of the part that was at rest.
    shelf.quota.add(-kept);
    try {
      claim.set(ref.sizeBytes);
    } catch (error) {
      shelf.quota.add(offset);
      throw error;
    }
    return receive({ shelf, ref, path, file, claim, hash, offset }, signal, done);
  } catch (error) {
    await file?.close().catch(() => {});
    throw blobError(error);
  }
}

function receive(part: Part, signal: AbortSignal, done: () => void): BlobReception {
  const { shelf, ref, path, file, claim, hash } = part;
  let ended = false;
  let writing: Promise<void> = Promise.resolve();

  const end = (): void => {
    signal.removeEventListener("abort", onAbort);
    claim.release();
    done();
  };
  const drop = async (): Promise<void> => {
    ended = true;
    await discard(file, path);
    end();
  };
  const refuse = async (message: string): Promise<ErrandError> => {
    await drop();
    return new ErrandError("VerificationFailed", `blob ${ref.hash}: ${message}`, {
      hint: "The sender gave other bytes than it announced; fetch it from another peer.",
      details: { hash: ref.hash, sizeBytes: ref.sizeBytes },
    });
  };
  const abort = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    await writing.catch(() => {});
    await file.close().catch(() => {});
    shelf.quota.add(part.offset);
    end();
  };
  // A caller that was aborted may never come back: its turn is given up for it.
  const onAbort = (): void => void abort();
  signal.addEventListener("abort", onAbort, { once: true });

  return {
    get offset() {
      return part.offset;
    },
    async write(chunk) {
      if (ended) throw receptionEnded(signal);
      if (part.offset + chunk.length > ref.sizeBytes) throw await refuse("more bytes than announced");
      const position = part.offset;
      part.offset += chunk.length;
      hash.update(chunk);
      writing = writeAll(file, chunk, position);
      try {
        await writing;
      } catch (error) {
        // What is on the disk is no longer what was hashed.
        if (!ended) await drop();
        throw blobError(error);
      }
    },
    async finish() {
      if (ended) throw receptionEnded(signal);
      if (part.offset !== ref.sizeBytes)
        throw await refuse(`${part.offset} bytes instead of ${ref.sizeBytes}`);
      if (hash.digest("hex") !== ref.hash) throw await refuse("the bytes have another hash");
      ended = true;
      try {
        await shelf.adopt(file, path, ref);
      } catch (error) {
        await discard(file, path);
        throw blobError(error);
      } finally {
        end();
      }
    },
    abort,
  };
}

function receptionEnded(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : new ErrandError("Internal", "this reception has ended");
}
