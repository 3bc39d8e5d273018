/** The processes of built-in skills whose work is native code. */
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { OfferedSkill, ProcessSource } from "../../skills/skill.ts";

const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./native-process.ts" : "./native-process.js", import.meta.url),
);
/** The largest picture that is opened, and as much again for the one that is made, several times over. */
const memoryBytes = 2 * 1024 ** 3;
const idleMs = 60_000;

/** How the skill's process is started; undefined for a skill that needs none. */
export function processSourceOf({ source }: OfferedSkill): ProcessSource | undefined {
  if (source.kind === "process") return source;
  if (source.kind !== "builtin" || source.native !== true) return undefined;
  const cache = getCompileCacheDir();
  return {
    kind: "process",
    argv: [process.execPath, program, source.id],
    cwd: dirname(program),
    ...(cache !== undefined && { env: { NODE_COMPILE_CACHE: cache } }),
    memoryBytes,
    idleMs,
    cancelMs: 0,
  };
}
