/** How a skill file that is wrong is told: which file, what, and what to do. */
import { isAbsolute, relative } from "node:path";
import { ErrandError } from "../core/errors.ts";

export function wrongFile(where: string, rule: string, hint: string, cause?: unknown): ErrandError {
  const shown = isAbsolute(where) && where.startsWith(process.cwd()) ? relative(process.cwd(), where) : where;
  return new ErrandError("InvalidConfig", `${shown}: ${rule}`, { hint, cause });
}

export function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}
