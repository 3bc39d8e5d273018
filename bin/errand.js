#!/usr/bin/env node
/*
 * The launcher: plain JavaScript that any Node since 14 can read, so that an old one gets one clear line instead of a syntax
 * error. Runs the TypeScript beside it in a checkout, the compiled file when packed.
 */
import { existsSync } from "fs";

const needed = [24, 12];
const version = process.versions.node.split(".").map(Number);

if (version[0] < needed[0] || (version[0] === needed[0] && version[1] < needed[1])) {
  process.stderr.write(
    "errand needs Node.js " + needed.join(".") + " or newer; this is " + process.versions.node + ".\n",
  );
  process.exitCode = 1;
} else {
  launch().catch((error) => {
    process.stderr.write("errand cannot start: " + ((error && error.stack) || error) + "\n");
    process.exitCode = 1;
  });
}

async function launch() {
  const { enableCompileCache } = await import("module");
  // Compiled code is kept between runs: half of a short command's time is compiling.
  enableCompileCache();
  const source = new URL("./errand.ts", import.meta.url);
  await import(existsSync(source) ? source.href : new URL("../dist/bin/errand.js", import.meta.url).href);
}
