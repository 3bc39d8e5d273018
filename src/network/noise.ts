/**
 * noise, cheaper by message. What the library spends on each, and what is done about it:
 *
 * - Node takes a raw key only after it has thrown and caught an error over it, with a stack: 20 µs for a message of any
 *   size. As a KeyObject, made once for each connection, a message of 2 KiB costs 7 µs instead of 30.
 * - The length, the text and the tag go to the socket one by one, each with a system call: here they are one.
 * - Whether a message is whole is found out by an error, made anew at the end of each read: here it is the same one.
 *
 * Bytes on the wire and the handshake are the library's.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { noise } from "@chainsafe/libp2p-noise";
import { defaultCrypto } from "@chainsafe/libp2p-noise/crypto";
import type { MessageStream } from "@libp2p/interface";
import type { Uint8ArrayList } from "uint8arraylist";

type Bytes = Uint8Array | Uint8ArrayList;

const cipher = "chacha20-poly1305";
const authTagLength = 16;
// Below this the library's WebAssembly is faster than a call into OpenSSL.
const nativeBytes = 512;

const keys = new WeakMap<Uint8Array, KeyObject>();

function keyObject(key: Uint8Array): KeyObject {
  let made = keys.get(key);
  if (made === undefined) keys.set(key, (made = createSecretKey(key)));
  return made;
}

export const noiseCrypto: typeof defaultCrypto = {
  ...defaultCrypto,
  // Only the handshake authenticates more than the text.
  chaCha20Poly1305Encrypt(text, nonce, ad, key) {
    if (text.byteLength < nativeBytes || ad.length > 0)
      return defaultCrypto.chaCha20Poly1305Encrypt(text, nonce, ad, key);
    const sealing = createCipheriv(cipher, keyObject(key), nonce, { authTagLength });
    const sealed = sealing.update(text.subarray());
    sealing.final();
    return Buffer.concat([sealed, sealing.getAuthTag()], sealed.length + authTagLength);
  },
  /** Throws when the text was changed. */
  chaCha20Poly1305Decrypt(sealed, nonce, ad, key, into) {
    if (sealed.byteLength < nativeBytes || ad.length > 0)
      return defaultCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key, into);
    const bytes = sealed.subarray();
    const end = bytes.length - authTagLength;
    const opening = createDecipheriv(cipher, keyObject(key), nonce, { authTagLength });
    opening.setAuthTag(bytes.subarray(end));
    const text = opening.update(bytes.subarray(0, end));
    opening.final();
    return text;
  },
};

export function createNoise(): ReturnType<typeof noise> {
  const create = noise({ crypto: noiseCrypto });
  return (components) => {
    const made = create(components);
    const secureInbound = made.secureInbound.bind(made);
    const secureOutbound = made.secureOutbound.bind(made);
    made.secureInbound = async (connection, options) =>
      readingCalmly(await secureInbound(writingWhole(connection), options));
    made.secureOutbound = async (connection, options) =>
      readingCalmly(await secureOutbound(writingWhole(connection), options));
    return made;
  };
}

/** One write for all that is sent at once. */
function writingWhole(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(data.subarray());
  return connection;
}

/** What the library's connection has, and its interface does not name. */
type Reading = MessageStream & { decoder?: { lengthDecoder?: (data: Bytes) => number } };

const incomplete = new RangeError("the length of a message has not come yet");

function readingCalmly<T extends { connection: Reading }>(secured: T): T {
  const { decoder } = secured.connection;
  const readLength = decoder?.lengthDecoder;
  if (decoder === undefined || readLength === undefined) return secured;
  decoder.lengthDecoder = (data) => {
    if (data.byteLength < 2) throw incomplete;
    return readLength(data);
  };
  return secured;
}
