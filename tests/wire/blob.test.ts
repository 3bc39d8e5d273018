import { describe, expect, it } from "vitest";
import { BlobCredit, BlobRequest, BlobResponse } from "#protocols/blob";
import { limits } from "../../src/core/limits.ts";
import { silentLog } from "../../src/core/log.ts";
import { requestBlob, serveBlobs } from "../../src/network/protocols/blob.ts";
import { fakeHost, type FakeStream } from "./fake-stream.ts";
import { framed, readGolden, withUnknownField } from "./golden.ts";
import { bytesOf, hexOf, sha256Hex, submitter, worker } from "./samples.ts";

const golden = readGolden("blob");
const bytes = (name: string): Uint8Array => bytesOf(golden[name] as string);

const hash = sha256Hex("a large body");
const sizeBytes = 5_000_000;
const offset = 65_536;
const chunk = new Uint8Array(limits.blobChunkBytes).fill(7);

describe("the blob protocol's golden bytes", () => {
  it.each([
    ["request", BlobRequest, { hash: bytesOf(hash), offset, length: 0, credit: 2 }],
    ["request, range", BlobRequest, { hash: bytesOf(hash), offset, length: 131_072, credit: 16 }],
    ["response", BlobResponse, { sizeBytes, length: sizeBytes - offset, error: "" }],
    ["response, refused", BlobResponse, { sizeBytes: 0, length: 0, error: "NotFound" }],
    ["credit", BlobCredit, { chunks: 1 }],
  ] as const)("%s", (name, codec, value) => {
    expect(hexOf(codec.encode(value as never))).toBe(golden[name]);
    expect(codec.decode(bytes(name))).toEqual(value);
    expect(codec.decode(withUnknownField(bytes(name)))).toEqual(value);
  });
});

async function serving(): Promise<(from: Uint8Array) => FakeStream> {
  const { host, open } = fakeHost();
  const source = {
    stat: async (asked: string) => (asked === hash ? { sizeBytes } : undefined),
    async *read(_hash: string, { start, end }: { start: number; end: number }) {
      for (let at = start; at < end; at += chunk.length) yield chunk.subarray(0, end - at);
    },
  };
  await serveBlobs(host, source, () => true, silentLog);
  return (from) => {
    const stream = open(submitter.peer);
    stream.receive(from);
    return stream;
  };
}

describe("/errand/blob/1.0.0", () => {
  const signal = new AbortController().signal;

  it("asks, and gives credit for each chunk that it has consumed", async () => {
    const { host, dialled } = fakeHost();
    const asking = requestBlob(host, worker.peer, { hash, offset }, signal);
    const request = framed(bytes("request"));
    expect(hexOf(await dialled.take(request.length))).toBe(hexOf(request));
    dialled.receive(framed(withUnknownField(bytes("response"))));
    const download = await asking;
    expect(download.sizeBytes).toBe(sizeBytes);
    dialled.receive(framed(chunk));
    const chunks = download.chunks[Symbol.asyncIterator]();
    expect(hexOf((await chunks.next()).value as Uint8Array)).toBe(hexOf(chunk));
    expect(dialled.sent).toHaveLength(0);
    const second = chunks.next();
    expect(hexOf(await dialled.take(3))).toBe(hexOf(framed(bytes("credit"))));
    dialled.receive(framed(chunk));
    await second;
  });

  it("takes a refusal for what it is", async () => {
    const { host, dialled } = fakeHost();
    const asking = requestBlob(host, worker.peer, { hash, offset }, signal);
    dialled.receive(framed(bytes("response, refused")));
    await expect(asking).rejects.toMatchObject({ code: "NotFound" });
  });

  it("sends what it has credit for, and goes on when it gets more", async () => {
    const send = await serving();
    const stream = send(framed(withUnknownField(bytes("request"))));
    const response = framed(bytes("response"));
    expect(hexOf(await stream.take(response.length))).toBe(hexOf(response));
    const two = Buffer.concat([framed(chunk), framed(chunk)]);
    expect(hexOf(await stream.take(two.length))).toBe(hexOf(two));
    expect(stream.sent).toHaveLength(0);
    stream.receive(framed(bytes("credit")));
    expect(hexOf(await stream.take(framed(chunk).length))).toBe(hexOf(framed(chunk)));
  });

  it("sends a part when only a part is wanted", async () => {
    const send = await serving();
    const stream = send(framed(bytes("request, range")));
    await stream.ended();
    const response = framed(BlobResponse.encode({ sizeBytes, length: 131_072 }));
    expect(hexOf(stream.sent)).toBe(hexOf(Buffer.concat([response, framed(chunk), framed(chunk)])));
  });

  it("refuses what it does not have with the golden response", async () => {
    const send = await serving();
    const stream = send(framed(BlobRequest.encode({ hash: new Uint8Array(32), credit: 1 })));
    await stream.ended();
    expect(hexOf(stream.sent)).toBe(hexOf(framed(bytes("response, refused"))));
  });

  it("resets the stream at a request above 256 bytes, and at one whose length lies", async () => {
    const send = await serving();
    const large = send(framed(bytes("request"), 257));
    await large.ended();
    expect(large.aborted).toMatchObject({ code: "ProtocolViolation" });
    const short = send(framed(bytes("request"), bytes("request").length - 1));
    await short.ended();
    expect(short.aborted).toBeDefined();
  });

  it("takes no chunk above 64 KiB", async () => {
    const { host, dialled } = fakeHost();
    const asking = requestBlob(host, worker.peer, { hash, offset }, signal);
    dialled.receive(framed(bytes("response")));
    const chunks = (await asking).chunks[Symbol.asyncIterator]();
    dialled.receive(framed(chunk, limits.blobChunkBytes + 1));
    await expect(chunks.next()).rejects.toMatchObject({ code: "ProtocolViolation" });
  });
});
