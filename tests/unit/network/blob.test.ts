import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { BlobRequest, BlobResponse } from "#protocols/blob";
import { systemClock } from "../../../src/core/clock.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import { fetchBlob } from "../../../src/network/blob-transfer.ts";
import type { Host } from "../../../src/network/host.ts";
import { blobProtocol, requestBlob, serveBlobs, windowOf } from "../../../src/network/protocols/blob.ts";
import { frameIo } from "../../../src/network/stream-io.ts";
import { memoryBlobs, soon, startHost } from "./fixtures.ts";

const address = (host: Host): string => host.addresses()[0] as string;

async function pair(options: { mayRead?: (peer: string, hash: string) => boolean; stallMs?: number } = {}) {
  const source = memoryBlobs();
  const server = await startHost();
  await serveBlobs(server, source, options.mayRead ?? (() => true), silentLog, options.stallMs);
  const client = await startHost();
  await client.dial(address(server), soon());
  const sink = memoryBlobs();
  const context = {
    host: client,
    sink,
    clock: systemClock,
    random: () => 0,
    stallMs: options.stallMs ?? 5_000,
  };
  return { source, server, client, sink, context };
}

test("a blob of many chunks, of one byte, and of none", async () => {
  const { source, server, sink, context } = await pair();
  for (const size of [5 * limits.blobChunkBytes + 7, 1, 0]) {
    const bytes = randomBytes(size);
    const ref = source.put(bytes);
    const progress: number[] = [];
    await fetchBlob(context, server.peer, ref, { signal: soon(), onProgress: (n) => progress.push(n) });
    expect(Buffer.compare(sink.blobs.get(ref.hash) as Uint8Array, bytes)).toBe(0);
    expect(progress.at(-1) ?? 0).toBe(size);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  }
});

test("never more than the granted chunks are on their way", async () => {
  const { source, server, client } = await pair();
  let produced = 0;
  const read = source.read.bind(source);
  source.read = async function* (hash, range) {
    for (let at = range.start; at < range.end; at += limits.blobChunkBytes) {
      produced++;
      yield* read(hash, { start: at, end: Math.min(at + limits.blobChunkBytes, range.end) });
    }
  };
  const ref = source.put(randomBytes(20 * limits.blobChunkBytes));
  const download = await requestBlob(client, server.peer, { hash: ref.hash, offset: 0 }, soon());
  let consumed = 0;
  for await (const chunk of download.chunks) {
    expect(chunk.length).toBe(limits.blobChunkBytes);
    consumed++;
    // Two on their way, and one that the server has read but may not send.
    expect(produced).toBeLessThanOrEqual(consumed + 2);
  }
  expect(consumed).toBe(20);
  expect([windowOf(undefined), windowOf(0.5), windowOf(20), windowOf(5_000)]).toEqual([
    2,
    2,
    8,
    limits.blobWindow,
  ]);
});

test("a broken transfer goes on where it stopped", async () => {
  const { source, server, client, sink, context } = await pair();
  const bytes = randomBytes(10 * limits.blobChunkBytes);
  const ref = source.put(bytes);
  const offsets: number[] = [];
  const read = source.read.bind(source);
  source.read = async function* (hash, range) {
    offsets.push(range.start);
    const broken = offsets.length <= 6;
    yield* read(
      hash,
      broken ? { start: range.start, end: range.start + 1.5 * limits.blobChunkBytes } : range,
    );
    // More breaks than there are attempts: but each brought something.
    if (broken) throw new Error("the disk coughs");
  };
  await fetchBlob(context, server.peer, ref, { signal: soon() });
  expect(Buffer.compare(sink.blobs.get(ref.hash) as Uint8Array, bytes)).toBe(0);
  expect(offsets.length).toBeGreaterThan(1);
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  expect(offsets.at(-1)).toBeGreaterThan(0);
  expect(client.isConnected(server.peer)).toBe(true);
});

test("a lost connection is dialled again and the transfer resumes", async () => {
  const { source, server, client, sink, context } = await pair();
  const bytes = randomBytes(10 * limits.blobChunkBytes);
  const ref = source.put(bytes);
  let cut = false;
  await fetchBlob(context, server.peer, ref, {
    signal: soon(),
    onProgress(received) {
      if (cut || received < 3 * limits.blobChunkBytes) return;
      cut = true;
      client.block(server.peer);
      client.unblock(server.peer);
    },
  });
  expect(cut).toBe(true);
  expect(Buffer.compare(sink.blobs.get(ref.hash) as Uint8Array, bytes)).toBe(0);
});

