/** Compiles what the package ships, src and bin, to dist: from scratch, so that nothing of a deleted file stays. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "scripts/tsconfig.build.json"], { cwd: root, stdio: "inherit" });
// What is no TypeScript and is read at run time: `import errand_skill` in an operator's Python finds it; T0's children start from it.
for (const folder of ["src/skills/python", "src/worker/sandbox/generated"]) {
  cpSync(`${root}${folder}`, `${root}dist/${folder}`, {
    recursive: true,
    filter: (path) => !path.endsWith("__pycache__"),
  });
}
