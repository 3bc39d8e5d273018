import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameSplitter, FrameWriter } from "../../../src/network/frames.ts";

/** What a writer sends for `frames`, in order. */
async function written(frames: Uint8Array[]): Promise<Uint8Array[]> {
  const writes: Uint8Array[] = [];
  const writer = new FrameWriter({ send: (bytes) => writes.push(bytes) > 0, onDrain() {} });
  for (const frame of frames) writer.push(frame);
  await new Promise((resolve) => setImmediate(resolve));
  return writes;
}

const frames = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 });

describe("frames", () => {
  it("come out as they went in, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(frames, fc.infiniteStream(fc.integer({ min: 1, max: 97 })), async (sent, cuts) => {
        const bytes = Buffer.concat(await written(sent));
        const got: string[] = [];
        const splitter = new FrameSplitter(1_000, (frame) => got.push(Buffer.from(frame).toString("hex")));
        for (let at = 0; at < bytes.length;) {
          const size = cuts.next().value as number;
          splitter.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(got).toEqual(sent.map((frame) => Buffer.from(frame).toString("hex")));
        expect(splitter.partial).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("of one turn leave in one write", async () => {
    expect(await written([new Uint8Array(10), new Uint8Array(20), new Uint8Array(30)])).toHaveLength(1);
  });

  it("made at the end of a turn leave in the turn's write", async () => {
    const writes: Uint8Array[] = [];
    const writer: FrameWriter = new FrameWriter({
      send: (bytes) => writes.push(bytes) > 0,
      onDrain() {},
      onTurnEnd: () => writer.push(Uint8Array.of(3)),
    });
    writer.push(Uint8Array.of(1));
    writer.push(Uint8Array.of(2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes.map((bytes) => Array.from(bytes))).toEqual([[1, 1, 1, 2, 1, 3]]);
  });

  it("that are many do not wait for the end of the turn", async () => {
    const writes: number[] = [];
    const writer = new FrameWriter({ send: (bytes) => writes.push(bytes.length) > 0, onDrain() {} });
    for (let i = 0; i < 5; i++) writer.push(new Uint8Array(16 * 1024));
    expect(writes).toHaveLength(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveLength(3);
    expect(writer.bufferedBytes).toBe(0);
  });

  it("wait while the stream is full and go on when it drains", async () => {
    const writes: number[] = [];
    let drain = (): void => {};
    const writer = new FrameWriter({
      send(bytes) {
        writes.push(bytes.length);
        return false;
      },
      onDrain: (ready) => (drain = ready),
    });
    writer.push(new Uint8Array(10));
    writer.flush();
    writer.push(new Uint8Array(20));
    writer.flush();
    expect(writes).toEqual([11]);
    expect(writer.bufferedBytes).toBe(21);
    drain();
    expect(writes).toEqual([11, 21]);
    expect(writer.bufferedBytes).toBe(0);
  });

  it("larger than allowed are refused before their bytes are kept", () => {
    const splitter = new FrameSplitter(1_000, () => {});
    expect(() => splitter.push(Uint8Array.of(0xe9, 0x07))).toThrow(/1001 bytes/);
  });

  it("with an endless length prefix are refused", () => {
    const splitter = new FrameSplitter(1_000, () => {});
    expect(() => splitter.push(new Uint8Array(6).fill(0x80))).toThrow(/longer than five bytes/);
  });

  it("that have begun and not ended are told", () => {
    const splitter = new FrameSplitter(1_000, () => {});
    splitter.push(Uint8Array.of(5, 1, 2));
    expect(splitter.partial).toBe(true);
    splitter.push(Uint8Array.of(3, 4, 5));
    expect(splitter.partial).toBe(false);
  });
});