test("bytes that are not the blob's are refused, and so is another size", async () => {
  const { source, server, sink, context } = await pair();
  const ref = source.put(randomBytes(100_000));
  source.blobs.set(ref.hash, randomBytes(100_000));
  await expect(fetchBlob(context, server.peer, ref, { signal: soon() })).rejects.toThrow("wrong hash");
  expect(sink.blobs.size).toBe(0);
  expect(sink.parts.size).toBe(0);
  await expect(
    fetchBlob(context, server.peer, { ...ref, sizeBytes: 99_999 }, { signal: soon() }),
  ).rejects.toMatchObject({ code: "VerificationFailed" });
  await expect(
    fetchBlob(context, server.peer, { ...ref, sizeBytes: limits.blobBytes + 1 }, { signal: soon() }),
  ).rejects.toMatchObject({ code: "LimitExceeded" });
});

test("what a peer may not read, or what is not there, is refused without retrying", async () => {
  let asked = 0;
  const { source, server, client, context } = await pair({
    mayRead: (peer) => {
      asked++;
      return peer === client.peer && asked > 1;
    },
  });
  const ref = source.put(randomBytes(10));
  await expect(fetchBlob(context, server.peer, ref, { signal: soon() })).rejects.toMatchObject({
    code: "Unauthorized",
  });
  expect(asked).toBe(1);
  source.blobs.clear();
  await expect(fetchBlob(context, server.peer, ref, { signal: soon() })).rejects.toMatchObject({
    code: "NotFound",
  });
});

test("a sender that stalls is given up after the stall time and a few attempts", async () => {
  const { client, context } = await pair();
  const staller = await startHost();
  let attempts = 0;
  await staller.handle(blobProtocol, async (stream) => {
    attempts++;
    const io = frameIo(stream, { maxFrameBytes: 1_024, timeoutMs: 60_000 });
    await io.read();
    await io.write(BlobResponse.encode({ sizeBytes: 1_000, length: 1_000 }));
  });
  await client.dial(address(staller), soon());
  const ref = { hash: "a".repeat(64), sizeBytes: 1_000 };
  await expect(
    fetchBlob({ ...context, stallMs: 50 }, staller.peer, ref, { signal: soon() }),
  ).rejects.toMatchObject({ code: "PeerUnreachable", message: expect.stringContaining("stalled") });
  expect(attempts).toBe(4);
});

test("the caller's signal ends a transfer and keeps what came", async () => {
  const { source, server, sink, context } = await pair();
  const ref = source.put(randomBytes(10 * limits.blobChunkBytes));
  const control = new AbortController();
  const reason = new ErrandError("Cancelled", "enough");
  await expect(
    fetchBlob(context, server.peer, ref, { signal: control.signal, onProgress: () => control.abort(reason) }),
  ).rejects.toBe(reason);
  expect(sink.parts.get(ref.hash)?.length).toBeGreaterThanOrEqual(limits.blobChunkBytes);
});

test("a reader that gives no credit is dropped after the stall time", async () => {
  // Long enough for a request to come in on a busy machine, which the stall time bounds too.
  const { source, server, client } = await pair({ stallMs: 700 });
  const ref = source.put(randomBytes(10 * limits.blobChunkBytes));
  const stream = await client.newStream(server.peer, blobProtocol, soon());
  const io = frameIo(stream, { maxFrameBytes: limits.blobChunkBytes, timeoutMs: 5_000 });
  await io.write(BlobRequest.encode({ hash: Buffer.from(ref.hash, "hex"), credit: 1 }));
  expect(BlobResponse.decode((await io.read()) as Uint8Array).sizeBytes).toBe(ref.sizeBytes);
  expect((await io.read())?.length).toBe(limits.blobChunkBytes);
  await expect(io.read()).rejects.toMatchObject({ code: "PeerUnreachable" });
});

test.each([
  ["a hash of the wrong length", { hash: new Uint8Array(31) }, "InvalidInput"],
  ["an offset beyond the end", { offset: 11 }, "InvalidInput"],
  ["a range beyond the end", { offset: 5, length: 6 }, "InvalidInput"],
])("%s is refused", async (_, changes, error) => {
  const { source, server, client } = await pair();
  const ref = source.put(randomBytes(10));
  const stream = await client.newStream(server.peer, blobProtocol, soon());
  const io = frameIo(stream, { maxFrameBytes: 1_024, timeoutMs: 5_000 });
  await io.write(BlobRequest.encode({ hash: Buffer.from(ref.hash, "hex"), credit: 2, ...changes }));
  expect(BlobResponse.decode((await io.read()) as Uint8Array).error).toBe(error);
});
