/** The ciphers under noise, beside the library's: the same bytes, and the same refusal of bytes that were changed. */
import { randomBytes } from "node:crypto";
import { defaultCrypto } from "@chainsafe/libp2p-noise/crypto";
import { Uint8ArrayList } from "uint8arraylist";
import { expect, test } from "vitest";
import { noiseCrypto } from "../../../src/network/noise.ts";

const key = randomBytes(32);
const nonce = randomBytes(12);
const nothing = new Uint8Array(0);
const sizes = [0, 1, 495, 496, 511, 512, 513, 1_200, 20_000, 65_519];

type Bytes = Parameters<typeof noiseCrypto.chaCha20Poly1305Encrypt>[0];

/** In three pieces, as messages come and go. The library's own version of the list has the same shape. */
function pieces(bytes: Uint8Array): Bytes {
  const third = Math.floor(bytes.length / 3);
  const parts = [bytes.subarray(0, third), bytes.subarray(third, 2 * third), bytes.subarray(2 * third)];
  return new Uint8ArrayList(...parts) as unknown as Bytes;
}

test.each(sizes)("%i bytes are sealed as the library seals them, and opened again", (size) => {
  const text = randomBytes(size);
  for (const ad of [nothing, randomBytes(32)]) {
    const expected = Buffer.from(defaultCrypto.chaCha20Poly1305Encrypt(text, nonce, ad, key).subarray());
    for (const given of [text, pieces(text)]) {
      const sealed = noiseCrypto.chaCha20Poly1305Encrypt(given, nonce, ad, key).subarray();
      expect(Buffer.from(sealed).equals(expected)).toBe(true);
    }
    // The library opens into the memory of what it opens.
    for (const given of [Uint8Array.from(expected), pieces(Uint8Array.from(expected))]) {
      const opened = noiseCrypto.chaCha20Poly1305Decrypt(given, nonce, ad, key).subarray();
      expect(Buffer.from(opened).equals(text)).toBe(true);
    }
  }
});

test.each(sizes)("%i bytes that were changed on the way are not opened", (size) => {
  const sealed = Buffer.from(
    noiseCrypto.chaCha20Poly1305Encrypt(randomBytes(size), nonce, nothing, key).subarray(),
  );
  for (const at of [0, sealed.length - 17, sealed.length - 1]) {
    const changed = Uint8Array.from(sealed);
    changed[Math.max(0, at)] = (changed[Math.max(0, at)] as number) ^ 1;
    expect(() => noiseCrypto.chaCha20Poly1305Decrypt(changed, nonce, nothing, key)).toThrow();
  }
  const other = randomBytes(32);
  expect(() => noiseCrypto.chaCha20Poly1305Decrypt(Uint8Array.from(sealed), nonce, nothing, other)).toThrow();
});
