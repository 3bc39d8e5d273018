/**
 * Writes protobuf straight into memory that is used again and again. It takes the place of the writer of protons-runtime,
 * which makes an object for each value and then walks them: that was most of a frame's cost. It has the methods that
 * `protocols/task.proto` needs (the generated code calls them) and no others; the golden frames in `tests/wire/` tell if
 * one is missing.
 */
const firstBytes = 64 * 1024;
// Most texts are names and media types: below this, a loop over ASCII beats a call into Node.
const shortText = 48;
const longestVarint = 10;

export class ScratchWriter {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;
  /** Where the lengths of the messages that are open will be. */
  #open: number[] = [];

  /** Forgets what was written: whoever threw half-way leaves nothing behind. */
  begin(): void {
    this.#at = 0;
    this.#open.length = 0;
  }

  uint32(value: number): this {
    this.#room(longestVarint);
    this.#varint32(value >>> 0);
    return this;
  }

  /** For enumerations, which have no negative values. */
  int32(value: number): this {
    return this.uint32(value);
  }

  uint64Number(value: number): this {
    this.#room(longestVarint);
    let rest = value;
    while (rest > 0xffffffff) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#varint32(rest);
    return this;
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  double(value: number): this {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(longestVarint + value.length);
    this.#varint32(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  string(value: string): this {
    if (value.length < shortText && this.#ascii(value)) return this;
    const length = Buffer.byteLength(value);
    this.#room(longestVarint + length);
    this.#varint32(length);
    this.#at += this.#buffer.write(value, this.#at);
    return this;
  }

  /** Begins a message with its length in front. */
  fork(): this {
    this.#room(1);
    this.#open.push(this.#at);
    // Most lengths take one byte; the others move what follows.
    this.#at += 1;
    return this;
  }

  ldelim(): this {
    const start = this.#open.pop() ?? 0;
    const length = this.#at - start - 1;
    let prefix = 1;
    for (let rest = length; rest > 127; rest >>>= 7) prefix++;
    if (prefix > 1) {
      this.#room(prefix);
      this.#buffer.copyWithin(start + prefix, start + 1, start + 1 + length);
    }
    this.#at = start;
    this.#varint32(length);
    this.#at += length;
    return this;
  }

  /** A copy of what was written since `begin`. */
  finish(): Uint8Array<ArrayBuffer> {
    const copy = Buffer.from(this.#buffer.subarray(0, this.#at));
    return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
  }

  #varint32(value: number): void {
    let rest = value;
    let at = this.#at;
    while (rest > 127) {
      this.#buffer[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[at++] = rest;
    this.#at = at;
  }

  /** False, and nothing is written, when there is another character in it. */
  #ascii(value: string): boolean {
    this.#room(1 + value.length);
    const start = this.#at + 1;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.#buffer[start + i] = code;
    }
    this.#buffer[this.#at] = value.length;
    this.#at = start + value.length;
    return true;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    bigger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = bigger;
  }
}
