/**
 * Memory and CPU time of a tree of processes, read from /proc every 50 ms: the bound on memory where there is no cgroup, and
 * the peak in either case. Sampled, so what comes and goes between two looks is not seen.
 */
import { readFile } from "node:fs/promises";
import { cpuMsOf } from "../executors/process-usage.ts";

/** Code that fills memory as fast as it can gets some 100 MB further in this time. */
const lookMs = 50;
const firstLookMs = 10;

export interface TreeUsage {
  cpuMs: number;
  peakMemoryBytes: number;
}

export interface TreeWatch {
  /** Ends the watch. Tolerates stopped-twice. */
  stop(): TreeUsage;
}

export interface WatchOptions {
  /** Zero for no bound. */
  memoryBytes: number;
  /** Called once, when the tree uses more. */
  exceeded: () => void;
  /** Looked at as well, when given: true when a limit of another kind was broken. */
  alsoBroken?: () => Promise<boolean>;
}

export function watchTree(root: number | undefined, options: WatchOptions): TreeWatch {
  const seen: TreeUsage = { cpuMs: 0, peakMemoryBytes: 0 };
  let stopped = root === undefined || process.platform !== "linux";
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const tree = await processTree(root as number);
    const looks = await Promise.all(tree.map(lookAt));
    let memoryBytes = looks.reduce((sum, one) => sum + one.memoryBytes, 0);
    const cpuMs = looks.reduce((sum, one) => sum + one.cpuMs, 0);
    const bounded = options.memoryBytes > 0 && memoryBytes > options.memoryBytes;
    // Forks share pages until they write to them. The exact share is dearer to read, and read only when it decides.
    if (bounded) memoryBytes = await sharedOut(tree, memoryBytes);
    if (stopped) return;
    seen.cpuMs = Math.max(seen.cpuMs, cpuMs);
    seen.peakMemoryBytes = Math.max(seen.peakMemoryBytes, memoryBytes);
    if ((bounded && memoryBytes > options.memoryBytes) || (await options.alsoBroken?.()) === true) {
      options.exceeded();
      return;
    }
    if (tree.length > 0) timer = setTimeout(() => void look(), lookMs).unref();
  }
  if (!stopped) timer = setTimeout(() => void look(), firstLookMs).unref();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      return { ...seen };
    },
  };
}

/** Of a process and all it started, now. Zero where the kernel does not tell. */
export async function treeUsage(root: number): Promise<{ cpuMs: number; memoryBytes: number }> {
  if (process.platform !== "linux") return { cpuMs: 0, memoryBytes: 0 };
  const looks = await Promise.all((await processTree(root)).map(lookAt));
  return {
    cpuMs: looks.reduce((sum, one) => sum + one.cpuMs, 0),
    memoryBytes: looks.reduce((sum, one) => sum + one.memoryBytes, 0),
  };
}

/** A tree wider than this is a fork bomb, which another limit ends; it is not walked further. */
const mostProcesses = 8_192;

async function processTree(root: number): Promise<number[]> {
  const tree = [root];
  for (let at = 0; at < tree.length && tree.length < mostProcesses; at += 1) {
    const pid = tree[at] as number;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    for (const child of children.split(" ")) if (child !== "") tree.push(Number(child));
  }
  return tree;
}

async function lookAt(pid: number): Promise<{ memoryBytes: number; cpuMs: number }> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
    ]);
    return { memoryBytes: privateBytes(status), cpuMs: cpuMsOf(stat) };
  } catch {
    return { memoryBytes: 0, cpuMs: 0 };
  }
}

/** Anonymous and shared memory, in KiB there; pages of files can be had again and are not counted. */
export function privateBytes(status: string): number {
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return (field("RssAnon") + field("RssShmem")) * 1_024;
}

/** Each process's part of what is shared; `fallback` where the kernel does not tell. */
async function sharedOut(tree: readonly number[], fallback: number): Promise<number> {
  const parts = await Promise.all(
    tree.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => undefined)),
  );
  // One that has ended between two reads has no memory; one that may not be read is taken for what it seems.
  if (parts.every((part) => part === undefined)) return fallback;
  const field = (text: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return parts.reduce(
    (sum, part) =>
      sum + (part === undefined ? 0 : (field(part, "Pss_Anon") + field(part, "Pss_Shmem")) * 1_024),
    0,
  );
}
