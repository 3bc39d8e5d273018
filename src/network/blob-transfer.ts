/**
 * Fetches a whole blob: resumes where a broken transfer stopped, tries again a few times, and believes nothing until size and
 * SHA-256 are right. At no time more than a few chunks are in memory.
 */
import { pipe } from "it-pipe";
import type { BlobRef } from "../core/body.ts";
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Host } from "./host.ts";
import { requestBlob } from "./protocols/blob.ts";

/** One blob on its way in. It hashes what it writes. */
export interface BlobReceiver {
  /** Bytes that are there already. */
  readonly offset: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Verifies size and hash, and publishes. Throws `VerificationFailed`, and then keeps nothing. */
  finish(): Promise<void>;
  /** Keeps what is there for the next attempt. Tolerates ended-already. */
  abort(): Promise<void>;
}

/** Where blobs go: the blob store, seen from here. One reception at a time for each hash; the others wait. */
export interface BlobSink {
  receive(ref: BlobRef, options: { signal: AbortSignal }): Promise<BlobReceiver>;
}

export interface FetchBlobOptions {
  signal: AbortSignal;
  onProgress?: (received: number, sizeBytes: number) => void;
}

// Attempts in a row that brought nothing; any chunk starts the count anew.
const attempts = 4;
const firstPauseMs = 200;

/**
 * `ref` from `peer` into the sink. Throws `NotFound`, `Unauthorized`, `LimitExceeded`, `VerificationFailed`, `PeerUnreachable`,
 * `StorageFailed` or the signal's reason.
 */
export async function fetchBlob(
  context: { host: Host; sink: BlobSink; clock: Clock; random: Random; stallMs?: number },
  peer: PeerIdText,
  ref: BlobRef,
  { signal, onProgress }: FetchBlobOptions,
): Promise<void> {
  if (!(ref.sizeBytes >= 0 && ref.sizeBytes <= limits.blobBytes)) {
    throw new ErrandError(
      "LimitExceeded",
      `a blob of ${ref.sizeBytes} bytes, ${limits.blobBytes} are allowed`,
    );
  }
  for (let failed = 0; ;) {
    const receiver = await context.sink.receive(ref, { signal });
    const before = receiver.offset;
    try {
      if (receiver.offset < ref.sizeBytes)
        await transfer(context, peer, ref, receiver, { signal, onProgress });
      await receiver.finish();
      return;
    } catch (error) {
      await receiver.abort();
      signal.throwIfAborted();
      const failure = toErrandError(error);
      failed = receiver.offset > before ? 1 : failed + 1;
      if (!failure.retryable || failed >= attempts) throw failure;
    }
    await pause(firstPauseMs * 2 ** failed * (0.5 + context.random()), context.clock, signal);
  }
}

async function transfer(
  { host, stallMs }: { host: Host; stallMs?: number },
  peer: PeerIdText,
  ref: BlobRef,
  receiver: BlobReceiver,
  { signal, onProgress }: FetchBlobOptions,
): Promise<void> {
  const download = await requestBlob(
    host,
    peer,
    { hash: ref.hash, offset: receiver.offset },
    signal,
    stallMs,
  );
  if (download.sizeBytes !== ref.sizeBytes) {
    download.abort(new Error("wrong size"));
    throw new ErrandError(
      "VerificationFailed",
      `${peer} has blob ${ref.hash.slice(0, 16)}… with another size`,
      {
        hint: "The sender announced other bytes than it has; fetch the blob from another peer.",
        details: { hash: ref.hash, announced: ref.sizeBytes, offered: download.sizeBytes },
      },
    );
  }
  await pipe(
    download.chunks,
    metered(receiver.offset, ref.sizeBytes, onProgress),
    // The receiver hashes and writes; the next chunk is asked for once this one is with the file system.
    async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await receiver.write(chunk);
    },
  );
}

/** Passes chunks on and tells how far they have come. */
function metered(
  start: number,
  sizeBytes: number,
  onProgress: FetchBlobOptions["onProgress"],
): (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> {
  return async function* (chunks) {
    let received = start;
    for await (const chunk of chunks) {
      yield chunk;
      received += chunk.length;
      onProgress?.(received, sizeBytes);
    }
  };
}

function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    cancel();
    reject(signal.reason as Error);
  };
  const cancel = clock.after(delayMs, () => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise;
}
