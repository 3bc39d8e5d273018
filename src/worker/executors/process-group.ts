/** Starting a command as the leader of its own process group, and ending the group as a whole. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { ErrandError } from "../../core/errors.ts";
import type { SkillSource } from "../../skills/skill.ts";

const grouped = process.platform !== "win32";

/** Resolves once it runs. Throws `SkillFailed` when it cannot be started. */
export async function startCommand(
  source: Extract<SkillSource, { kind: "command" }>,
  scratchDir: string,
): Promise<ChildProcessWithoutNullStreams> {
  const [file, ...args] = source.argv as [string, ...string[]];
  try {
    const child = spawn(file, args, {
      cwd: source.cwd ?? scratchDir,
      env: commandEnv(scratchDir, source.env),
      detached: grouped,
      shell: false,
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    await once(child, "spawn");
    return child;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ErrandError("SkillFailed", `the command could not be started: ${why}`, {
      hint: "Check the command in the skill's YAML file and that it may be executed.",
      cause,
    });
  }
}

/** Nothing of the node's own environment: it may hold secrets, and results should not depend on it. */
function commandEnv(scratchDir: string, declared: Record<string, string> | undefined): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: scratchDir,
    TMPDIR: scratchDir,
    LANG: process.env["LANG"] ?? "C.UTF-8",
    ERRAND_SCRATCH: scratchDir,
  };
  if (process.platform === "win32" && process.env["SystemRoot"] !== undefined) {
    env["SystemRoot"] = process.env["SystemRoot"];
  }
  return Object.assign(env, declared);
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
