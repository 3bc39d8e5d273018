/**
 * Control groups: the only bound on what all processes of a run use together. Version 1 by its controllers' folders,
 * version 2 where a subtree is ours. Needs write access below the node's own cgroup: root, or a delegated subtree.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RunLimits } from "../../skills/run-limits.ts";

export interface Cgroup {
  /** Writing a pid into each of these files moves the process in. */
  entrances: readonly string[];
  folders: readonly string[];
  usage(): Promise<CgroupUsage>;
  /** Ends every process in it and removes it. Never throws. */
  remove(): Promise<void>;
}

export interface CgroupUsage {
  cpuMs: number;
  peakMemoryBytes: number;
  /** The kernel ended a process because the group was out of memory. */
  outOfMemory: boolean;
}

export interface Cgroups {
  /** For people: `cgroup v1 (memory, pids, cpu)`. */
  title: string;
  create(limits: RunLimits): Promise<Cgroup>;
}

const controllers = ["memory", "pids", "cpu", "cpuacct"] as const;
const periodUs = 100_000;
/** The wrapping shell and bubblewrap's own two processes are inside as well. */
const ownProcesses = 4;
/** Where a node itself goes in version 2. */
const leafName = "errand-node";

let made = 0;
const nextName = (): string => `errand-${process.pid}-${(made += 1)}`;

/** Throws with the reason when there is none that this process may use. */
export async function findCgroups(): Promise<Cgroups> {
  if (process.platform !== "linux") throw new Error("cgroups are of Linux");
  const [own, mounts] = await Promise.all([
    readFile("/proc/self/cgroup", "utf8"),
    readFile("/proc/self/mountinfo", "utf8"),
  ]);
  const v1 = new Map<string, string>();
  let unified: string | undefined;
  for (const line of own.trim().split("\n")) {
    const [, names = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names === "") unified = folderOf(mounts, "cgroup2", undefined, path);
    for (const name of names.split(",")) {
      const folder = name === "" ? undefined : folderOf(mounts, "cgroup", name, path);
      if (folder !== undefined) v1.set(name, folder);
    }
  }
  const found = v1.has("memory") && v1.has("pids") ? versionOne(v1) : await versionTwo(unified);
  // Only a group that was made and removed is one that can be had.
  await sweep([...v1.values(), ...(unified === undefined ? [] : [unified])]);
  const trial = await found.create({ memoryBytes: 64 << 20, cpuCores: 1, processes: 8 } as RunLimits);
  await trial.remove();
  return found;
}

/** Empty groups of nodes that are gone, and whose janitor was killed with them. One with processes cannot be removed so. */
async function sweep(parents: readonly string[]): Promise<void> {
  for (const parent of parents) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names) {
      const [, pid] = /^errand-(\d+)-\d+$/.exec(name) ?? [];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rmdir(join(parent, name)).catch(ignore);
    }
  }
}

/** Where the cgroup `path` of a hierarchy is seen in the file system: mounts may show only a part of it. */
export function folderOf(
  mounts: string,
  type: string,
  controller: string | undefined,
  path: string,
): string | undefined {
  for (const line of mounts.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [fsType, , options = ""] = after.split(" ");
    const [, , , root = "/", point = ""] = before.split(" ");
    if (fsType !== type || (controller !== undefined && !options.split(",").includes(controller))) continue;
    if (root === "/") return join(point, path);
    return path.startsWith(root) ? join(point, path.slice(root.length)) : point;
  }
  return undefined;
}

const numberIn = async (file: string): Promise<number> =>
  Number((await readFile(file, "utf8").catch(() => "0")).trim()) || 0;

