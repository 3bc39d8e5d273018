/**
 * `/errand/trust/1.0.0`: two nodes tell each other what peers say of peers, when one has joined. The side that dialled says in 20 bytes
 * for each issuer what it has; the other sends what that lacks and names what it would like in turn. Everything is signed by its
 * issuer, so whoever hands it on need not be trusted, and bounded each way, so neither side can be drowned.
 *
 *     await serveTrust(host, source);
 *     await syncTrust(host, peer, source, signal);
 */
import { TrustBatch, TrustRequest, type Equivocation, type SignedAttestation } from "#protocols/trust";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { digestBytes } from "../attestation-digests.ts";
import type { Host } from "../host.ts";
import { framedSize, frameIo, type FrameIo } from "../stream-io.ts";
import { createTokenBuckets } from "../token-buckets.ts";

export const trustProtocol = "/errand/trust/1.0.0";
const trustVersion = 1;

const requestBytes = (limits.attestationIssuers + limits.equivocationsKept) * digestBytes + 1_024;
// Small enough that checking one does not hold the event loop for long.
const batchBytes = 64 * 1024;
const batchFrameBytes = batchBytes + 3 * limits.attestationBytes + limits.attestationsPerSync * 8;
// All peers together: what a sync costs in upload, and how many go on at once.
const syncsBurst = 32;
const syncsEveryMs = 1_000;
const syncsAtOnce = 4;

export interface Offer {
  /** What the other lacks, the best first. */
  attestations: Iterable<SignedAttestation>;
  equivocations: Equivocation[];
  /** Tags of what is wanted of it. */
  wanted: Uint8Array;
}

export interface TrustSource {
  readonly network: string;
  /** What this node has. */
  digests(): Uint8Array;
  /** What a node that has `digests` lacks; undefined if those are no digests. */
  offer(digests: Uint8Array): Offer | undefined;
  /** What the tags stand for; undefined if those are no tags. */
  pick(wanted: Uint8Array): Iterable<SignedAttestation> | undefined;
  /** Takes what `peer` sent. Throws `ProtocolViolation` at the first that no honest node hands on. */
  heard(batch: TrustBatch, peer: PeerIdText, signal: AbortSignal): Promise<void>;
  clock: Clock;
}

/** Throws `PeerUnreachable`, `ProtocolViolation` or the signal's reason. */
export async function syncTrust(
  host: Host,
  peer: PeerIdText,
  source: TrustSource,
  signal: AbortSignal,
): Promise<void> {
  await withTimeLimit(source.clock, signal, async (limited) => {
    const stream = await host.newStream(peer, trustProtocol, limited);
    const io = frameIo(stream, { maxFrameBytes: batchFrameBytes, timeoutMs: limits.frameTimeoutMs });
    const { network } = source;
    await io.write(
      TrustRequest.encode({ version: trustVersion, network, digests: Buffer.from(source.digests()) }),
      limited,
    );
    const wanted = await receive(io, peer, source, limited);
    const picked = wanted.length === 0 ? [] : source.pick(wanted);
    if (picked === undefined) throw violation("wants what is no tag", io);
    await send(io, { attestations: picked, equivocations: [], wanted: new Uint8Array() }, limited);
    await io.end();
  });
}

export async function serveTrust(host: Host, source: TrustSource): Promise<void> {
  const { clock } = source;
  const perPeer = createTokenBuckets({
    burst: 2,
    everyMs: limits.trustSyncEveryMs,
    peers: 2 * limits.connections,
    clock,
  });
  const all = createTokenBuckets({ burst: syncsBurst, everyMs: syncsEveryMs, peers: 1, clock });
  let running = 0;
  await host.handle(
    trustProtocol,
    async (stream, peer) => {
      const io = frameIo(stream, { maxFrameBytes: requestBytes, timeoutMs: limits.frameTimeoutMs });
      // The asker tries somebody else, or later: gossip has the rest.
      if (running >= syncsAtOnce || !perPeer.take(peer) || !all.take("all")) {
        io.abort(new ErrandError("RateLimited", "too many syncs"));
        return;
      }
      running++;
      try {
        await withTimeLimit(clock, undefined, (signal) => serveOne(io, peer, source, signal));
      } catch (error) {
        // Nobody to tell but the peer, and to it a reset says enough.
        io.abort(error);
      } finally {
        running--;
      }
    },
    { maxInboundStreams: 2, maxOutboundStreams: 4 },
  );
}

