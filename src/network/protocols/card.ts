/**
 * `/errand/card/1.0.0`: one request, one answer. Asks a peer for its card, for cards of others that it knows (they are signed, so
 * a relay changes nothing) and for schemas by hash; tells the own card, or a goodbye, on the way.
 *
 *     await serveCards(host, { own, known, schema, heard, clock });
 *     const answer = await askForCards(host, peer, { own: mySigned, known: 256 }, signal);
 */
import { CardRequest, CardResponse, SignedCard } from "#protocols/card";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import type { PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { sha256 } from "../../core/signatures.ts";
import type { Host } from "../host.ts";
import { framedSize, frameIo } from "../stream-io.ts";

export const cardProtocol = "/errand/card/1.0.0";

const requestBytes = limits.cardBytes + 4 * 1024;
const schemasPerRequest = 16;
// A list of cards costs us a megabyte of upload for a few bytes of request: so often a peer may have one.
const listEveryMs = 2_000;

export interface CardQuestion {
  /** Our signed card, or our tombstone. */
  own?: Uint8Array;
  /** Most cards of others wanted. */
  known?: number;
  /** SHA-256, hexadecimal; at most 16. */
  schemas?: readonly string[];
}

export interface CardAnswer {
  /** Serialised `SignedCard`s, unchecked. */
  own: Uint8Array | undefined;
  known: Uint8Array[];
  /** By hash; checked. */
  schemas: Map<string, string>;
}

export interface CardSource {
  /** This node's signed card. */
  own(): Uint8Array | undefined;
  /** Signed cards of others, the freshest first. */
  known(): Iterable<Uint8Array>;
  /** JSON text of a schema of ours. */
  schema(hash: string): string | undefined;
  /** `signed` came from `peer` itself, over its connection. Unchecked. */
  heard(signed: Uint8Array, peer: PeerIdText): void;
  clock: Clock;
}

/** Throws `PeerUnreachable`, `ProtocolViolation` or the signal's reason. */
export async function askForCards(
  host: Host,
  peer: PeerIdText,
  question: CardQuestion,
  signal: AbortSignal,
): Promise<CardAnswer> {
  const stream = await host.newStream(peer, cardProtocol, signal);
  const io = frameIo(stream, { maxFrameBytes: limits.frameBytes, timeoutMs: limits.frameTimeoutMs });
  await io.write(
    CardRequest.encode({
      known: question.known ?? 0,
      schemas: (question.schemas ?? []).map((hash) => Buffer.from(hash, "hex")),
      ...(question.own !== undefined && { own: SignedCard.decode(question.own) }),
    }),
    signal,
  );
  // Half-closes in the background: a peer that takes its time does not hold the answer.
  void io.end();
  const frame = await io.read(signal);
  if (frame === undefined) throw new ErrandError("PeerUnreachable", `${peer} did not answer`);
  const answer = decodeAnswer(frame);
  if (answer.error !== "")
    throw new ErrandError("PeerUnreachable", `${peer} refused: ${answer.error.slice(0, 64)}`);
  return {
    own: answer.own && SignedCard.encode(answer.own),
    known: answer.known.slice(0, question.known ?? 0).map((card) => SignedCard.encode(card)),
    schemas: new Map(
      answer.schemas
        .filter((text) => text.length <= limits.schemaBytes)
        .map((text) => [Buffer.from(sha256(text)).toString("hex"), Buffer.from(text).toString("utf8")]),
    ),
  };
}

function decodeAnswer(frame: Uint8Array): CardResponse {
  try {
    return CardResponse.decode(frame, { limits: { known: limits.cardsPerSync, schemas: schemasPerRequest } });
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", "the answer is no CardResponse", { cause });
  }
}

export async function serveCards(host: Host, source: CardSource): Promise<void> {
  const listedAt = new Map<PeerIdText, number>();
  host.onPeer({ disconnected: (peer) => void listedAt.delete(peer) });

  const mayList = (peer: PeerIdText): boolean => {
    const now = source.clock.monotonic();
    if (now - (listedAt.get(peer) ?? -Infinity) < listEveryMs) return false;
    listedAt.set(peer, now);
    return true;
  };

  await host.handle(
    cardProtocol,
    async (stream, peer) => {
      const io = frameIo(stream, { maxFrameBytes: requestBytes, timeoutMs: limits.frameTimeoutMs });
      try {
        const frame = await io.read();
        if (frame === undefined) return;
        const request = CardRequest.decode(frame, { limits: { schemas: schemasPerRequest } });
        if (request.own !== undefined) source.heard(SignedCard.encode(request.own), peer);
        const known = request.known > 0 && mayList(peer) ? Math.min(request.known, limits.cardsPerSync) : 0;
        await io.write(answerTo(request, known, source));
        await io.end();
      } catch (error) {
        // Nobody to tell but the peer, and to it a reset says enough.
        io.abort(error);
      }
    },
    { maxInboundStreams: limits.cardStreamsPerPeer, maxOutboundStreams: 2 * limits.cardStreamsPerPeer },
  );
}

/** The answer, filled with known cards and schemas as far as one frame goes. */
function answerTo(request: CardRequest, known: number, source: CardSource): Uint8Array {
  const own = source.own();
  let room = limits.frameBytes - limits.cardBytes - 64;
  const fits = (bytes: Uint8Array): boolean => {
    room -= framedSize(bytes.length) + 1;
    return room >= 0;
  };
  const schemas = request.schemas.flatMap((hash) => {
    const text = source.schema(Buffer.from(hash).toString("hex"));
    const bytes = text === undefined ? undefined : Buffer.from(text);
    return bytes !== undefined && fits(bytes) ? [bytes] : [];
  });
  const cards: SignedCard[] = [];
  for (const signed of source.known()) {
    if (cards.length >= known || !fits(signed)) break;
    cards.push(SignedCard.decode(signed));
  }
  return CardResponse.encode({
    ...(own !== undefined && { own: SignedCard.decode(own) }),
    known: cards,
    schemas,
  });
}
