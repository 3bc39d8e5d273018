/**
 * What a process and all it started use, read from /proc (Linux; elsewhere nothing is known). The kernel's own limits are per
 * process or need a cgroup, so a bound is kept by looking.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";
import { cpuMsOf, peakOf } from "./process-usage.ts";

const lookMs = 200;
/** Descendants that are looked at; a fork bomb must not make the looking costly. */
const mostProcesses = 256;

/** Calls `tooMuch` once, when more than `mostBytes` are resident. The returned function ends the watch. */
export function watchMemory(
  pid: number,
  mostBytes: number,
  clock: Clock,
  tooMuch: (usedBytes: number) => void,
): () => void {
  if (process.platform !== "linux") return () => {};
  let stopped = false;
  let cancel = clock.after(lookMs, () => void look());
  async function look(): Promise<void> {
    const usedBytes = await residentBytes(pid);
    if (stopped) return;
    if (usedBytes > mostBytes) tooMuch(usedBytes);
    else cancel = clock.after(lookMs, () => void look());
  }
  return () => {
    stopped = true;
    cancel();
  };
}

/** Resident memory of `pid` and its descendants. Pages that they share count for each. */
async function residentBytes(pid: number): Promise<number> {
  const known = new Set([pid]);
  let sum = 0;
  for (const one of known) {
    const [status, children] = await Promise.all([
      readFile(`/proc/${one}/status`, "utf8").catch(() => ""),
      readFile(`/proc/${one}/task/${one}/children`, "utf8").catch(() => ""),
    ]);
    sum += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    for (const child of children.split(" "))
      if (child !== "" && known.size < mostProcesses) known.add(Number(child));
  }
  return sum;
}

/** As the kernel counts it now. Synchronous: two reads of /proc cost less than a turn of the event loop. */
export function usageNow(pid: number): { cpuMs: number; peakMemoryBytes: number } {
  if (process.platform !== "linux") return { cpuMs: 0, peakMemoryBytes: 0 };
  try {
    return {
      cpuMs: cpuMsOf(readFileSync(`/proc/${pid}/stat`, "utf8")),
      peakMemoryBytes: peakOf(readFileSync(`/proc/${pid}/status`, "utf8")),
    };
  } catch {
    return { cpuMs: 0, peakMemoryBytes: 0 };
  }
}
