/** What a container uses, asked of the engine while it runs: afterwards nobody knows it any more. Zero for very short runs. */
import type { Engine } from "./container-engine.ts";

const firstSampleMs = 20;
const longestPauseMs = 500;

interface Stats {
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; max_usage?: number };
}

export interface ContainerUsage {
  /** Ends the watch; what was seen. Tolerates stopped-twice. */
  stop(): { cpuMs: number; peakMemoryBytes: number };
}

export function watchContainer(engine: Engine, path: string): ContainerUsage {
  const seen = { cpuMs: 0, peakMemoryBytes: 0 };
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  async function sample(pauseMs: number): Promise<void> {
    try {
      const stats = await engine.call<Stats>("GET", `${path}/stats?stream=false&one-shot=true`, {
        signal: stopped.signal,
      });
      const { usage = 0, max_usage: most = 0 } = stats.memory_stats ?? {};
      seen.cpuMs = Math.max(seen.cpuMs, (stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6);
      seen.peakMemoryBytes = Math.max(seen.peakMemoryBytes, usage, most);
    } catch {
      // It has ended, or the engine does not tell: what was seen is what there is.
      return;
    }
    if (!stopped.signal.aborted) {
      timer = setTimeout(() => void sample(Math.min(2 * pauseMs, longestPauseMs)), pauseMs).unref();
    }
  }

  timer = setTimeout(() => void sample(2 * firstSampleMs), firstSampleMs).unref();
  return {
    stop() {
      clearTimeout(timer);
      stopped.abort();
      return { ...seen };
    },
  };
}
