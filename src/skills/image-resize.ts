/**
 * `image.resize`: a picture made smaller, cut to a shape or written in another format, by libvips (sharp) in a process that a cancel ends.
 * Pictures come from strangers: only the usual formats are opened, whatever a file calls itself, and only up to so many pixels.
 */
import { join } from "node:path";
import type { FitEnum, Sharp, SharpConstructor } from "sharp";
import { ErrandError } from "../core/errors.ts";
import type { FileInput, FileOutput, Skill, SkillContext } from "./skill.ts";

interface Input {
  file?: FileInput;
  base64?: string;
  width?: number;
  height?: number;
  fit?: keyof FitEnum;
  enlarge?: boolean;
  format?: Format;
  quality?: number;
  background?: string;
}

/** For who sent a picture in JSON. */
interface Described {
  base64: string;
  type: string;
  width: number;
  height: number;
}

type Format = "jpeg" | "png" | "webp" | "avif";

/** Decoded, 64 megapixels are 256 MB; no camera that people carry makes more. */
const pixels = 64_000_000;
const longestSide = 16_384;
/** They take some seconds of one core. */
const pixelsOut = 40_000_000;
const pixelsOutAvif = 12_000_000;
const defaultSide = 1_024;
const seconds = 30;
const base64Characters = 16 * 1024 * 1024;

/** What libvips may open, by the names of its loaders. Everything else (SVG, PDF, its own formats) can name other files, or is rarely tested. */
const loaders = ["Jpeg", "Png", "Webp", "Heif", "Nsgif", "Tiff"].map((name) => `VipsForeignLoad${name}`);
const opened = new Set(["jpeg", "png", "webp", "heif", "gif", "tiff"]);

/** As PNG. */
const onePixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const side = (what: string): object => ({
  type: "integer",
  minimum: 1,
  maximum: longestSide,
  description: what,
});

export const imageResize: Skill<Input, FileOutput | Described> = {
  definition: {
    id: "image.resize",
    version: "1.0.0",
    name: "Resize a picture",
    description:
      "Makes a picture smaller, cuts it to a shape, or writes it in another format (JPEG, PNG, WebP, AVIF). Upright, without its metadata.",
    tags: ["image", "file"],
    input: {
      type: "object",
      properties: {
        file: {
          type: "object",
          description: "What a picture sent along becomes; the output is then a picture too.",
        },
        base64: {
          type: "string",
          maxLength: base64Characters,
          pattern: "^[A-Za-z0-9+/]+={0,2}$",
          description: "A picture in JSON; the output is then JSON too.",
        },
        width: side(`Pixels; ${defaultSide} when neither width nor height is given.`),
        height: side("Pixels."),
        fit: {
          enum: ["inside", "outside", "cover", "contain", "fill"],
          default: "inside",
          description: "inside and outside keep the shape; cover cuts, contain adds a border, fill distorts.",
        },
        enlarge: {
          type: "boolean",
          default: false,
          description: "Whether a smaller picture is made larger.",
        },
        format: {
          enum: ["jpeg", "png", "webp", "avif"],
          description: "The picture's own, or PNG, when absent.",
        },
        quality: { type: "integer", minimum: 1, maximum: 100, default: 80 },
        background: {
          type: "string",
          pattern: "^#[0-9a-fA-F]{6}$",
          default: "#ffffff",
          description: "Behind a border, and behind what is transparent when it becomes a JPEG.",
        },
      },
      oneOf: [{ required: ["file"] }, { required: ["base64"] }],
      additionalProperties: false,
    },
    output: {
      type: "object",
      description: "For a picture in JSON.",
      properties: {
        base64: { type: "string" },
        type: { type: "string" },
        width: { type: "integer" },
        height: { type: "integer" },
      },
      required: ["base64", "type", "width", "height"],
      additionalProperties: false,
    },
    examples: [{ base64: onePixel, width: 8, height: 8, enlarge: true, format: "jpeg" }],
    inputModes: ["image/*", "multipart/form-data"],
    idempotent: true,
    timeoutMs: 120_000,
  },
  async run(input, context) {
    const sharp = await openSharp();
    const picture = sharp(input.file?.path ?? Buffer.from(input.base64 ?? "", "base64"), {
      limitInputPixels: pixels,
      sequentialRead: true,
      failOn: "error",
      // The first of a moving picture.
      pages: 1,
    });
    try {
      const { format: found, autoOrient } = await picture.metadata();
      if (!opened.has(found)) throw notAPicture();
      checkOutput(input, autoOrient);
      context.progress(0.1, `a ${found}`);
      context.signal.throwIfAborted();
      return await write(picture, input, found, context);
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      throw error instanceof ErrandError ? error : explained(error);
    }
  },
};

