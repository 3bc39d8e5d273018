/** `hash.file`: the digest of a file's bytes, read as a stream, so that size costs time and no memory. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { FileInput, Skill } from "./skill.ts";

const algorithms = [
  "sha256",
  "sha384",
  "sha512",
  "sha512-256",
  "sha3-256",
  "sha3-512",
  "blake2b512",
  "sha1",
  "md5",
];

interface Input {
  file?: FileInput;
  text?: string;
  base64?: string;
  algorithms?: string[];
}

interface Output {
  sizeBytes: number;
  type: string;
  hashes: Record<string, string>;
}

/** Large enough that hashing, not reading, is what takes the time. */
const chunkBytes = 1024 * 1024;
const inlineCharacters = 16 * 1024 * 1024;

export const hashFile: Skill<Input, Output> = {
  definition: {
    id: "hash.file",
    version: "1.0.0",
    name: "Hash a file",
    description:
      "Hexadecimal digests of a file of any size and type (SHA-256), or of text or base64 given in JSON by any of several algorithms.",
    tags: ["file", "hash"],
    input: {
      type: "object",
      properties: {
        file: { type: "object", description: "What a body that is not JSON becomes." },
        text: { type: "string", maxLength: inlineCharacters, description: "Hashed as UTF-8." },
        base64: { type: "string", maxLength: inlineCharacters, pattern: "^[A-Za-z0-9+/]*={0,2}$" },
        algorithms: {
          type: "array",
          items: { enum: algorithms },
          minItems: 1,
          maxItems: algorithms.length,
          uniqueItems: true,
          default: ["sha256"],
        },
      },
      oneOf: [{ required: ["file"] }, { required: ["text"] }, { required: ["base64"] }],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        sizeBytes: { type: "integer", minimum: 0 },
        type: { type: "string" },
        hashes: { type: "object", additionalProperties: { type: "string", pattern: "^[0-9a-f]+$" } },
      },
      required: ["sizeBytes", "type", "hashes"],
      additionalProperties: false,
    },
    examples: [{ text: "hello" }, { base64: "aGVsbG8=", algorithms: ["sha256", "sha512"] }],
    inputModes: ["*/*"],
    deterministic: true,
    idempotent: true,
  },
  async run({ file, text, base64, algorithms: wanted = ["sha256"] }, { signal, progress }) {
    const source =
      file === undefined
        ? Readable.from([text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text)])
        : createReadStream(file.path, { highWaterMark: chunkBytes, signal });
    const digests = wanted.map((name) => createHash(name));
    let sizeBytes = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      for (const digest of digests) digest.update(chunk);
      sizeBytes += chunk.length;
      if (file !== undefined) progress(sizeBytes / Math.max(file.sizeBytes, 1));
    }
    const hashes = Object.fromEntries(wanted.map((name, i) => [name, digests[i]?.digest("hex") ?? ""]));
    const type = file?.type ?? (text === undefined ? "application/octet-stream" : "text/plain");
    return { sizeBytes, type, hashes };
  },
};
