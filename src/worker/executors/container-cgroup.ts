/**
 * Where the kernel counts what a container uses, for an engine on this machine. The first container that is seen running tells
 * where this engine keeps its cgroups; of those that follow it is known before they start. Needs no rights: the counts are for everybody to read.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { folderOf } from "../sandbox/cgroup.ts";

export interface CgroupPlaces {
  /** Undefined until a container was seen, and where they cannot be seen at all. */
  of(id: string): CgroupFiles | undefined;
  /** By the first process of a container that runs. */
  learn(id: string, pid: number): Promise<void>;
}

export interface CgroupFiles {
  cpu: { file: string; field?: string; perMs: number };
  memory: { file: string };
}

interface Hierarchy {
  type: "cgroup" | "cgroup2";
  controller?: string;
}

const versionOne = /^\d+:(?:[^:]*,)?(?:cpuacct|memory)[,:]/m;
const idInPath = "<id>";

export function createCgroupPlaces(root = "/proc"): CgroupPlaces {
  let folders: { cpu: string; memory: string; version: 1 | 2 } | undefined;
  const filesOf = (id: string): CgroupFiles | undefined => {
    if (folders === undefined) return undefined;
    const cpu = folders.cpu.replace(idInPath, id);
    const memory = folders.memory.replace(idInPath, id);
    return folders.version === 1
      ? {
          cpu: { file: join(cpu, "cpuacct.usage"), perMs: 1e6 },
          memory: { file: join(memory, "memory.max_usage_in_bytes") },
        }
      : {
          cpu: { file: join(cpu, "cpu.stat"), field: "usage_usec", perMs: 1e3 },
          memory: { file: join(memory, "memory.peak") },
        };
  };
  return {
    of: filesOf,
    async learn(id, pid) {
      const [lines, mounts] = await Promise.all([
        readFile(`${root}/${pid}/cgroup`, "utf8").catch(() => ""),
        readFile(`${root}/self/mountinfo`, "utf8").catch(() => ""),
      ]);
      // A pid of another pid namespace is somebody else's here: only a group that bears the id is the container's.
      const place = (hierarchy: Hierarchy): string | undefined => placeOf(lines, mounts, id, hierarchy);
      const cpu = place({ type: "cgroup", controller: "cpuacct" });
      const memory = place({ type: "cgroup", controller: "memory" });
      const unified = place({ type: "cgroup2" });
      if (cpu !== undefined && memory !== undefined) folders = { cpu, memory, version: 1 };
      // Where both versions are mounted a container enters one group after the other, and that of version 2 counts no memory.
      else if (unified !== undefined && !versionOne.test(lines))
        folders = { cpu: unified, memory: unified, version: 2 };
    },
  };
}

/** The folder of the group that is named after the container, with a stand-in for its id. What is further down is counted in it. */
function placeOf(
  lines: string,
  mounts: string,
  id: string,
  { type, controller }: Hierarchy,
): string | undefined {
  for (const line of lines.split("\n")) {
    const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controller === undefined ? names !== "" : !names.split(",").includes(controller)) continue;
    const parts = path.split("/");
    const own = parts.findIndex((part) => part.includes(id));
    if (own === -1) return undefined;
    const group = parts.slice(0, own + 1).join("/");
    return folderOf(mounts, type, controller, group.replace(id, idInPath));
  }
  return undefined;
}

/** Undefined when the group is not there, not yet or no longer. */
export async function readCgroup({
  cpu,
  memory,
}: CgroupFiles): Promise<{ cpuMs: number; peakMemoryBytes: number } | undefined> {
  const [counted, peak] = await Promise.all([
    readFile(cpu.file, "utf8").catch(() => undefined),
    readFile(memory.file, "utf8").catch(() => "0"),
  ]);
  if (counted === undefined) return undefined;
  const text =
    cpu.field === undefined ? counted : (new RegExp(`^${cpu.field} (\\d+)`, "m").exec(counted)?.[1] ?? "0");
  return { cpuMs: Number(text) / cpu.perMs, peakMemoryBytes: Number(peak) };
}
