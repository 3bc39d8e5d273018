/**
 * The cores and the memory that running tasks were promised: a task starts only when what it asked for is free, so that a
 * machine is never promised twice. Pure: it counts, and measures nothing.
 */
import type { JobRequirements } from "./admission.ts";

/** What a run takes of the machine while it runs. */
export interface Share {
  cpuCores: number;
  memoryBytes: number;
}

/** What a submitter said about the run's needs. Zero and absent mean nothing was said. */
export interface Needs {
  requirements?: JobRequirements | undefined;
  cpuCores?: number | undefined;
  memoryBytes?: number | undefined;
}

export interface Ledger {
  /** Whether the share is free now. */
  fits(share: Share): boolean;
  /** To be given back once. Throws nothing and checks nothing: `fits` was asked before. */
  take(share: Share): void;
  give(share: Share): void;
  readonly taken: Readonly<Share>;
}

const gigabyte = 1e9;
// Shares are counted in whole thousandths and bytes: sums of fractions would drift, and a machine would never be quite free again.
const thousandths = 1_000;

/**
 * Whoever asks for cores or memory gets them for himself: what the machine must have (`requirements`) is what the run is
 * thought to use, unless it says what it uses. A task that says nothing takes one slot, and a slot's part of the cores.
 */
export function shareOf(needs: Needs, slots: number, cores: number): Share {
  const { requirements = {} } = needs;
  const askedCores = needs.cpuCores || requirements.minCpuCores || Math.min(1, cores / slots);
  const askedBytes = needs.memoryBytes || (requirements.minMemoryGb ?? 0) * gigabyte;
  return { cpuCores: askedCores, memoryBytes: askedBytes };
}

/** Why this machine can never give the share, as a sentence; undefined when it can once it is free. */
export function beyond(share: Share, machine: Share): string | undefined {
  if (share.cpuCores > machine.cpuCores)
    return `asks for ${share.cpuCores} CPU cores, ${machine.cpuCores} are there`;
  if (share.memoryBytes > machine.memoryBytes) {
    const gb = (bytes: number): string => (bytes / gigabyte).toFixed(1);
    return `asks for ${gb(share.memoryBytes)} GB of memory, ${gb(machine.memoryBytes)} are there for tasks`;
  }
  return undefined;
}

/** `machine` is asked each time: its memory changes with what others do on it. */
export function createLedger(machine: () => Share): Ledger {
  let cores = 0;
  let memoryBytes = 0;
  return {
    fits(share) {
      const has = machine();
      return (
        cores + whole(share.cpuCores) <= whole(has.cpuCores) &&
        memoryBytes + Math.ceil(share.memoryBytes) <= has.memoryBytes
      );
    },
    take(share) {
      cores += whole(share.cpuCores);
      memoryBytes += Math.ceil(share.memoryBytes);
    },
    give(share) {
      cores -= whole(share.cpuCores);
      memoryBytes -= Math.ceil(share.memoryBytes);
    },
    get taken() {
      return { cpuCores: cores / thousandths, memoryBytes };
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