async function serveOne(
  io: FrameIo,
  peer: PeerIdText,
  source: TrustSource,
  signal: AbortSignal,
): Promise<void> {
  const frame = await io.read(signal);
  if (frame === undefined) return;
  const { version, network, digests } = TrustRequest.decode(frame);
  const offer = version === trustVersion && network === source.network ? source.offer(digests) : undefined;
  if (offer === undefined) throw violation("asks what cannot be answered", io);
  await send(io, offer, signal);
  await receive(io, peer, source, signal);
  await io.end();
}

/** Frames of at most `batchBytes`, the last marked as such; no more in all than a sync may bring. */
async function send(io: FrameIo, offer: Offer, signal: AbortSignal): Promise<void> {
  let batch: SignedAttestation[] = [];
  let size = 0;
  let count = 0;
  let total = 0;
  const flush = async (last: boolean): Promise<void> => {
    await io.write(
      TrustBatch.encode({ attestations: batch, equivocations: [], wanted: new Uint8Array(), last }),
      signal,
    );
    batch = [];
    size = 0;
  };
  if (offer.wanted.length > 0 || offer.equivocations.length > 0) {
    const equivocations = offer.equivocations.slice(0, limits.equivocationsPerSync);
    for (let at = 0; at === 0 || at < equivocations.length; at += 2) {
      const wanted = at === 0 ? Buffer.from(offer.wanted) : new Uint8Array();
      const some = { attestations: [], equivocations: equivocations.slice(at, at + 2), wanted, last: false };
      await io.write(TrustBatch.encode(some), signal);
    }
  }
  for (const signed of offer.attestations) {
    const bytes = framedSize(signed.attestation.length + signed.signature.length + 8) + 1;
    if (++count > limits.attestationsPerSync || (total += bytes) > limits.attestationsPerSyncBytes) break;
    if (size + bytes > batchBytes) await flush(false);
    batch.push(signed);
    size += bytes;
  }
  await flush(true);
}

/** Until the last frame; returns the tags wanted of us. */
async function receive(
  io: FrameIo,
  peer: PeerIdText,
  source: TrustSource,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let wanted: Uint8Array = new Uint8Array();
  let attestations = 0;
  let equivocations = 0;
  let bytes = 0;
  for (;;) {
    const frame = await io.read(signal);
    if (frame === undefined) throw new ErrandError("PeerUnreachable", `${peer} ended before its last frame`);
    const batch = decodeBatch(frame, io);
    attestations += batch.attestations.length;
    equivocations += batch.equivocations.length;
    // What a frame takes besides, so that empty ones do not go on for ever.
    bytes += frame.length + 1_024;
    if (
      attestations > limits.attestationsPerSync ||
      equivocations > limits.equivocationsPerSync ||
      bytes > 2 * limits.attestationsPerSyncBytes
    ) {
      throw violation("sends more than a sync may bring", io);
    }
    if (batch.wanted.length > 0) wanted = batch.wanted;
    try {
      await source.heard(batch, peer, signal);
    } catch (error) {
      io.abort(error);
      throw error;
    }
    if (batch.last) return wanted;
  }
}

function decodeBatch(frame: Uint8Array, io: FrameIo): TrustBatch {
  try {
    return TrustBatch.decode(frame, {
      limits: { attestations: limits.attestationsPerSync, equivocations: limits.equivocationsPerSync },
    });
  } catch {
    throw violation("sends what is no TrustBatch", io);
  }
}

function violation(what: string, io: FrameIo): ErrandError {
  const error = new ErrandError("ProtocolViolation", `the peer ${what}`);
  io.abort(error);
  return error;
}

/** A peer that sends a byte now and then holds a sync no longer than this. */
async function withTimeLimit(
  clock: Clock,
  signal: AbortSignal | undefined,
  run: (limited: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const cancel = clock.after(limits.trustSyncMs, () =>
    late.abort(new ErrandError("PeerUnreachable", "the sync took too long")),
  );
  try {
    await run(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
}
