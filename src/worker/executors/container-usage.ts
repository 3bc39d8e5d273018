/**
 * What a container uses, looked at while it runs: afterwards nobody knows it any more. By its cgroup where that can be seen,
 * which costs next to nothing and so is looked at often; else the engine is asked.
 */
import { readCgroup, type CgroupPlaces } from "./container-cgroup.ts";
import type { Engine } from "./container-engine.ts";

const shortestPauseMs = 10;
/** Of the engine, which does some work for an answer. */
const askPauseMs = 40;
const longestPauseMs = 500;
/** The last look is at most this part of the run before its end. */
const pausePart = 0.02;

interface Stats {
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; max_usage?: number };
}

export interface ContainerUsage {
  /** Ends the watch; what was seen. Tolerates stopped-twice. */
  stop(): { cpuMs: number; peakMemoryBytes: number };
}

/** To be called before it starts. */
export function watchContainer(engine: Engine, id: string, places: CgroupPlaces): ContainerUsage {
  const seen = { cpuMs: 0, peakMemoryBytes: 0 };
  const stopped = new AbortController();
  const { signal } = stopped;
  const startMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const saw = (cpuMs: number, peakMemoryBytes: number): void => {
    seen.cpuMs = Math.max(seen.cpuMs, cpuMs);
    seen.peakMemoryBytes = Math.max(seen.peakMemoryBytes, peakMemoryBytes);
  };

  async function ask(): Promise<void> {
    const path = `/containers/${id}`;
    const { State } = await engine.call<{ State?: { Pid?: number } }>("GET", `${path}/json`, { signal });
    const pid = State?.Pid ?? 0;
    if (pid > 0) await places.learn(id, pid);
    if (pid === 0 || places.of(id) !== undefined) return;
    const stats = await engine.call<Stats>("GET", `${path}/stats?stream=false&one-shot=true`, { signal });
    const { usage = 0, max_usage: most = 0 } = stats.memory_stats ?? {};
    saw((stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e6, Math.max(usage, most));
  }

  async function look(): Promise<void> {
    const files = places.of(id);
    if (files === undefined) {
      // It has ended, or the engine does not tell: what was seen is what there is.
      await ask().catch(() => undefined);
    } else {
      const counted = await readCgroup(files);
      if (counted !== undefined) saw(counted.cpuMs, counted.peakMemoryBytes);
    }
    if (signal.aborted) return;
    const shortest = places.of(id) === undefined ? askPauseMs : shortestPauseMs;
    const pauseMs = Math.min(Math.max(shortest, (performance.now() - startMs) * pausePart), longestPauseMs);
    timer = setTimeout(() => void look(), pauseMs).unref();
  }

  timer = setTimeout(() => void look(), shortestPauseMs).unref();
  return {
    stop() {
      clearTimeout(timer);
      stopped.abort();
      return { ...seen };
    },
  };
}