let ready: Promise<SharpConstructor> | undefined;

/** Not before the first picture: it is a large native module. */
function openSharp(): Promise<SharpConstructor> {
  ready ??= import("sharp").then(({ default: sharp }) => {
    sharp.block({ operation: ["VipsForeignLoad"] });
    sharp.unblock({ operation: loaders });
    // A run has one slot; the others are for other runs. Pictures of strangers hardly repeat.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  });
  return ready;
}

/** Throws `LimitExceeded` when what is asked for is larger than a run should make. */
function checkOutput(input: Input, from: { width: number; height: number }): void {
  const { fit = "inside", enlarge = false, format } = input;
  const shape = from.width / from.height;
  const neither = input.width === undefined && input.height === undefined;
  const width = input.width ?? (neither ? defaultSide : (input.height ?? 0) * shape);
  const height = input.height ?? (neither ? defaultSide : width / shape);
  // Inside keeps within both sides, outside goes beyond one of them.
  const asked =
    fit === "outside" ? Math.max(width * (width / shape), height * shape * height) : width * height;
  const kept = !enlarge && fit !== "contain" && fit !== "fill";
  const made = kept ? Math.min(asked, from.width * from.height) : asked;
  const most = format === "avif" ? pixelsOutAvif : pixelsOut;
  if (made <= most) return;
  throw new ErrandError("LimitExceeded", `that picture would have more than ${most / 1e6} megapixels`, {
    hint: "Ask for a smaller one.",
  });
}

async function write(
  picture: Sharp,
  input: Input,
  found: string,
  context: SkillContext,
): Promise<FileOutput | Described> {
  const { width, height, fit = "inside", enlarge = false, quality = 80, background = "#ffffff" } = input;
  const format: Format = input.format ?? (isFormat(found) ? found : "png");
  const sides =
    width === undefined && height === undefined ? { width: defaultSide, height: defaultSide } : {};
  const made = picture.autoOrient().resize({
    ...sides,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    fit,
    withoutEnlargement: !enlarge,
    background,
  });
  const written = encoded(made, format, quality, background).timeout({ seconds });
  const type = `image/${format}`;
  if (input.file === undefined) {
    const { data, info } = await written.toBuffer({ resolveWithObject: true });
    return { base64: data.toString("base64"), type, width: info.width, height: info.height };
  }
  const path = join(context.scratchDir, `picture.${format}`);
  await written.toFile(path);
  return context.file(path, type);
}

function isFormat(name: string): name is Format {
  return name === "jpeg" || name === "png" || name === "webp";
}

function encoded(picture: Sharp, format: Format, quality: number, background: string): Sharp {
  switch (format) {
    case "jpeg":
      return picture.flatten({ background }).jpeg({ quality, mozjpeg: true });
    case "png":
      return picture.png();
    case "webp":
      return picture.webp({ quality });
    case "avif":
      // A higher effort is a few per cent of size for several times the work.
      return picture.avif({ quality, effort: 2 });
  }
}

function notAPicture(): ErrandError {
  return new ErrandError("InvalidInput", "the file is no picture that can be opened", {
    hint: "Pictures are JPEG, PNG, WebP, AVIF, GIF or TIFF.",
  });
}

/** libvips says what is wrong with a picture in its own words. */
function explained(error: unknown): ErrandError {
  const message = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(message)) {
    return new ErrandError("LimitExceeded", `the picture has more than ${pixels / 1e6} megapixels`, {
      cause: error,
    });
  }
  if (/unsupported image format|blocked/i.test(message)) return notAPicture();
  if (/timeout/i.test(message)) return new ErrandError("LimitExceeded", `it took longer than ${seconds} s`);
  return new ErrandError("InvalidInput", `the picture is damaged: ${message.split("\n", 1)[0]}`, {
    cause: error,
  });
}
