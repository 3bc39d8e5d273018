/**
 * How much the blob store may hold: what is on disk, parts included, and what those who store at this moment have claimed.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ErrandError } from "../core/errors.ts";

export interface BlobQuota {
  /** Counts bytes that came to rest on the disk, or (negative) left it. */
  add(bytes: number): void;
  /** A claim of one who is about to store. */
  claim(): QuotaClaim;
}

export interface QuotaClaim {
  /** Sets the claim to `bytes`. Throws `LimitExceeded` when they do not fit. */
  set(bytes: number): void;
  release(): void;
}

/** `usedBytes` is what `dir` holds now; counted only when there is a bound. */
export function createQuota(dir: string, maxBytes: number): BlobQuota {
  let used = Number.isFinite(maxBytes) ? sizeOfTree(dir) : 0;
  let claimed = 0;
  return {
    add(bytes) {
      used += bytes;
    },
    claim() {
      let mine = 0;
      return {
        set(bytes) {
          if (used + claimed - mine + bytes > maxBytes) throw full(maxBytes);
          claimed += bytes - mine;
          mine = bytes;
        },
        release() {
          claimed -= mine;
          mine = 0;
        },
      };
    },
  };
}

function sizeOfTree(dir: string): number {
  let bytes = 0;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

function full(maxBytes: number): ErrandError {
  return new ErrandError("LimitExceeded", `the blob store is full: it may hold ${maxBytes} bytes`, {
    hint: "Blobs that no task uses are removed after a while; or allow it more in the configuration.",
    retryable: true,
  });
}
