import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ErrandError } from "../../../src/core/errors.ts";
import { limits } from "../../../src/core/limits.ts";
import type { BlobSink } from "../../../src/network/blob-transfer.ts";
import { createBlobAccess } from "../../../src/tasks/blob-access.ts";
import { comparingSink, countingSink } from "../../../src/tasks/blob-transfers.ts";

const self = "self";
const never = new AbortController().signal;
const ref = (hash: string, sizeBytes = 100) => ({ hash, sizeBytes });

/** `has` says which peer could send which blob, and what was asked of them is kept. */
function access(has: Record<string, string[]>, stored: string[] = []) {
  const store = new Map(stored.map((hash) => [hash, 100]));
  const asked: string[] = [];
  let received = 100;
  const send = (kind: string, peer: string, hash: string): void => {
    asked.push(`${kind} ${peer} ${hash}`);
    if (has[peer]?.includes(hash) !== true) throw new ErrandError("NotFound", "not here");
  };
  const blobs = createBlobAccess(
    {
      stat: async (hash) => (store.has(hash) ? ref(hash, store.get(hash)) : undefined),
      path: (hash) => `/blobs/${hash}`,
      putFile: () => Promise.reject(new Error("unused")),
      putBytes: () => Promise.reject(new Error("unused")),
    },
    {
      async fetch(peer, { hash }) {
        await Promise.resolve();
        send("fetch", peer, hash);
        store.set(hash, 100);
        return received;
      },
      async prove(peer, { hash }) {
        await Promise.resolve();
        send("prove", peer, hash);
      },
    },
    self,
  );
  return { blobs, asked, store, brings: (bytes: number) => void (received = bytes) };
}

it("a peer that knows only the hash of a blob that is here does not get to use it", async () => {
  const { blobs } = access({}, ["secret"]);
  await expect(blobs.fetch("thief", ref("secret"), never)).rejects.toMatchObject({ code: "NotFound" });
  expect(await blobs.fetch(self, ref("secret"), never)).toBe("/blobs/secret");
});

it("what a peer has sent once it need not send again; what another sent it has to show", async () => {
  const { blobs, asked } = access({ a: ["x"], b: ["x"] });
  await blobs.fetch("a", ref("x"), never);
  await blobs.fetch("a", ref("x"), never);
  await blobs.fetch("b", ref("x"), never);
  await blobs.fetch("b", ref("x"), never);
  expect(asked).toEqual(["fetch a x", "prove b x"]);
});

it("a transfer that others had begun or ended proves nothing", async () => {
  const { blobs, asked, brings } = access({ a: ["x"] });
  brings(99);
  await blobs.fetch("a", ref("x"), never);
  expect(asked).toEqual(["fetch a x", "prove a x"]);
});

it("many tasks with one input make one transfer", async () => {
  const { blobs, asked } = access({ a: ["x"] });
  await Promise.all(Array.from({ length: 50 }, () => blobs.fetch("a", ref("x"), never)));
  expect(asked).toEqual(["fetch a x"]);
});

it("a waiting task ends with its signal, and the transfer goes on", async () => {
  const { blobs, asked } = access({ a: ["x"] });
  const first = blobs.fetch("a", ref("x"), never);
  const control = new AbortController();
  const second = blobs.fetch("a", ref("x"), control.signal);
  control.abort(new Error("cancelled"));
  await expect(second).rejects.toThrow("cancelled");
  expect(await first).toBe("/blobs/x");
  expect(asked).toEqual(["fetch a x"]);
});

it("what a peer was granted it may use, while it is", async () => {
  const { blobs } = access({}, ["x"]);
  blobs.grant("a", "x");
  expect(await blobs.fetch("a", ref("x"), never)).toBe("/blobs/x");
  blobs.revoke("a", "x");
  await expect(blobs.fetch("a", ref("x"), never)).rejects.toMatchObject({ code: "NotFound" });
});

it("a size that is not the blob's is refused", async () => {
  const { blobs } = access({ a: ["x"] });
  await blobs.fetch("a", ref("x"), never);
  for (const peer of ["a", self])
    await expect(blobs.fetch(peer, ref("x", 7), never)).rejects.toMatchObject({ code: "InvalidInput" });
});

it("remembers so many of a peer", async () => {
  const names = Array.from({ length: limits.blobsSuppliedPerPeer + 1 }, (_, i) => `b${i}`);
  const { blobs, asked } = access({ a: names });
  for (const name of names) await blobs.fetch("a", ref(name), never);
  await blobs.fetch("a", ref(names.at(-1) as string), never);
  await blobs.fetch("a", ref("b0"), never);
  expect(asked.slice(names.length)).toEqual(["prove a b0"]);
});

it("only bytes from the beginning on count as sent", async () => {
  let offset = 0;
  const into: BlobSink = {
    receive: async () => ({
      offset,
      write: async () => {},
      finish: async () => {},
      abort: async () => {},
    }),
  };
  const counted = async (starts: number[], chunk: number): Promise<number> => {
    const counting = countingSink(into);
    for (const start of starts) {
      offset = start;
      const receiver = await counting.sink.receive(ref("x"), { signal: never });
      await receiver.write(new Uint8Array(chunk));
    }
    return counting.received();
  };
  expect(await counted([0], 10)).toBe(10);
  expect(await counted([0, 10], 10)).toBe(20);
  expect(await counted([10], 10)).toBe(0);
  expect(await counted([0, 15], 10)).toBe(0);
  expect(await counted([15, 0], 10)).toBe(10);
});

it("a comparison takes a transfer in pieces, and no other bytes", async () => {
  const bytes = Buffer.from("whole");
  const hash = createHash("sha256").update(bytes).digest("hex");
  const compare = async (pieces: Buffer[]): Promise<void> => {
    const sink = comparingSink(ref(hash, bytes.length));
    for (const piece of pieces) {
      const receiver = await sink.receive(ref(hash), { signal: never });
      await receiver.write(piece);
    }
    await (await sink.receive(ref(hash), { signal: never })).finish();
  };
  await compare([bytes.subarray(0, 2), bytes.subarray(2)]);
  await expect(compare([Buffer.from("other")])).rejects.toMatchObject({ code: "VerificationFailed" });
});
