/**
 * The cores, the memory and the GPUs that running tasks were promised: a task starts only when what it asked for is free, so
 * that a machine is never promised twice. Pure: it counts, and measures nothing.
 */
import type { JobRequirements } from "./admission.ts";

/** What a run takes of the machine while it runs. */
export interface Share {
  cpuCores: number;
  memoryBytes: number;
  /** Whole ones, each for one run alone. */
  gpus: number;
}

/** What there is to share. */
export interface Machine {
  cpuCores: number;
  memoryBytes: number;
  /** One name each. */
  gpus: readonly string[];
}

/** What a submitter said about the run's needs. Zero and absent mean nothing was said. */
export interface Needs {
  requirements?: JobRequirements | undefined;
  cpuCores?: number | undefined;
  memoryBytes?: number | undefined;
  /** The skill cannot do without one, whether or not the task says so. */
  gpu?: boolean | undefined;
}

export interface Ledger {
  /** Whether the share is free now. */
  fits(share: Share): boolean;
  /** Whether it lacks a GPU, whatever else may be free. */
  lacksGpu(share: Share): boolean;
  /**
   * Returns the numbers of the GPUs that it holds from now on. To be given back once. Throws nothing and checks nothing: `fits` was
   * asked before.
   */
  take(share: Share): readonly number[];
  give(share: Share, gpus: readonly number[]): void;
  readonly taken: Readonly<Share>;
}

const gigabyte = 1e9;
// Shares are counted in whole thousandths and bytes: sums of fractions would drift, and a machine would never be quite free again.
const thousandths = 1_000;
const none: readonly number[] = [];

/**
 * Whoever asks for cores or memory gets them for himself: what the machine must have (`requirements`) is what the run is
 * thought to use, unless it says what it uses. Whoever needs a GPU gets one of them for himself. A task that says nothing takes
 * one slot, and a slot's part of the cores.
 */
export function shareOf(needs: Needs, slots: number, cores: number): Share {
  const { requirements = {} } = needs;
  const askedCores = needs.cpuCores || requirements.minCpuCores || Math.min(1, cores / slots);
  const askedBytes = needs.memoryBytes || (requirements.minMemoryGb ?? 0) * gigabyte;
  const gpus = requirements.gpu === true || needs.gpu === true ? 1 : 0;
  return { cpuCores: askedCores, memoryBytes: askedBytes, gpus };
}

/** Why this machine can never give the share, as a sentence; undefined when it can once it is free. */
export function beyond(share: Share, machine: Machine): string | undefined {
  if (share.cpuCores > machine.cpuCores)
    return `asks for ${share.cpuCores} CPU cores, ${machine.cpuCores} are there`;
  if (share.memoryBytes > machine.memoryBytes) {
    const gb = (bytes: number): string => (bytes / gigabyte).toFixed(1);
    return `asks for ${gb(share.memoryBytes)} GB of memory, ${gb(machine.memoryBytes)} are there for tasks`;
  }
  if (share.gpus > machine.gpus.length) return "needs a GPU, has none";
  return undefined;
}

/** `machine` is asked each time: its memory changes with what others do on it. */
export function createLedger(machine: () => Machine): Ledger {
  let cores = 0;
  let memoryBytes = 0;
  const gpus = new Set<number>();
  const lacksGpu = (share: Share): boolean =>
    share.gpus > 0 && gpus.size + share.gpus > machine().gpus.length;
  return {
    fits(share) {
      const has = machine();
      return (
        cores + whole(share.cpuCores) <= whole(has.cpuCores) &&
        memoryBytes + Math.ceil(share.memoryBytes) <= has.memoryBytes &&
        !lacksGpu(share)
      );
    },
    lacksGpu,
    take(share) {
      cores += whole(share.cpuCores);
      memoryBytes += Math.ceil(share.memoryBytes);
      if (share.gpus === 0) return none;
      const taken: number[] = [];
      for (let number = 0; taken.length < share.gpus; number += 1) {
        if (!gpus.has(number)) taken.push(number);
      }
      for (const number of taken) gpus.add(number);
      return taken;
    },
    give(share, held) {
      cores -= whole(share.cpuCores);
      memoryBytes -= Math.ceil(share.memoryBytes);
      for (const number of held) gpus.delete(number);
    },
    get taken() {
      return { cpuCores: cores / thousandths, memoryBytes, gpus: gpus.size };
    },
  };
}

/** Rounded down for slots' parts, so that all slots together never exceed the machine by a thousandth. */
function whole(cpuCores: number): number {
  return Math.floor(cpuCores * thousandths + 1e-6);
}

/**
 * Memory there is for tasks, by a new look at the machine. While tasks hold some, what is free says little: a task may not have
 * touched yet what it was promised. So it grows only when nothing is held, and shrinks when others take what was ours.
 */
export function memoryForTasks(before: number, availableBytes: number, heldBytes: number): number {
  return heldBytes === 0 ? availableBytes : Math.min(before, availableBytes + heldBytes);
}
