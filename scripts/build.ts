/** Compiles what the package ships, src and bin, to dist: from scratch, so that nothing of a deleted file stays. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "scripts/tsconfig.build.json"], { cwd: root, stdio: "inherit" });
