/**
 * Bodies too large for a frame: the blob store joined with the blob protocol, and who may read what. A peer may fetch only
 * blobs that one of its tasks here has as input or output, and its tasks may use only what it has itself: a hash is a name
 * and no permission. So bytes that are here already are taken for a peer's once it has sent them all: to have them here, or,
 * when somebody else was first, to be compared and thrown away. Part of them would prove less than it gives.
 */
import type { BlobHash, BlobRef } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { BlobStore } from "../storage/blobs.ts";

export interface BlobAccess {
  /**
   * The path of the blob's bytes, fetched from `peer` when they are not here yet or the peer has not shown to have them. Throws
   * `InvalidInput` when the size is another, and as the blob protocol does.
   */
  fetch(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<string>;
  putFile(path: string): Promise<BlobRef>;
  putBytes(bytes: Uint8Array): Promise<BlobRef>;
  /** Lets `peer` read the blob until it is revoked as often as it was granted. */
  grant(peer: PeerIdText, hash: BlobHash): void;
  revoke(peer: PeerIdText, hash: BlobHash): void;
  mayRead(peer: PeerIdText, hash: BlobHash): boolean;
}

/** How blobs come from a peer. Both throw as the blob protocol does. */
export interface BlobTransfers {
  /** Into the store; resolves with the bytes that this peer has sent: some, or all, may have been there. */
  fetch(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<number>;
  /** Resolves when the peer has sent the whole blob; nothing is kept. */
  prove(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<void>;
}

export function createBlobAccess(
  store: Pick<BlobStore, "stat" | "path" | "putFile" | "putBytes">,
  transfers: BlobTransfers,
  self: PeerIdText,
): BlobAccess {
  const grants = new Map<string, number>();
  const supplied = createSupplied();
  /** Transfers from a peer: many tasks with one input wait for one. */
  const running = new Map<string, Promise<void>>();
  const keyOf = (peer: PeerIdText, hash: BlobHash): string => `${peer} ${hash}`;

  const isTheirs = (peer: PeerIdText, hash: BlobHash): boolean =>
    peer === self || grants.has(keyOf(peer, hash)) || supplied.has(peer, hash);

  async function transfer(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<void> {
    const here = (await store.stat(ref.hash)) !== undefined;
    const received = here ? 0 : await transfers.fetch(peer, ref, signal);
    // Somebody else's transfer may have brought it meanwhile, or a part of it before.
    if (received < ref.sizeBytes) await transfers.prove(peer, ref, signal);
    supplied.add(peer, ref.hash);
  }

  /** One transfer of a blob from a peer at a time; who comes later finds it done, or tries in turn. */
  async function inTurn(peer: PeerIdText, ref: BlobRef, signal: AbortSignal): Promise<void> {
    const key = keyOf(peer, ref.hash);
    for (let before = running.get(key); before !== undefined; before = running.get(key)) {
      await untilAborted(before, signal);
      if (supplied.has(peer, ref.hash)) return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    running.set(key, promise);
    try {
      await transfer(peer, ref, signal);
    } finally {
      running.delete(key);
      resolve();
    }
  }

  return {
    async fetch(peer, { hash, sizeBytes }, signal) {
      let found = isTheirs(peer, hash) ? await store.stat(hash) : undefined;
      if (found === undefined) {
        if (peer === self)
          throw new ErrandError("NotFound", `blob ${hash} is not in this node's store`, {
            hint: "Put the file in again; unused blobs are removed after a while.",
          });
        await inTurn(peer, { hash, sizeBytes }, signal);
        found = await store.stat(hash);
        // Removed in between: as if it had never come.
        if (found === undefined) throw new ErrandError("NotFound", `blob ${hash} is gone again`);
      }
      if (found.sizeBytes !== sizeBytes)
        throw new ErrandError("InvalidInput", `blob ${hash} does not have ${sizeBytes} bytes`);
      return store.path(hash);
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

/** Which peer has shown to have which blobs: those of last, of the peers of last. What is forgotten is shown again. */
function createSupplied() {
  const byPeer = new Map<PeerIdText, Set<BlobHash>>();
  return {
    has: (peer: PeerIdText, hash: BlobHash): boolean => byPeer.get(peer)?.has(hash) === true,
    add(peer: PeerIdText, hash: BlobHash): void {
      const set = byPeer.get(peer) ?? new Set();
      byPeer.delete(peer);
      byPeer.set(peer, set);
      set.delete(hash);
      set.add(hash);
      dropOldest(set, limits.blobsSuppliedPerPeer);
      dropOldest(byPeer, limits.blobsSuppliedPeers);
    },
  };
}

/** Sets and maps keep the order of insertion. */
function dropOldest<K>(
  from: { size: number; keys(): Iterator<K>; delete(key: K): boolean },
  most: number,
): void {
  if (from.size > most) from.delete(from.keys().next().value as K);
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    void promise.then(resolve).finally(() => signal.removeEventListener("abort", aborted));
  });
}
