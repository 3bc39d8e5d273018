/** The package's version, read from package.json: one place to change, for sources and compiled files alike. */
import { readFileSync } from "node:fs";

// From src/core/version.ts the package is two folders up, from dist/src/core/version.js three.
const manifest = new URL(
  import.meta.url.endsWith(".ts") ? "../../package.json" : "../../../package.json",
  import.meta.url,
);

export const version = (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
