import { createHash } from "node:crypto";
import { link, mkdir, open, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { BlobRef } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { blobError, writeAll } from "../../../src/storage/blob-files.ts";
import { openBlobs, type BlobStore, type BlobStoreOptions } from "../../../src/storage/blobs.ts";
import { temporaryDir } from "./temporary-store.ts";

async function temporaryBlobs(
  options: Partial<BlobStoreOptions> = {},
): Promise<{ blobs: BlobStore; dir: string }> {
  const dir = join(await temporaryDir(), "blobs");
  return { blobs: openBlobs(dir, { clock: systemClock, ...options }), dir };
}

function bytesOf(sizeBytes: number, seed = 1): Uint8Array {
  return new Uint8Array(sizeBytes).map((_, i) => (i * 31 + seed) % 256);
}

function refOf(bytes: Uint8Array): BlobRef {
  return { hash: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
}

async function* chunksOf(bytes: Uint8Array, chunkBytes = 1_000): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes);
}

const signal = new AbortController().signal;
const nobody = "0".repeat(64);

test("what is put by stream, by bytes and by file is one blob under its hash", async () => {
  const { blobs, dir } = await temporaryBlobs();
  const bytes = bytesOf(300_123);
  const ref = refOf(bytes);
  const file = join(dir, "..", "file");
  await writeFile(file, bytes);
  const refs = await Promise.all([
    blobs.put(chunksOf(bytes)),
    blobs.put(chunksOf(bytes, 77_777)),
    blobs.putBytes(bytes),
    blobs.putFile(file),
  ]);
  expect(refs).toEqual([ref, ref, ref, ref]);
  expect(await blobs.stat(ref.hash)).toEqual(ref);
  expect(await blobs.has(ref.hash)).toBe(true);
  expect(Buffer.compare(await readFile(blobs.path(ref.hash)), bytes)).toBe(0);
  expect((await stat(blobs.path(ref.hash))).mode & 0o777).toBe(0o600);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, ref.hash.slice(0, 2)))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(dir, "partial"))).toEqual([]);
  await blobs.delete(ref.hash);
  await blobs.delete(ref.hash);
  expect(await blobs.has(ref.hash)).toBe(false);
  expect(await blobs.putBytes(new Uint8Array(0))).toEqual(refOf(new Uint8Array(0)));
});

test("a range is read without its end, and what is not there is NotFound", async () => {
  const { blobs } = await temporaryBlobs();
  const bytes = bytesOf(1_000);
  const { hash } = await blobs.putBytes(bytes);
  const read = async (range?: { start?: number; end?: number }): Promise<Buffer> =>
    buffer(blobs.read(hash, range));
  expect(Buffer.compare(await read(), bytes)).toBe(0);
  expect(Buffer.compare(await read({ start: 10, end: 20 }), bytes.subarray(10, 20))).toBe(0);
  expect(Buffer.compare(await read({ start: 990, end: 5_000 }), bytes.subarray(990))).toBe(0);
  expect(await read({ start: 1_000 })).toHaveLength(0);
  expect(await read({ start: 5, end: 5 })).toHaveLength(0);
  expect(() => blobs.read(nobody)).toThrow(expect.objectContaining({ code: "NotFound" }));
});

test.each(["../../etc/passwd", "", nobody.slice(1), `${nobody}0`, "A".repeat(64), `${"0".repeat(61)}/..`])(
  "%j is no hash",
  async (hash) => {
    const { blobs } = await temporaryBlobs();
    const refused = expect.objectContaining({ code: "InvalidInput" });
    expect(() => blobs.path(hash)).toThrow(refused);
    expect(() => blobs.read(hash)).toThrow(refused);
    await expect(blobs.has(hash)).rejects.toThrow(refused);
    await expect(blobs.delete(hash)).rejects.toThrow(refused);
    await expect(blobs.receive({ hash, sizeBytes: 1 }, { signal })).rejects.toThrow(refused);
  },
);

test("a put that is too large, fails or is aborted leaves nothing", async () => {
  const { blobs, dir } = await temporaryBlobs();
  await expect(blobs.put(chunksOf(bytesOf(5_000)), { limitBytes: 4_999 })).rejects.toMatchObject({
    code: "LimitExceeded",
  });
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield bytesOf(10);
    throw new Error("the source broke");
  };
  await expect(blobs.put(broken())).rejects.toThrow("the source broke");
  const controller = new AbortController();
  const aborting = async function* (): AsyncGenerator<Uint8Array> {
    yield bytesOf(10);
    controller.abort(new Error("enough"));
    yield bytesOf(10);
  };
  await expect(blobs.put(aborting(), { signal: controller.signal })).rejects.toThrow("enough");
  expect(await readdir(dir)).toEqual(["partial"]);
  expect(await readdir(join(dir, "partial"))).toEqual([]);
});

