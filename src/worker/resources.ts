/** What this machine has, for the node's card and for requirements: cores, memory, disk, GPUs, platform. */
import { statfs } from "node:fs/promises";
import os from "node:os";
import { detectGpus } from "./gpus.ts";

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
  const [storageBytes, gpus] = await Promise.all([freeStorage(options.dataDir), detectGpus()]);
  return {
    cpuCores: os.availableParallelism(),
    memoryBytes: availableMemory(process.availableMemory(), process.constrainedMemory(), os.totalmem()),
    storageBytes,
    gpus: gpus.map(({ name }) => name),
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
