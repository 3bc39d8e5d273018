/** What a command is given of the node's environment, and ending the group of processes that it leads as a whole. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

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

/** What was killed is gone a moment later; what init does not collect (a container without one) is not waited for. */
const goneMs = 250;
const lookMs = 5;

/** Resolves when no process of the group is left, so that nothing of a run still writes when its folder goes. */
export async function groupGone(child: Pick<ChildProcess, "pid">): Promise<void> {
  if (!grouped || child.pid === undefined) return;
  for (let waitedMs = 0; waitedMs < goneMs; waitedMs += lookMs) {
    try {
      process.kill(-child.pid, 0);
    } catch {
      return;
    }
    await delay(lookMs);
  }
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
