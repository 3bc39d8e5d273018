/**
 * The golden bytes, as they stand in `golden/`. They are never written by a test: whoever changes them changes the wire, and
 * says so with a new version in the protocol's id.
 */
import { readFileSync } from "node:fs";
import { encode, encodingLength, decode } from "uint8-varint";
import { bytesOf } from "./samples.ts";

type Named = Record<string, string>;

interface GoldenFiles {
  session: Named;
  card: Named;
  blob: Named;
  trust: Named;
  identities: Record<"submitter" | "worker", Record<"seed" | "publicKey" | "peer", string>> & {
    skill: Record<"id" | "cid" | "cidBytes" | "recordKey", string>;
  };
  /** A batch of answers: for each its statement, leaf and proof. */
  statements: {
    statements: string[];
    leaves: string[];
    root: string;
    signature: string;
    proofs: string[][];
  };
}

export function readGolden<Name extends keyof GoldenFiles>(name: Name): GoldenFiles[Name] {
  return JSON.parse(
    readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8"),
  ) as GoldenFiles[Name];
}

// Not a Buffer, which tests would see as something else than the Uint8Array that was sent.
function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A length in front, as on the wire. */
export function framed(bytes: Uint8Array, length = bytes.length): Uint8Array {
  return joined(encode(length), bytes);
}

/** Field 1000, with three bytes: what a later version may add to any message. */
const unknownField = bytesOf("c23e03010203");

export function withUnknownField(message: Uint8Array): Uint8Array {
  return joined(message, unknownField);
}

/** The same frame, with the unknown field inside the message that it holds. */
export function withUnknownFieldInside(frame: Uint8Array): Uint8Array {
  const tagBytes = encodingLength(decode(frame));
  const length = decode(frame, tagBytes);
  const inner = withUnknownField(frame.subarray(tagBytes + encodingLength(length)));
  return joined(frame.subarray(0, tagBytes), encode(inner.length), inner);
}
