/** What this machine has, for the node's card and for requirements: cores, memory, disk, GPUs, platform. */
import { readdir, readFile, statfs } from "node:fs/promises";
import os from "node:os";

export interface MachineResources {
  cpuCores: number;
  /** What the node could still use, within the limit of its container. */
  memoryBytes: number;
  /** Free on the disk of the data folder. */
  storageBytes: number;
  /** Model names, as far as they are cheap to learn. */
  gpus: string[];
  /** linux, darwin, windows, android. */
  platform: string;
  arch: string;
  internet: boolean;
}

/** `internet` is the operator's word: trying would tell strangers that we are here. */
export async function detectResources(options: {
  dataDir: string;
  internet: boolean;
}): Promise<MachineResources> {
  const [storageBytes, nvidia, drawing] = await Promise.all([
    freeStorage(options.dataDir),
    detectGpus("/proc/driver/nvidia/gpus"),
    detectRenderNodes("/sys/class/drm"),
  ]);
  return {
    cpuCores: os.availableParallelism(),
    memoryBytes: availableMemory(process.availableMemory(), process.constrainedMemory(), os.totalmem()),
    storageBytes,
    gpus: allGpus(nvidia, drawing),
    platform: platformName(process.platform),
    arch: process.arch,
    internet: options.internet,
  };
}

/** A container without a limit says 0 or a number beyond the machine's memory: then the machine's memory is the bound. */
export function availableMemory(available: number, constrained: number, total: number): number {
  const bound = constrained > 0 && constrained < total ? constrained : total;
  return Math.max(0, Math.min(available, bound));
}

export function platformName(platform: NodeJS.Platform): string {
  return platform === "win32" ? "windows" : platform;
}

/** Zero when the folder is not there (yet): who knows nothing promises nothing. */
async function freeStorage(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** The NVIDIA driver lists its GPUs as folders; reading them costs nothing, unlike starting nvidia-smi. */
export async function detectGpus(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = entries
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(async (entry) => {
      const text = await readFile(`${folder}/${entry}/information`, "utf8").catch(() => "");
      return /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? "NVIDIA GPU";
    });
  return Promise.all(names);
}

/** By PCI vendor. Cards of virtual machines (virtio, VMware, Bochs) draw, and compute nothing. */
const gpuVendors: Record<string, string> = {
  "0x10de": "NVIDIA GPU",
  "0x1002": "AMD GPU",
  "0x8086": "Intel GPU",
};

/** Render nodes are how programs that have no screen use a GPU: the kernel lists them with the card's vendor. */
export async function detectRenderNodes(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = entries
    .filter((entry) => /^renderD\d+$/.test(entry))
    .toSorted()
    .map(async (entry) => {
      const vendor = await readFile(`${folder}/${entry}/device/vendor`, "utf8").catch(() => "");
      return gpuVendors[vendor.trim()];
    });
  return (await Promise.all(names)).filter((name) => name !== undefined);
}

/** NVIDIA's own driver knows its models; its cards appear as render nodes once more. */
function allGpus(nvidia: readonly string[], drawing: readonly string[]): string[] {
  const others = nvidia.length === 0 ? drawing : drawing.filter((name) => name !== "NVIDIA GPU");
  const apple = process.platform === "darwin" && process.arch === "arm64" ? ["Apple GPU"] : [];
  return [...nvidia, ...others, ...apple].slice(0, 16);
}
