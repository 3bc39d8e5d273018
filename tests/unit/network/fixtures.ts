/** Real nodes on loopback, cards, and waiting for what they come to know. */
import { createHash } from "node:crypto";
import { onTestFinished } from "vitest";
import type { BlobRef } from "../../../src/core/body.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { BlobSink } from "../../../src/network/blob-transfer.ts";
import type { Card, CardSkill } from "../../../src/network/card.ts";
import { createHost, type Host, type HostOptions } from "../../../src/network/host.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { createNetwork, type Network, type NetworkOptions } from "../../../src/network/network.ts";
import type { CardFacts } from "../../../src/network/own-card.ts";
import type { BlobSource } from "../../../src/network/protocols/blob.ts";

export const soon = (ms = 10_000): AbortSignal => AbortSignal.timeout(ms);

/** Polls the event loop, not a timer of its own length: resolves as soon as `ready` holds. */
export async function until(ready: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function startHost(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await createHost({
    identity: await temporaryIdentity(),
    network: "errand",
    agentVersion: "0.0.0",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    log: silentLog,
    ...options,
  });
  onTestFinished(() => host.stop());
  await host.start();
  return host;
}

export function skill(id: string, changes: Partial<CardSkill> = {}): CardSkill {
  return {
    id,
    version: "1.0.0",
    name: id,
    description: "",
    tags: [],
    examples: [],
    inputSchemaHash: "",
    outputSchemaHash: "",
    deterministic: false,
    idempotent: false,
    price: 0,
    access: "everyone",
    inputModes: [],
    ...changes,
  };
}

export function facts(skills: CardSkill[] = []): CardFacts {
  return {
    name: "test",
    addresses: [],
    agent: { name: "errand", version: "0.0.0", protocols: [] },
    resources: {
      cpuCores: 2,
      memoryBytes: 1024,
      storageBytes: 2048,
      gpus: [],
      platform: "linux",
      arch: "x64",
      internet: false,
    },
    role: "worker",
    tags: [],
    tiers: [],
    load: { running: 0, slots: 2, queued: 0, serviceMs: 0 },
    skills,
  };
}

export function card(peer: string, now: number, changes: Partial<Card> = {}): Card {
  return {
    ...facts(),
    version: 1,
    network: "errand",
    peer,
    seq: now,
    issuedAt: now,
    expiresAt: now + 60_000,
    tombstone: false,
    ...changes,
  };
}

export async function startNetwork(
  skills: string[],
  options: Partial<NetworkOptions> = {},
): Promise<Network> {
  const network = await createNetwork({
    identity: await temporaryIdentity(),
    network: "errand",
    agentVersion: "0.0.0",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    log: silentLog,
    facts: () => facts(skills.map((id) => skill(id))),
    schemaText: () => undefined,
    blobs: memoryBlobs(),
    mayRead: () => true,
    ...options,
  });
  onTestFinished(() => network.stop());
  await network.start();
  return network;
}

export interface MemoryBlobs {
  blobs: Map<string, Uint8Array>;
  parts: Map<string, Uint8Array>;
  put(bytes: Uint8Array): BlobRef;
}

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A blob store in memory with the rules of the real one: parts are kept, and what does not hash to its name is not. */
export function memoryBlobs(): BlobSource & BlobSink & MemoryBlobs {
  const blobs = new Map<string, Uint8Array>();
  const parts = new Map<string, Uint8Array>();
  return {
    blobs,
    parts,
    put(bytes) {
      const hash = hashOf(bytes);
      blobs.set(hash, bytes);
      return { hash, sizeBytes: bytes.length };
    },
    stat: async (hash) => {
      const bytes = blobs.get(hash);
      return bytes && { sizeBytes: bytes.length };
    },
    async *read(hash, { start, end }) {
      yield (blobs.get(hash) as Uint8Array).subarray(start, end);
    },
    receive: async (ref) => {
      let part = parts.get(ref.hash) ?? new Uint8Array();
      return {
        get offset() {
          return part.length;
        },
        write: async (chunk) => {
          part = Buffer.concat([part, chunk]);
          parts.set(ref.hash, part);
        },
        finish: async () => {
          parts.delete(ref.hash);
          if (hashOf(part) !== ref.hash) throw Object.assign(new Error("wrong hash"), { wrong: true });
          blobs.set(ref.hash, part);
        },
        abort: async () => {},
      };
    },
  };
}
