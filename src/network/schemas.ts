/** JSON Schemas by their hash: those of other nodes' skills are fetched once and kept, a bounded number of them. */
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";

export interface SchemaCache {
  /** Parsed. Throws `NotFound`, `PeerUnreachable` or `ProtocolViolation`. */
  get(hash: string, peer: PeerIdText, signal: AbortSignal): Promise<unknown>;
}

export function createSchemaCache(
  own: (hash: string) => string | undefined,
  fetch: (peer: PeerIdText, hash: string, signal: AbortSignal) => Promise<string | undefined>,
): SchemaCache {
  const parsed = new Map<string, unknown>();
  return {
    async get(hash, peer, signal) {
      if (parsed.has(hash)) return parsed.get(hash);
      const text = own(hash) ?? (await fetch(peer, hash, signal));
      if (text === undefined) {
        throw new ErrandError("NotFound", `${peer} does not have the schema ${hash.slice(0, 16)}…`);
      }
      const schema = parse(text, peer);
      parsed.set(hash, schema);
      if (parsed.size > limits.schemasKept) parsed.delete(parsed.keys().next().value as string);
      return schema;
    },
  };
}

function parse(text: string, peer: PeerIdText): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", `a schema of ${peer} is not JSON`, { cause });
  }
}
