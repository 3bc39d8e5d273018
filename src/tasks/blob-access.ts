/**
 * Bodies too large for a frame: the blob store joined with the blob protocol, and who may read what. A peer may fetch only
 * blobs that one of its tasks here has as input or output.
 */
import type { BlobHash, BlobRef } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { BlobStore } from "../storage/blobs.ts";

export interface BlobAccess {
  /** The path of the blob's bytes, fetched from `peer` when they are not here yet. Throws as the blob protocol does. */
  fetch(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<string>;
  putFile(path: string): Promise<BlobRef>;
  putBytes(bytes: Uint8Array): Promise<BlobRef>;
  /** Lets `peer` read the blob until it is revoked as often as it was granted. */
  grant(peer: PeerIdText, hash: BlobHash): void;
  revoke(peer: PeerIdText, hash: BlobHash): void;
  mayRead(peer: PeerIdText, hash: BlobHash): boolean;
}

export function createBlobAccess(
  store: BlobStore,
  fetchBlob: (peer: PeerIdText, ref: BlobRef, signal: AbortSignal) => Promise<void>,
  self: PeerIdText,
): BlobAccess {
  const grants = new Map<string, number>();
  const keyOf = (peer: PeerIdText, hash: BlobHash): string => `${peer} ${hash}`;
  return {
    async fetch(peer, ref, signal) {
      if (!(await store.has(ref.hash))) {
        if (peer === self)
          throw new ErrandError("NotFound", `blob ${ref.hash} is not in this node's store`, {
            hint: "Put the file in again; unused blobs are removed after a while.",
          });
        await fetchBlob(peer, ref, signal);
      }
      return store.path(ref.hash);
    },
    putFile: (path) => store.putFile(path, { move: true }),
    putBytes: (bytes) => store.putBytes(bytes),
    grant(peer, hash) {
      const key = keyOf(peer, hash);
      grants.set(key, (grants.get(key) ?? 0) + 1);
    },
    revoke(peer, hash) {
      const key = keyOf(peer, hash);
      const left = (grants.get(key) ?? 0) - 1;
      if (left > 0) grants.set(key, left);
      else grants.delete(key);
    },
    mayRead: (peer, hash) => grants.has(keyOf(peer, hash)),
  };
}
