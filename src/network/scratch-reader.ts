/**
 * Reads protobuf for the generated code, one reader for all frames. It takes the place of the reader of protons-runtime on the
 * session's way: no object for each frame, an empty array for all that is empty, and texts that were read before (skills,
 * versions, media types: nearly all) without making them again. It has the methods that `protocols/task.proto` needs and no others.
 *
 * It reads what encoders write. Whatever else there may be (numbers with needless bytes, groups, fields that end too late) it
 * throws at, and the frame goes to the library's reader, whose word it is.
 */
import { reader } from "protons-runtime";

const noBytes = new Uint8Array(0);
// Below this, a look at the bytes is cheaper than a new text.
const rememberedBytes = 64;
const remembered = 256;

// One for all: nobody sees it.
const unusual = new RangeError("bytes that an encoder does not write");

interface Text {
  bytes: Uint8Array;
  text: string;
}

export class ScratchReader {
  buf: Uint8Array = noBytes;
  pos = 0;
  len = 0;
  readonly #texts: (Text | undefined)[] = Array.from({ length: remembered });

  begin(bytes: Uint8Array): this {
    this.buf = bytes;
    this.pos = 0;
    this.len = bytes.length;
    return this;
  }

  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.pos >= this.len) break;
      const byte = this.buf[this.pos++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw unusual;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    return this.uint32() !== 0;
  }

  uint64Number(): number {
    let value = 0;
    // Seven bytes are 49 bits.
    for (let factor = 1, count = 0; count < 7; count++, factor *= 128) {
      if (this.pos >= this.len) break;
      const byte = this.buf[this.pos++] as number;
      value += (byte & 0x7f) * factor;
      if (byte >= 0x80) continue;
      if (byte === 0 && count > 0) break;
      return value;
    }
    throw unusual;
  }

  double(): number {
    if (this.pos + 8 > this.len) throw unusual;
    const value = new DataView(this.buf.buffer, this.buf.byteOffset + this.pos, 8).getFloat64(0, true);
    this.pos += 8;
    return value;
  }

  /** A view. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.pos;
    if (length > this.len - start) throw unusual;
    this.pos += length;
    return length === 0 ? noBytes : this.buf.subarray(start, start + length);
  }

  string(): string {
    const from = this.pos;
    const length = this.uint32();
    const start = this.pos;
    if (length > this.len - start) throw unusual;
    this.pos += length;
    if (length === 0) return "";
    if (length > rememberedBytes) return this.#read(from);
    const last = this.buf[start + length - 1] as number;
    const place = (length * 31 + last * 7 + (this.buf[start] as number)) % remembered;
    const known = this.#texts[place];
    if (known !== undefined && this.#holds(known.bytes, start, length)) return known.text;
    const text = this.#read(from);
    this.#texts[place] = { bytes: Uint8Array.from(this.buf.subarray(start, start + length)), text };
    return text;
  }

  skipType(wireType: number): this {
    if (wireType === 0) this.#skipVarint();
    else if (wireType === 1) this.#skip(8);
    else if (wireType === 2) this.#skip(this.uint32());
    else if (wireType === 5) this.#skip(4);
    else throw unusual;
    return this;
  }

  #skipVarint(): void {
    do {
      if (this.pos >= this.len) throw unusual;
    } while ((this.buf[this.pos++] as number) >= 0x80);
  }

  #skip(length: number): void {
    if (length > this.len - this.pos) throw unusual;
    this.pos += length;
  }

  #holds(bytes: Uint8Array, start: number, length: number): boolean {
    if (bytes.length !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== this.buf[start + i]) return false;
    return true;
  }

  /** The library's way, wrong bytes included. `from`: where the text's length stands. */
  #read(from: number): string {
    const other = reader(this.buf);
    other.pos = from;
    return other.string();
  }
}
