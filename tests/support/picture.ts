/** Pictures for tests: a photograph's worth of shapes and noise, made by the library that will read them. */
import sharp from "sharp";

export interface PictureOptions {
  width: number;
  height: number;
  format?: "jpeg" | "png" | "webp" | "tiff" | "gif";
}

/** A sky above a meadow with a sun in it, and grain; the same bytes each time. */
export async function makePicture({ width, height, format = "jpeg" }: PictureOptions): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  let grain = 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      grain = (grain * 1_103_515_245 + 12_345) % 2_147_483_648;
      const noise = (grain >>> 16) % 24;
      const sun = (x - width * 0.7) ** 2 + (y - height * 0.25) ** 2 < (height * 0.12) ** 2;
      const [r, g, b] = sun
        ? [250, 220, 120]
        : y < height * 0.6
          ? [90, 150 + (60 * y) / height, 220]
          : [70, 140, 50];
      pixels.set(
        [r + noise - 12, g + noise - 12, b + noise - 12].map((v) => Math.max(0, Math.min(255, v))),
        (y * width + x) * 3,
      );
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}
