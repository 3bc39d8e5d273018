/**
 * Writes the folders of generated files, which are committed. With `--check` nothing is written; a difference to what is
 * committed is printed and exits 1.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateProtocols } from "./generate/protocols.ts";
import { generateT0 } from "./generate/t0.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folder → what is in it, and of what it is made. */
const folders: Record<
  string,
  { of: string; make: () => Map<string, Buffer> | Promise<Map<string, Buffer>> }
> = {
  "protocols/generated": { of: "the schemas", make: generateProtocols },
  "src/worker/sandbox/generated": { of: "the sources beside it", make: generateT0 },
};

function differing(folder: string, files: Map<string, Buffer>): string[] {
  const have = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return [...new Set([...have, ...files.keys()])].filter(
    (name) => !have.includes(name) || files.get(name)?.equals(readFileSync(join(folder, name))) !== true,
  );
}

for (const [name, { of, make }] of Object.entries(folders)) {
  const folder = join(root, name);
  const files = await make();
  if (!process.argv.includes("--check")) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [file, content] of files) writeFileSync(join(folder, file), content);
    continue;
  }
  const names = differing(folder, files);
  if (names.length === 0) continue;
  process.stderr.write(`${name} differs from ${of}: ${names.join(", ")}. Run npm run generate.\n`);
  process.exitCode = 1;
}
