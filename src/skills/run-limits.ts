/**
 * What one run in a sandbox may use. Defaults are for code that a peer submits; a task may ask for more, up to what the
 * operator grants, which is never above the ceilings here.
 */
import { ErrandError } from "../core/errors.ts";

const MiB = 1024 * 1024;

export interface RunLimits {
  memoryBytes: number;
  cpuCores: number;
  processes: number;
  wallMs: number;
  outputBytes: number;
  /** Files that it may write, which live in memory and go with it. */
  scratchBytes: number;
}

export const defaultRunLimits: RunLimits = {
  memoryBytes: 128 * MiB,
  cpuCores: 1,
  processes: 64,
  wallMs: 10_000,
  outputBytes: 1 * MiB,
  scratchBytes: 32 * MiB,
};

/** No operator can grant more: the requirements end here, and a 32-bit WebAssembly memory at half of it. */
export const runCeilings: RunLimits = {
  memoryBytes: 8 * 1024 * MiB,
  cpuCores: 16,
  processes: 4_096,
  wallMs: 24 * 3_600_000,
  outputBytes: 64 * MiB,
  scratchBytes: 1024 * MiB,
};

/** As a task or a skill's file says it. */
export interface AskedLimits {
  memoryMb?: number;
  cpuCores?: number;
  processes?: number;
  timeoutSeconds?: number;
  outputMb?: number;
  scratchMb?: number;
}

const asked: readonly [
  ask: keyof AskedLimits,
  limit: keyof RunLimits,
  unit: number,
  words: (most: number) => string,
][] = [
  ["memoryMb", "memoryBytes", MiB, (most) => `${most} MB of memory`],
  ["cpuCores", "cpuCores", 1, (most) => `${most} cores`],
  ["processes", "processes", 1, (most) => `${most} processes`],
  ["timeoutSeconds", "wallMs", 1_000, (most) => `${most} s`],
  ["outputMb", "outputBytes", MiB, (most) => `${most} MB of output`],
  ["scratchMb", "scratchBytes", MiB, (most) => `${most} MB of scratch`],
];

/** JSON Schema of `AskedLimits`. */
export const askedLimitsSchema = {
  type: "object",
  description: "More, or less, than a run gets by default; the operator's limits hold.",
  properties: Object.fromEntries(
    asked.map(([ask, limit, unit]) => [
      ask,
      { type: "number", exclusiveMinimum: 0, maximum: runCeilings[limit] / unit },
    ]),
  ),
  additionalProperties: false,
};

/** What a run gets: what was asked for, else `defaults`. Throws `LimitExceeded` when `most` is less. */
export function grantLimits(
  wish: AskedLimits | undefined,
  most: RunLimits,
  defaults: RunLimits = defaultRunLimits,
): RunLimits {
  const granted = { ...defaults };
  for (const [ask, limit, unit, words] of asked) {
    granted[limit] = Math.min(defaults[limit], most[limit]);
    const value = wish?.[ask];
    if (value === undefined) continue;
    const wanted = Math.round(value * unit);
    if (wanted > most[limit]) {
      throw new ErrandError("LimitExceeded", `a run here gets at most ${words(most[limit] / unit)}`, {
        hint: "Ask for less, or a peer whose operator grants more.",
      });
    }
    granted[limit] = wanted;
  }
  return granted;
}

/** The most that the operator grants: what he says, and the defaults (or `base`) of what he does not. */
export function operatorLimits(granted: AskedLimits | undefined, base: Partial<RunLimits> = {}): RunLimits {
  return grantLimits(granted, runCeilings, { ...defaultRunLimits, ...base });
}
