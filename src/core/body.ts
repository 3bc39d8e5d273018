/**
 * What goes into a skill and what comes out: bytes with a media type, held inline when small and as a
 * content-addressed blob when large. JSON is the default type.
 */

/** A blob's name: SHA-256 of its bytes, 64 lower-case hexadecimal digits. */
export type BlobHash = string;

export interface BlobRef {
  hash: BlobHash;
  sizeBytes: number;
}

export type Body =
  | { bytes: Uint8Array; blob?: undefined; type: string }
  | { blob: BlobRef; bytes?: undefined; type: string };

export const jsonType = "application/json";

export function jsonBody(value: unknown): Body {
  return { bytes: Buffer.from(JSON.stringify(value) ?? "null"), type: jsonType };
}

export function bodySizeBytes(body: Body): number {
  return body.bytes === undefined ? body.blob.sizeBytes : body.bytes.length;
}

const blobHashPattern = /^[0-9a-f]{64}$/;

export function isBlobHash(text: string): text is BlobHash {
  return blobHashPattern.test(text);
}
