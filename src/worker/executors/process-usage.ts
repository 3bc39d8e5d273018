/**
 * What a child process used, where the system tells: on Linux from /proc while it lives, because Node gives no usage of
 * its children afterwards. Sampled, so the last moments of a run and processes it started and left are missing; zero
 * elsewhere, and for runs that end before the first sample.
 */
import { readFile } from "node:fs/promises";

export interface UsageWatch {
  /** Ends the watch; what was seen. Tolerates stopped-twice. */
  stop(): { cpuMs: number; peakMemoryBytes: number };
}

const firstSampleMs = 10;
const sampleMs = 250;
/** Clock ticks of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10;

export function watchUsage(pid: number | undefined): UsageWatch {
  const seen = { cpuMs: 0, peakMemoryBytes: 0 };
  let timer: NodeJS.Timeout | undefined;
  let stopped = pid === undefined || process.platform !== "linux";
  const sample = async (): Promise<void> => {
    try {
      const [stat, status] = await Promise.all([
        readFile(`/proc/${pid}/stat`, "utf8"),
        readFile(`/proc/${pid}/status`, "utf8"),
      ]);
      seen.cpuMs = Math.max(seen.cpuMs, cpuMsOf(stat));
      seen.peakMemoryBytes = Math.max(seen.peakMemoryBytes, peakOf(status));
    } catch {
      // It has ended.
      return;
    }
    if (!stopped) timer = setTimeout(() => void sample(), sampleMs).unref();
  };
  if (!stopped) timer = setTimeout(() => void sample(), firstSampleMs).unref();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      return { ...seen };
    },
  };
}

/** utime, stime and those of the children it waited for: fields 14 to 17 of proc(5), counted after the name's bracket. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return Number.isFinite(ticks) ? ticks * tickMs : 0;
}

/** VmHWM, "high water mark" of resident memory, in KiB there. */
export function peakOf(status: string): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return found === null ? 0 : Number(found[1]) * 1024;
}
