/**
 * Makes `protocols/generated/` of `protocols/*.proto`: protons writes TypeScript that Node cannot strip
 * (enums, namespaces), so it goes to a temporary folder and is compiled to JavaScript and declarations.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const protocols = join(root, "protocols");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

/** File name → content of everything that the schemas generate. */
export function generateProtocols(): Map<string, Buffer> {
  // Inside the project, so that imports of the generated code resolve.
  const work = mkdtempSync(join(root, "node_modules", ".generate-"));
  try {
    const sources = readdirSync(protocols).filter((name) => name.endsWith(".proto"));
    mkdirSync(join(work, "ts"));
    execFileSync(
      bin("protons"),
      ["--output", join(work, "ts"), ...sources.map((name) => join(protocols, name))],
      { stdio: "inherit" },
    );
    symlinkSync(join(root, "package.json"), join(work, "package.json"));
    execFileSync(
      bin("tsc"),
      [
        "--outDir",
        join(work, "out"),
        "--declaration",
        "--target",
        "es2024",
        "--module",
        "nodenext",
        "--skipLibCheck",
        "--types",
        "node",
        "--ignoreConfig",
        ...readdirSync(join(work, "ts")).map((name) => join(work, "ts", name)),
      ],
      { stdio: "inherit", cwd: work },
    );
    const files = readdirSync(join(work, "out")).toSorted();
    return new Map(
      files.map((name) => [name, Buffer.from(sharingNothing(readFileSync(join(work, "out", name), "utf8")))]),
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One empty array for all fields that are empty: as one for each they were a tenth of what reading a frame allocates. */
function sharingNothing(code: string): string {
  return code
    .replace(/^import \{ alloc as uint8ArrayAlloc \} from .*$/m, "const noBytes = new Uint8Array(0);")
    .replaceAll("uint8ArrayAlloc(0)", "noBytes");
}
