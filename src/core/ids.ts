/**
 * Identifiers: tasks are UUIDv7 (RFC 9562: time-ordered, so the store's primary key grows at one end), peers are
 * libp2p PeerIds of Ed25519 keys in base58 (`12D3KooW…`), from which the public key can be read back.
 */
import { base58btc } from "multiformats/bases/base58";
import { parse, stringify, v7, validate } from "uuid";
import { ErrandError } from "./errors.ts";

/** A task's id as text, lower case with dashes. */
export type TaskId = string;
/** A PeerId in base58. */
export type PeerIdText = string;

export function newTaskId(): TaskId {
  return v7();
}

/** 16 bytes. Throws `InvalidInput` if `id` is not a UUID. */
export function taskIdToBytes(id: TaskId): Uint8Array {
  if (!validate(id)) throw new ErrandError("InvalidInput", `"${id.slice(0, 64)}" is not a task id`);
  return parse(id);
}

/** Throws `ProtocolViolation` if `bytes` are not 16 bytes of a UUID. */
export function taskIdFromBytes(bytes: Uint8Array): TaskId {
  try {
    return stringify(bytes);
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", "task id is not 16 bytes of a UUID", { cause });
  }
}

export function isTaskId(text: string): boolean {
  return validate(text);
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
