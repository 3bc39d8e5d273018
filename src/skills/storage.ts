/**
 * `storage.put` and `storage.get`: bytes by the name of their SHA-256, on a peer's disk. Definitions; the storage executor runs
 * them against a shelf of the node's that tasks cannot reach otherwise. Offered only where the operator lends disk.
 */
import type { OfferedSkill } from "./skill.ts";

export interface PutInput {
  file?: { path: string };
  text?: string;
  base64?: string;
}

export interface GetInput {
  hash: string;
  type?: string;
}

const hash = { type: "string", pattern: "^[0-9a-f]{64}$", description: "SHA-256, hexadecimal." };
const inlineCharacters = 16 * 1024 * 1024;

export const storagePut: OfferedSkill = {
  definition: {
    id: "storage.put",
    version: "1.0.0",
    name: "Store a file",
    description:
      "Keeps a file of any type, up to 1 GiB, for storage.get at the same peer. Whoever has the hash can read it.",
    tags: ["storage", "file"],
    input: {
      type: "object",
      properties: {
        file: { type: "object", description: "What a body that is not JSON becomes." },
        text: { type: "string", maxLength: inlineCharacters },
        base64: { type: "string", maxLength: inlineCharacters, pattern: "^[A-Za-z0-9+/]*={0,2}$" },
      },
      oneOf: [{ required: ["file"] }, { required: ["text"] }, { required: ["base64"] }],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        hash,
        sizeBytes: { type: "integer", minimum: 0 },
        keptForSeconds: { type: "number", description: "From now, at least; storing it again begins anew." },
      },
      required: ["hash", "sizeBytes", "keptForSeconds"],
      additionalProperties: false,
    },
    examples: [{ text: "hello" }],
    inputModes: ["*/*"],
    idempotent: true,
  },
  source: { kind: "storage", act: "put" },
};

export const storageGet: OfferedSkill = {
  definition: {
    id: "storage.get",
    version: "1.0.0",
    name: "Fetch a stored file",
    description: "The bytes that storage.put stored at this peer under a hash.",
    tags: ["storage", "file"],
    input: {
      type: "object",
      properties: {
        hash,
        type: {
          type: "string",
          pattern: "^[a-z0-9.+-]+/[a-z0-9.+-]+$",
          maxLength: 128,
          default: "application/octet-stream",
          description: "Media type of the output; the store knows bytes alone.",
        },
      },
      required: ["hash"],
      additionalProperties: false,
    },
    output: { type: "object", description: "The file itself." },
    examples: [{ hash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" }],
    idempotent: true,
  },
  source: { kind: "storage", act: "get" },
};