test("a moved file becomes the blob itself; one with a second name is copied", async () => {
  const { blobs, dir } = await temporaryBlobs();
  const [alone, twice, other] = ["alone", "twice", "other"].map((name) => join(dir, "..", name)) as [
    string,
    string,
    string,
  ];
  await writeFile(alone, bytesOf(5_000, 1));
  await writeFile(twice, bytesOf(5_000, 2));
  await link(twice, other);
  const { ino } = await stat(alone);
  const moved = await blobs.putFile(alone, { move: true });
  expect(moved).toEqual(refOf(bytesOf(5_000, 1)));
  expect((await stat(blobs.path(moved.hash))).ino).toBe(ino);
  const copied = await blobs.putFile(twice, { move: true });
  await writeFile(other, "changed afterwards");
  expect(refOf(await readFile(blobs.path(copied.hash)))).toEqual(copied);
  expect((await readdir(join(dir, ".."))).toSorted()).toEqual(["blobs", "other"]);
});

test("what is no regular file is never stored", async () => {
  const { blobs, dir } = await temporaryBlobs();
  const outside = join(dir, "..", "secret");
  const inLink = join(dir, "..", "link");
  const folder = join(dir, "..", "folder");
  await writeFile(outside, "secret");
  await symlink(outside, inLink);
  await mkdir(folder);
  for (const move of [true, false]) {
    await expect(blobs.putFile(inLink, { move })).rejects.toMatchObject({ code: "InvalidInput" });
    await expect(blobs.putFile(folder, { move })).rejects.toMatchObject({ code: "InvalidInput" });
    await expect(blobs.putFile("/dev/zero", { move })).rejects.toMatchObject({ code: "InvalidInput" });
    await expect(blobs.putFile(join(dir, "nowhere"), { move })).rejects.toMatchObject({ code: "NotFound" });
  }
  expect(await readFile(outside, "utf8")).toBe("secret");
});

test("a reception resumes where the last one stopped, also after a restart", async () => {
  const { blobs, dir } = await temporaryBlobs();
  const bytes = bytesOf(100_000);
  const ref = refOf(bytes);
  const first = await blobs.receive(ref, { signal });
  expect(first.offset).toBe(0);
  await first.write(bytes.subarray(0, 30_000));
  await first.abort();
  await first.abort();

  const controller = new AbortController();
  const second = await blobs.receive(ref, { signal: controller.signal });
  expect(second.offset).toBe(30_000);
  await second.write(bytes.subarray(30_000, 60_000));
  controller.abort(new Error("gone"));
  await expect(second.write(bytes.subarray(60_000))).rejects.toThrow("gone");

  const again = openBlobs(dir, { clock: systemClock });
  const third = await again.receive(ref, { signal });
  expect(third.offset).toBe(60_000);
  await third.write(bytes.subarray(60_000));
  expect(await again.has(ref.hash)).toBe(false);
  await third.finish();
  expect(refOf(await readFile(again.path(ref.hash)))).toEqual(ref);

  const fourth = await again.receive(ref, { signal });
  expect(fourth.offset).toBe(ref.sizeBytes);
  await fourth.finish();
  await expect(again.receive({ ...ref, sizeBytes: 5 }, { signal })).rejects.toMatchObject({
    code: "VerificationFailed",
  });
});

test("bytes that are not the announced ones are refused and thrown away whole", async () => {
  const { blobs, dir } = await temporaryBlobs();
  const bytes = bytesOf(1_000);
  const ref = refOf(bytes);
  const lies: ((reception: Awaited<ReturnType<BlobStore["receive"]>>) => Promise<void>)[] = [
    async (reception) => {
      await reception.write(bytesOf(1_000, 9));
      await reception.finish();
    },
    async (reception) => {
      await reception.write(bytes.subarray(0, 999));
      await reception.finish();
    },
    async (reception) => {
      await reception.write(bytes);
      await reception.write(Uint8Array.of(0));
    },
  ];
  for (const lie of lies) {
    const reception = await blobs.receive(ref, { signal });
    expect(reception.offset).toBe(0);
    await expect(lie(reception)).rejects.toMatchObject({
      code: "VerificationFailed",
      hint: expect.any(String),
    });
    await reception.abort();
    expect(await readdir(join(dir, "partial"))).toEqual([]);
  }
  expect(await blobs.has(ref.hash)).toBe(false);
  await expect(blobs.receive({ ...ref, sizeBytes: 2 ** 40 }, { signal })).rejects.toMatchObject({
    code: "LimitExceeded",
  });
  await expect(blobs.receive({ ...ref, sizeBytes: -1 }, { signal })).rejects.toMatchObject({
    code: "InvalidInput",
  });
});

