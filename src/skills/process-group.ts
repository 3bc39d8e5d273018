/** When a group of processes that was killed is gone: it is known by the process id of the one that led it. */
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * What was killed is gone a moment later, and on a machine that is very busy a little later. Where the dead cannot be told from
 * the living they are not waited for so long.
 */
const goneMs = process.platform === "linux" ? 2_000 : 250;
const lookMs = 5;
/** The first looks follow each other at once: mostly it takes less than a millisecond. */
const quickLooks = 4;
/** Looks, counted from 0, at which states are read too: that goes through all processes of the machine. */
const closerLooks: ReadonlySet<number> = new Set([4, 8, 20, 50, 100, 200]);

/** Resolves when no process of the group is left, so that nothing of a run still writes when its folder goes. */
export async function groupGone(group: number | undefined): Promise<void> {
  if (process.platform === "win32" || group === undefined) return;
  for (let look = 0; look * lookMs < goneMs; look++) {
    try {
      process.kill(-group, 0);
    } catch {
      return;
    }
    if (closerLooks.has(look) && (await onlyZombies(group))) return;
    await delay(look < quickLooks ? 1 : lookMs);
  }
}

/**
 * Whether nobody of the group runs any more, though its dead are still counted: where the first process collects late or
 * never (a container without an init), each run in a sandbox would wait for them in vain. On Linux; elsewhere false.
 */
export async function onlyZombies(group: number): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const living = await Promise.all(pids.map((pid) => livesIn(pid, group)));
  return !living.includes(true);
}

async function livesIn(pid: string, group: number): Promise<boolean> {
  // Gone meanwhile.
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The name before the parenthesis may hold anything: proc_pid_stat(5).
  const [state, , itsGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(itsGroup) === group && state !== "Z" && state !== "X";
}