const fieldIn = async (file: string, name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\d+)`, "m").exec(await readFile(file, "utf8").catch(() => ""))?.[1] ?? 0);

function versionOne(parents: ReadonlyMap<string, string>): Cgroups {
  const used = controllers.filter((name) => parents.has(name));
  return {
    title: `cgroup v1 (${used.join(", ")})`,
    async create({ memoryBytes, processes, cpuCores }) {
      const name = nextName();
      const at = (controller: string): string => join(parents.get(controller) as string, name);
      // Two controllers may share one hierarchy.
      const folders = [...new Set(used.map(at))];
      const group = groupOf(folders, async () => ({
        cpuMs: parents.has("cpuacct") ? (await numberIn(join(at("cpuacct"), "cpuacct.usage"))) / 1e6 : 0,
        peakMemoryBytes: await numberIn(join(at("memory"), "memory.max_usage_in_bytes")),
        outOfMemory: (await fieldIn(join(at("memory"), "memory.oom_control"), "oom_kill")) > 0,
      }));
      await making(group, async () => {
        await together(folders.map((folder) => mkdir(folder)));
        const limitMemory = async (): Promise<void> => {
          await writeFile(join(at("memory"), "memory.limit_in_bytes"), String(memoryBytes));
          // With swap accounted, memory must not go on there; without, the file is missing.
          await writeFile(join(at("memory"), "memory.memsw.limit_in_bytes"), String(memoryBytes)).catch(
            ignore,
          );
        };
        const limitCpu = async (): Promise<void> => {
          await writeFile(join(at("cpu"), "cpu.cfs_period_us"), String(periodUs));
          await writeFile(join(at("cpu"), "cpu.cfs_quota_us"), String(Math.ceil(cpuCores * periodUs)));
        };
        const pids = writeFile(join(at("pids"), "pids.max"), String(processes + ownProcesses));
        await together([limitMemory(), pids, ...(parents.has("cpu") ? [limitCpu()] : [])]);
      });
      return group;
    },
  };
}

async function versionTwo(found: string | undefined): Promise<Cgroups> {
  if (found === undefined) throw new Error("no cgroup with memory and pids controllers is mounted");
  // Who moved there, or was started by one that did, belongs to the group above.
  const own = basename(found) === leafName ? dirname(found) : found;
  await enableControllers(own);
  return {
    title: "cgroup v2",
    async create({ memoryBytes, processes, cpuCores }) {
      const folder = join(own, nextName());
      const group = groupOf([folder], async () => ({
        cpuMs: (await fieldIn(join(folder, "cpu.stat"), "usage_usec")) / 1_000,
        peakMemoryBytes: await numberIn(join(folder, "memory.peak")),
        outOfMemory: (await fieldIn(join(folder, "memory.events"), "oom_kill")) > 0,
      }));
      await making(group, async () => {
        await mkdir(folder);
        await writeFile(join(folder, "memory.max"), String(memoryBytes));
        await writeFile(join(folder, "memory.swap.max"), "0").catch(ignore);
        await writeFile(join(folder, "memory.oom.group"), "1").catch(ignore);
        await writeFile(join(folder, "pids.max"), String(processes + ownProcesses));
        const quota = `${Math.ceil(cpuCores * periodUs)} ${periodUs}`;
        await writeFile(join(folder, "cpu.max"), quota).catch(ignore);
      });
      return group;
    },
  };
}

/** A version 2 group hands controllers on only when no process is in it: this one moves into a leaf, if it is alone there. */
async function enableControllers(own: string): Promise<void> {
  const lists = async (file: string): Promise<string[]> =>
    (await readFile(join(own, file), "utf8")).trim().split(/\s+/);
  const enabled = async (): Promise<boolean> => {
    const on = await lists("cgroup.subtree_control");
    return on.includes("memory") && on.includes("pids");
  };
  if (await enabled()) return;
  const offered = await lists("cgroup.controllers");
  if (!offered.includes("memory") || !offered.includes("pids")) {
    throw new Error("the cgroup of this process has no memory and pids controllers to hand on");
  }
  const inside = (await lists("cgroup.procs")).map(Number);
  if (inside.includes(process.pid)) {
    if (inside.length > 1) throw new Error("other processes share the node's cgroup; give it one of its own");
    const leaf = join(own, leafName);
    await mkdir(leaf).catch(ignore);
    await writeFile(join(leaf, "cgroup.procs"), String(process.pid));
  }
  const wanted = ["memory", "pids", "cpu"].filter((name) => offered.includes(name));
  await writeFile(join(own, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
}

function groupOf(folders: readonly string[], usage: Cgroup["usage"]): Cgroup {
  return {
    entrances: folders.map((folder) => join(folder, "cgroup.procs")),
    folders,
    usage,
    remove: async () => {
      await Promise.all(folders.map((folder) => removeFolder(folder)));
    },
  };
}

/** Throws what failed first, once nothing goes on any more. */
async function together(works: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function making(group: Cgroup, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    await group.remove();
    throw error;
  }
}

const tries = 40;

/** Processes that were killed leave the group a moment later. */
async function removeFolder(folder: string): Promise<void> {
  for (let left = tries; left > 0; left -= 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
    }
    const pids = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
    for (const pid of pids.split("\n")) if (pid !== "") end(Number(pid));
    if (left < tries) await delay(left > tries - 10 ? 5 : 50);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function ignore(): void {}