test("two receivers of one hash take turns, and the second finds what the first left", async () => {
  const { blobs } = await temporaryBlobs();
  const bytes = bytesOf(2_000);
  const ref = refOf(bytes);
  const first = await blobs.receive(ref, { signal });
  const second = blobs.receive(ref, { signal });
  const impatient = new AbortController();
  const third = blobs.receive(ref, { signal: impatient.signal });
  const fourth = blobs.receive(ref, { signal });
  impatient.abort(new Error("no time"));
  await expect(third).rejects.toThrow("no time");
  await first.write(bytes.subarray(0, 500));
  await first.abort();
  const resumed = await second;
  expect(resumed.offset).toBe(500);
  await resumed.write(bytes.subarray(500));
  await resumed.finish();
  expect((await fourth).offset).toBe(2_000);
});

test("a full store refuses, parts count, and what is removed makes room", async () => {
  const { blobs, dir } = await temporaryBlobs({ maxBytes: 10_000 });
  const full = expect.objectContaining({ code: "LimitExceeded", hint: expect.any(String) });
  const { hash } = await blobs.putBytes(bytesOf(6_000));
  await expect(blobs.putBytes(bytesOf(5_000, 2))).rejects.toThrow(full);
  const part = refOf(bytesOf(3_000, 3));
  const reception = await blobs.receive(part, { signal });
  await expect(blobs.putBytes(bytesOf(2_000, 4))).rejects.toThrow(full);
  await reception.write(bytesOf(3_000, 3).subarray(0, 2_500));
  await reception.abort();
  await expect(blobs.putBytes(bytesOf(2_000, 4))).rejects.toThrow(full);
  // What a new process counts is the same.
  const again = openBlobs(dir, { clock: systemClock, maxBytes: 10_000 });
  await expect(again.putBytes(bytesOf(2_000, 4))).rejects.toThrow(full);
  await again.putBytes(bytesOf(1_000, 5));
  await blobs.delete(hash);
  await blobs.putBytes(bytesOf(5_000, 2));
});

test("prune removes what is neither kept nor young, and parts that nobody came back for", async () => {
  let now = 1_000_000;
  const { blobs, dir } = await temporaryBlobs({ clock: { ...systemClock, now: () => now } });
  const [kept, old, used] = (await Promise.all(
    [1, 2, 3].map((seed) => blobs.putBytes(bytesOf(1_000, seed))),
  )) as [BlobRef, BlobRef, BlobRef];
  const part = await blobs.receive(refOf(bytesOf(500, 7)), { signal });
  await part.write(bytesOf(200, 7));
  now += 50_000;
  await blobs.putBytes(bytesOf(1_000, 3));
  const young = await blobs.putBytes(bytesOf(1_000, 4));
  now += 20_000;
  const options = { keep: (hash: string) => hash === kept.hash, olderThanMs: 60_000 };
  expect(await blobs.prune(options)).toEqual({ files: 1, bytes: 1_000 });
  expect(await blobs.has(old.hash)).toBe(false);
  for (const { hash } of [kept, used, young]) expect(await blobs.has(hash)).toBe(true);

  // The part has the real time of its last write: far ahead of this clock until it is set forward.
  now = Date.now() + 120_000;
  expect(await blobs.prune({ keep: () => true, olderThanMs: 60_000 })).toEqual({ files: 0, bytes: 0 });
  await part.abort();
  expect(await blobs.prune({ keep: () => true, olderThanMs: 60_000 })).toEqual({ files: 1, bytes: 200 });
  expect(await readdir(join(dir, "partial"))).toEqual([]);
});

test("what a former process was putting is removed at the start; its receptions are not", async () => {
  const { dir } = await temporaryBlobs();
  await writeFile(join(dir, "partial", "put-1"), "left behind");
  await writeFile(join(dir, "partial", `${nobody}.part`), "resumable");
  openBlobs(dir, { clock: systemClock });
  expect(await readdir(join(dir, "partial"))).toEqual([`${nobody}.part`]);
});

test("a folder that cannot be made is StorageFailed with a hint", async () => {
  const file = join(await temporaryDir(), "file");
  await writeFile(file, "");
  expect(() => openBlobs(join(file, "blobs"), { clock: systemClock })).toThrow(
    expect.objectContaining({ code: "StorageFailed", hint: expect.any(String) }),
  );
});

test("a full disk is StorageFailed and says so", async () => {
  // /dev/full answers every write with ENOSPC.
  const full = await open("/dev/full", "w");
  onTestFinished(() => full.close());
  expect(await writeAll(full, bytesOf(10), 0).catch(blobError)).toMatchObject({
    code: "StorageFailed",
    hint: expect.stringMatching(/disk is full/),
  });
});
