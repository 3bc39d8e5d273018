/**
 * `/errand/blob/1.0.0`: bytes by their hash, from any offset. The side that wants them gives credit, chunk by chunk, for what may
 * be on its way, so that a round trip on the same connection waits behind two chunks and not behind a file.
 *
 *     await serveBlobs(host, source, mayRead, log);
 *     const download = await requestBlob(host, peer, { hash, offset }, signal);
 *     for await (const chunk of download.chunks) …
 */
import { BlobCredit, BlobRequest, BlobResponse } from "#protocols/blob";
import type { BlobHash } from "../../core/body.ts";
import { ErrandError, isErrorCode } from "../../core/errors.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { Host } from "../host.ts";
import { frameIo, type FrameIo } from "../stream-io.ts";

export const blobProtocol = "/errand/blob/1.0.0";

/** What is served: the blob store, seen from here. */
export interface BlobSource {
  /** Undefined if it is not here whole. */
  stat(hash: BlobHash): Promise<{ sizeBytes: number } | undefined>;
  /** Bytes from `start` up to and without `end`, in pieces of any size. */
  read(hash: BlobHash, range: { start: number; end: number }): AsyncIterable<Uint8Array>;
}

export interface Download {
  /** Of the whole blob, as the peer says. */
  sizeBytes: number;
  /** From the offset to the end. Credit for the next chunk is given when the one before has been consumed. */
  chunks: AsyncIterable<Uint8Array>;
  abort(reason: unknown): void;
}

const messageBytes = 256;
const leastWindow = 2;

/** Chunks on their way: two, and on a long link as many as its round trip holds at about 25 MB/s. */
export function windowOf(rttMs: number | undefined): number {
  return Math.min(Math.max(leastWindow, Math.ceil((rttMs ?? 0) / 2.5)), limits.blobWindow);
}

/**
 * Opens a transfer. Throws `NotFound`, `Unauthorized`, `RateLimited`, `PeerUnreachable`, `ProtocolViolation` or the signal's
 * reason; so does the iteration.
 */
export async function requestBlob(
  host: Host,
  peer: PeerIdText,
  want: { hash: BlobHash; offset: number },
  signal: AbortSignal,
  stallMs: number = limits.blobStallMs,
): Promise<Download> {
  const stream = await host.newStream(peer, blobProtocol, signal);
  const io = frameIo(stream, { maxFrameBytes: limits.blobChunkBytes, timeoutMs: stallMs });
  const credit = windowOf(host.rttMs(peer));
  await io.write(
    BlobRequest.encode({ hash: Buffer.from(want.hash, "hex"), offset: want.offset, length: 0, credit }),
    signal,
  );
  const response = decodeAs(BlobResponse.decode, await io.read(signal), peer);
  if (response.error !== "") {
    io.abort(new Error("refused"));
    throw refusal(response.error, want.hash, peer);
  }
  return {
    sizeBytes: response.sizeBytes,
    chunks: receive(io, response.length, peer, signal),
    abort: (reason) => io.abort(reason),
  };
}

async function* receive(
  io: FrameIo,
  lengthBytes: number,
  peer: PeerIdText,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let left = lengthBytes;
  try {
    while (left > 0) {
      const chunk = await io.read(signal);
      if (chunk === undefined) throw new ErrandError("PeerUnreachable", `${peer} ended the transfer early`);
      if (chunk.length === 0 || chunk.length > left) {
        throw new ErrandError("ProtocolViolation", `${peer} sent a chunk that does not fit`);
      }
      left -= chunk.length;
      yield chunk;
      if (left > 0) await io.write(BlobCredit.encode({ chunks: 1 }), signal);
    }
    await io.end();
  } finally {
    // Left early, by an error or by the consumer: the peer is not to go on sending.
    if (left > 0) io.abort(new Error("transfer abandoned"));
  }
}

function refusal(code: string, hash: BlobHash, peer: PeerIdText): ErrandError {
  const known = isErrorCode(code) ? code : "ProtocolViolation";
  return new ErrandError(known, `${peer} does not hand out blob ${hash.slice(0, 16)}…: ${known}`);
}

function decodeAs<T>(decode: (frame: Uint8Array) => T, frame: Uint8Array | undefined, peer: PeerIdText): T {
  if (frame === undefined) throw new ErrandError("PeerUnreachable", `${peer} did not answer`);
  try {
    return decode(frame);
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", `${peer} sent what is no message of the blob protocol`, {
      cause,
    });
  }
}

/** Serves `source` to peers for which `mayRead` holds. */
export async function serveBlobs(
  host: Host,
  source: BlobSource,
  mayRead: (peer: PeerIdText, hash: BlobHash) => boolean,
  log: Log,
  stallMs: number = limits.blobStallMs,
): Promise<void> {
  // A peer may have several connections; libp2p counts streams on each alone.
  const open = new Map<PeerIdText, number>();

  const answer = async (io: FrameIo, peer: PeerIdText): Promise<void> => {
    const request = decodeAs(BlobRequest.decode, await io.read(), peer);
    const hash = Buffer.from(request.hash).toString("hex");
    const refuse = async (error: string): Promise<void> => {
      await io.write(BlobResponse.encode({ error }));
      await io.end();
    };
    if (request.hash.length !== 32) return refuse("InvalidInput");
    if ((open.get(peer) ?? 0) > limits.blobStreamsPerPeer) return refuse("RateLimited");
    if (!mayRead(peer, hash)) return refuse("Unauthorized");
    const stat = await source.stat(hash);
    if (stat === undefined) return refuse("NotFound");
    const { offset, length } = request;
    if (offset > stat.sizeBytes || offset + length > stat.sizeBytes) return refuse("InvalidInput");
    const end = length === 0 ? stat.sizeBytes : offset + length;
    await io.write(BlobResponse.encode({ sizeBytes: stat.sizeBytes, length: end - offset }));
    await send(io, source.read(hash, { start: offset, end }), request.credit, peer);
    await io.end();
  };

  await host.handle(
    blobProtocol,
    async (stream, peer) => {
      const io = frameIo(stream, { maxFrameBytes: messageBytes, timeoutMs: stallMs });
      open.set(peer, (open.get(peer) ?? 0) + 1);
      try {
        await answer(io, peer);
      } catch (error) {
        log.debug({ peer, error: String(error) }, "blob transfer broke");
        io.abort(error);
      } finally {
        const left = (open.get(peer) ?? 1) - 1;
        if (left > 0) open.set(peer, left);
        else open.delete(peer);
      }
    },
    { maxInboundStreams: limits.blobStreamsPerPeer, maxOutboundStreams: 2 * limits.blobStreamsPerPeer },
  );
}

/** Sends `bytes` in chunks as credit allows. */
async function send(
  io: FrameIo,
  bytes: AsyncIterable<Uint8Array>,
  firstCredit: number,
  peer: PeerIdText,
): Promise<void> {
  let credit = Math.min(Math.max(firstCredit, 1), limits.blobWindow);
  for await (const chunk of chunked(bytes)) {
    while (credit === 0) {
      const { chunks } = decodeAs(BlobCredit.decode, await io.read(), peer);
      credit = Math.min(credit + chunks, limits.blobWindow);
    }
    credit--;
    await io.write(chunk);
  }
}

/** Pieces of at most `limits.blobChunkBytes`. */
async function* chunked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += limits.blobChunkBytes) {
      yield piece.subarray(at, at + limits.blobChunkBytes);
    }
  }
}
