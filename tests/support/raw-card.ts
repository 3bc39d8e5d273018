/** Cards made and told by hand: whatever a test wants to claim, signed by whoever it wants. */
import type { Connection, Stream } from "@libp2p/interface";
import { CardRequest, CardResponse, SignedCard } from "#protocols/card";
import type { Signer } from "../../src/core/signatures.ts";
import { signCard } from "../../src/network/card-codec.ts";
import type { Card, CardSkill } from "../../src/network/card.ts";
import { cardProtocol } from "../../src/network/protocols/card.ts";
import { frameIo } from "../../src/network/stream-io.ts";

export function skillEntry(id: string): CardSkill {
  return {
    id,
    version: "1.0.0",
    name: id,
    description: "Whatever you like.",
    tags: [],
    examples: [],
    inputSchemaHash: "0".repeat(64),
    outputSchemaHash: "0".repeat(64),
    deterministic: false,
    idempotent: true,
    price: 0,
    access: "everyone",
    inputModes: [],
  };
}

/** Signed by `signer`, of the peer it claims to be of: the signer's own unless `more` says otherwise. */
export function rawCard(signer: Signer, more: Partial<Card> = {}): Uint8Array {
  const issuedAt = Date.now();
  const card: Card = {
    version: 1,
    network: "errand",
    peer: signer.peer,
    seq: issuedAt,
    issuedAt,
    expiresAt: issuedAt + 60_000,
    name: "raw",
    addresses: [],
    agent: { name: "raw", version: "0.0.0", protocols: [] },
    resources: {
      cpuCores: 64,
      memoryBytes: 2 ** 36,
      storageBytes: 2 ** 40,
      gpus: [],
      platform: "linux",
      arch: "x64",
      internet: false,
    },
    role: "worker",
    tags: [],
    tiers: [],
    load: { running: 0, slots: 64, queued: 0, serviceMs: 0 },
    skills: [],
    tombstone: false,
    ...more,
  };
  return signCard(card, signer);
}

export interface CardTalk {
  own: Uint8Array | undefined;
  known: Uint8Array[];
}

/** One question over the card protocol, telling `own` on the way. */
export async function tellCard(connection: Connection, own?: Uint8Array, known = 0): Promise<CardTalk> {
  const io = frameIo(await connection.newStream(cardProtocol), { maxFrameBytes: 2 ** 20, timeoutMs: 5_000 });
  await io.write(
    CardRequest.encode({ known, schemas: [], ...(own !== undefined && { own: SignedCard.decode(own) }) }),
  );
  void io.end();
  const frame = await io.read();
  if (frame === undefined) throw new Error("no answer");
  const answer = CardResponse.decode(frame);
  return {
    own: answer.own && SignedCard.encode(answer.own),
    known: answer.known.map((card) => SignedCard.encode(card)),
  };
}

/** Sends bytes as they are and resolves once the stream is over, with what came back. */
export async function rawBytes(
  connection: Connection,
  protocol: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const stream: Stream = await connection.newStream(protocol);
  const chunks: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.addEventListener("message", ({ data }) => chunks.push(data.subarray()));
  stream.addEventListener("remoteCloseWrite", () => resolve());
  stream.addEventListener("close", () => resolve());
  if (stream.status === "open" && bytes.length > 0) stream.send(bytes);
  if (stream.status !== "open") resolve();
  await promise;
  stream.abort(new Error("done"));
  return Buffer.concat(chunks);
}
