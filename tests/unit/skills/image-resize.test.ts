import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imageResize } from "../../../src/skills/image-resize.ts";
import type { FileOutput } from "../../../src/skills/skill.ts";
import { makePicture } from "../../support/picture.ts";
import { runSkill } from "./run-skill.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-image-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function resize(bytes: Buffer, options: object = {}): Promise<{ output: FileOutput; bytes: Buffer }> {
  const path = join(folder, "in");
  await writeFile(path, bytes);
  const file = { path, sizeBytes: bytes.length, hash: "", type: "image/jpeg" };
  const output = (await runSkill(
    imageResize,
    { ...options, file },
    { scratchDir: folder, file: (at, type) => ({ $file: at, type }) },
  )) as FileOutput;
  return { output, bytes: await readFile(output.$file) };
}

async function shapeOf(bytes: Buffer) {
  const { width, height, format } = await sharp(bytes).metadata();
  return { width, height, format };
}

describe("image.resize", () => {
  test("keeps the shape and the format unless told otherwise", async () => {
    const photo = await makePicture({ width: 1600, height: 1200 });
    const { output, bytes } = await resize(photo, { width: 320 });
    expect(output.type).toBe("image/jpeg");
    expect(await shapeOf(bytes)).toEqual({ width: 320, height: 240, format: "jpeg" });
    expect(bytes.length).toBeLessThan(photo.length / 4);
    // What is blue above is blue above still.
    const sky = await sharp(bytes).extract({ left: 0, top: 0, width: 100, height: 60 }).toBuffer();
    const [red, , blue] = (await sharp(sky).stats()).channels;
    expect(blue?.mean).toBeGreaterThan((red?.mean ?? 0) + 60);
  });

  test("without options at most 1024 on each side", async () => {
    const { bytes } = await resize(await makePicture({ width: 1200, height: 2400 }));
    expect(await shapeOf(bytes)).toEqual({ width: 512, height: 1024, format: "jpeg" });
  });

  test.each([
    [
      { width: 100, height: 100, fit: "cover" },
      { width: 100, height: 100, format: "jpeg" },
    ],
    [
      { width: 100, height: 100, fit: "contain", format: "png" },
      { width: 100, height: 100, format: "png" },
    ],
    [
      { height: 50, format: "webp", quality: 40 },
      { width: 75, height: 50, format: "webp" },
    ],
    [
      { width: 60, format: "avif" },
      { width: 60, height: 40, format: "heif" },
    ],
    [{ width: 5_000 }, { width: 300, height: 200, format: "jpeg" }],
    [
      { width: 600, enlarge: true },
      { width: 600, height: 400, format: "jpeg" },
    ],
  ])("%j", async (options, expected) => {
    const { bytes } = await resize(await makePicture({ width: 300, height: 200 }), options);
    expect(await shapeOf(bytes)).toEqual(expected);
  });

  test("turned upright by its own word, and without its metadata", async () => {
    const lying = await sharp(await makePicture({ width: 300, height: 200 }))
      .withExif({ IFD0: { Copyright: "somebody" } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { bytes } = await resize(lying, { width: 100 });
    const { width, height, exif, orientation } = await sharp(bytes).metadata();
    expect({ width, height, exif, orientation }).toEqual({
      width: 100,
      height: 150,
      exif: undefined,
      orientation: undefined,
    });
  });

  test("what is transparent gets a background as a JPEG", async () => {
    const glass = await sharp({ create: { width: 20, height: 20, channels: 4, background: "#00000000" } })
      .png()
      .toBuffer();
    const { bytes } = await resize(glass, { format: "jpeg", background: "#ff0000" });
    const { channels } = await sharp(bytes).stats();
    expect(channels[0]?.mean).toBeGreaterThan(240);
    expect(channels[1]?.mean).toBeLessThan(20);
  });

  test.each(["gif", "tiff", "webp"] as const)("opens %s", async (format) => {
    const { bytes } = await resize(await makePicture({ width: 60, height: 40, format }), { width: 30 });
    expect(await shapeOf(bytes)).toMatchObject({
      width: 30,
      height: 20,
      format: format === "webp" ? "webp" : "png",
    });
  });

  test.each([
    [
      "SVG, which may name other files",
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>',
    ],
    ["a portable pixmap", "P3 1 1 255 1 2 3"],
    ["text", "this is no picture"],
    ["nothing", ""],
  ])("does not open %s, whatever it calls itself", async (_name, text) => {
    await expect(resize(Buffer.from(text))).rejects.toMatchObject({ code: "InvalidInput" });
  });

  test("a bomb of pixels in few bytes is refused before it is decoded", async () => {
    await expect(resize(pngOf(30_000, 30_000))).rejects.toMatchObject({ code: "LimitExceeded" });
  });

  test.each([
    { width: 16_384, height: 16_384, enlarge: true, fit: "fill" },
    { width: 16_384, height: 16_384, fit: "contain" },
    { width: 8_000, enlarge: true },
    { width: 100, height: 9_000, enlarge: true, fit: "outside" },
    { width: 5_000, height: 5_000, enlarge: true, fit: "cover", format: "avif" },
  ])("%j makes more of a picture than a run should", async (options) => {
    const photo = await makePicture({ width: 60, height: 60 });
    await expect(resize(photo, options)).rejects.toMatchObject({ code: "LimitExceeded" });
  });

  test("a damaged picture is the input's fault", async () => {
    const photo = await makePicture({ width: 400, height: 300, format: "png" });
    await expect(resize(photo.subarray(0, photo.length / 2))).rejects.toMatchObject({ code: "InvalidInput" });
  });
});

/** A PNG that says it is so large, with hardly any data. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1_000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc(bytes: Buffer): number {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}
