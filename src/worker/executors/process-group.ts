/** What a command is given of the node's environment, and ending the group of processes that it leads as a whole. */
import type { ChildProcess } from "node:child_process";

const grouped = process.platform !== "win32";

/** Nothing of the node's own environment: it may hold secrets, and results should not depend on it. */
export function commandEnv(scratchDir: string): Record<string, string> {
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: scratchDir,
    TMPDIR: scratchDir,
    LANG: process.env["LANG"] ?? "C.UTF-8",
    ERRAND_SCRATCH: scratchDir,
  };
  const root = process.env["SystemRoot"];
  if (process.platform === "win32" && root !== undefined) env["SystemRoot"] = root;
  return env;
}

/** Signals every process of the group. The group lives as long as one of them; that none is left is no error. */
export function endGroup(child: Pick<ChildProcess, "pid" | "kill">, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    if (grouped) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // ESRCH: all gone.
  }
}
