/**
 * Identifiers: tasks are UUIDv7 (RFC 9562: time-ordered, so the store's primary key grows at one end), peers are
 * libp2p PeerIds of Ed25519 keys in base58 (`12D3KooW…`), from which the public key can be read back.
 */
import { randomFillSync } from "node:crypto";
import { base58btc } from "multiformats/bases/base58";
import { v7 } from "uuid";
import { ErrandError } from "./errors.ts";

/** A task's id as text, lower case with dashes. */
export type TaskId = string;
/** A PeerId in base58. */
export type PeerIdText = string;

// Each request of the system's random source costs over a microsecond, whatever its size.
const randomPool = new Uint8Array(256 * 16);
let randomUsed = randomPool.length;

function rng(): Uint8Array {
  if (randomUsed === randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  return randomPool.subarray(randomUsed, (randomUsed += 16));
}

// RFC 9562 section 6.2, method 1: within one millisecond ids grow by a counter that begins at a random place.
let lastMs = 0;
let counter = 0;

export function newTaskId(): TaskId {
  const random = rng();
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else if (++counter > 0xffffffff) {
    counter = 0;
    lastMs += 1;
  }
  // Given a place for the bytes, the package does not turn them into text, at which it takes four times as long.
  return taskIdFromBytes(v7({ msecs: lastMs, seq: counter | 0, random }, idBytes));
}

const idBytes = new Uint8Array(16);

// The `uuid` package checks by a regular expression at each turn, four times the cost of what follows; ids are turned
// from text to bytes and back a dozen times in the life of a task.
const hexAt = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const dashesAt = [8, 13, 18, 23] as const;
const hexDigits = Buffer.from("0123456789abcdef");
const dash = 0x2d;
/** Value of a hexadecimal digit by its character code; -1 for every other character. */
const digitValues = Int8Array.from({ length: 128 }, (_, code) => {
  const value = hexDigits.indexOf(String.fromCharCode(code).toLowerCase());
  return /[0-9a-fA-F]/.test(String.fromCharCode(code)) ? value : -1;
});

function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (digitValues[code] as number) : -1;
}

function parseId(text: string): Uint8Array | undefined {
  if (text.length !== 36) return undefined;
  for (const at of dashesAt) if (text.charCodeAt(at) !== dash) return undefined;
  const bytes = Buffer.allocUnsafe(16);
  // Stays negative once one of the digits was.
  let valid = 0;
  for (let i = 0; i < 16; i++) {
    const high = digitAt(text, hexAt[i] as number);
    const low = digitAt(text, (hexAt[i] as number) + 1);
    valid |= high | low;
    bytes[i] = (high << 4) | low;
  }
  return valid >= 0 && isUuid(bytes) ? bytes : undefined;
}

/** Version 1 to 8 of the variant of RFC 9562; or all zeros or all ones, which it also calls UUIDs. */
function isUuid(bytes: Uint8Array): boolean {
  if (bytes.length !== 16) return false;
  const version = (bytes[6] as number) >> 4;
  if (version >= 1 && version <= 8 && (bytes[8] as number) >> 6 === 0b10) return true;
  const first = bytes[0];
  return (first === 0 || first === 0xff) && bytes.every((byte) => byte === first);
}

/** 16 bytes. Throws `InvalidInput` if `id` is not a UUID. */
export function taskIdToBytes(id: TaskId): Uint8Array {
  const bytes = parseId(id);
  if (bytes === undefined) throw new ErrandError("InvalidInput", `"${id.slice(0, 64)}" is not a task id`);
  return bytes;
}

const idText = Buffer.alloc(36, dash);

/** Throws `ProtocolViolation` if `bytes` are not 16 bytes of a UUID. */
export function taskIdFromBytes(bytes: Uint8Array): TaskId {
  if (!isUuid(bytes)) throw new ErrandError("ProtocolViolation", "task id is not 16 bytes of a UUID");
  for (let i = 0; i < 16; i++) {
    const byte = bytes[i] as number;
    const at = hexAt[i] as number;
    idText[at] = hexDigits[byte >> 4] as number;
    idText[at + 1] = hexDigits[byte & 15] as number;
  }
  return idText.toString("latin1");
}

export function isTaskId(text: string): boolean {
  return parseId(text) !== undefined;
}

// An Ed25519 PeerId is an identity multihash (0x00, length 0x24) around the protobuf {1: KeyType.Ed25519, 2: key}.
const ed25519Prefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);

/** The raw 32-byte Ed25519 key inside a PeerId, or undefined when the text is not such a PeerId. */
export function publicKeyOfPeer(peer: PeerIdText): Uint8Array | undefined {
  if (peer.length < 50 || peer.length > 56) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = base58btc.baseDecode(peer);
  } catch {
    return undefined;
  }
  if (bytes.length !== ed25519Prefix.length + 32) return undefined;
  return ed25519Prefix.every((byte, i) => bytes[i] === byte)
    ? bytes.subarray(ed25519Prefix.length)
    : undefined;
}

/** The PeerId of a raw 32-byte Ed25519 public key. */
export function peerOfPublicKey(publicKey: Uint8Array): PeerIdText {
  const bytes = new Uint8Array(ed25519Prefix.length + 32);
  bytes.set(ed25519Prefix);
  bytes.set(publicKey, ed25519Prefix.length);
  return base58btc.baseEncode(bytes);
}

const skillIdPattern = /^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/;

/** Skill ids are lower-case words joined by dots, dashes or underscores: `text.stats`. At most 64 characters. */
export function isSkillId(text: string): boolean {
  return text.length <= 64 && skillIdPattern.test(text);
}
