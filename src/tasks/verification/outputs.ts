/** Outputs as they are compared and looked into: by their hash, and as JSON where they are JSON and small enough to be read. */
import { readFile } from "node:fs/promises";
import { bodySizeBytes, jsonType, type Body } from "../../core/body.ts";
import type { PeerIdText } from "../../core/ids.ts";
import type { BlobAccess } from "../blob-access.ts";

/** An output that an answer brought. It is on this node already. */
export interface Output {
  readonly body: Body;
  /** SHA-256 of its bytes. */
  readonly hash: Uint8Array;
}

/** Larger ones are compared by their hash alone: parsing holds up everything else. */
export const lookedIntoBytes = 4 * 1024 * 1024;

/** The output as JSON, or undefined: it is something else, or too large. */
export async function outputJson(
  { body }: Output,
  blobs: Pick<BlobAccess, "fetch">,
  self: PeerIdText,
  signal: AbortSignal,
): Promise<{ value: unknown } | undefined> {
  if (body.type !== jsonType || bodySizeBytes(body) > lookedIntoBytes) return undefined;
  const bytes = body.bytes ?? (await readFile(await blobs.fetch(self, body.blob, signal)));
  try {
    return { value: JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown };
  } catch {
    return undefined;
  }
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
