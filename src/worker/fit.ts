/**
 * Whether a job could run here at all, and how: is the skill offered, in a version the submitter takes, on a machine
 * that meets the requirements, for this submitter, by which executor, and, where it is cheap to say, with a valid input.
 */
import { satisfies, validRange } from "semver";
import { bodySizeBytes } from "../core/body.ts";
import { toErrandError, type ErrorCode } from "../core/errors.ts";
import { limits, safeMessage } from "../core/limits.ts";
import { inputShape, readJson } from "../skills/input.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { unmetRequirement, type WorkerProfile } from "./admission.ts";
import type { Executor } from "./executor.ts";
import type { Job } from "./job.ts";
import { beyond, shareOf, type Machine, type Share } from "./ledger.ts";
import { gpuRefusal, needsGpu, refusalOf, type Caller, type Grant } from "./policy.ts";

export interface Fitting {
  skill: OfferedSkill;
  executor: Executor;
  grant: Grant;
  /** What it takes of the machine. */
  share: Share;
  unfit: undefined;
  /** The input's value, when it was looked at already. */
  checked: { value: unknown } | undefined;
}

export type Fit = Fitting | { unfit: { code: ErrorCode; message: string }; executor?: undefined };

export function unfit(code: ErrorCode, message: string): Fit {
  return { unfit: { code, message: safeMessage(message) } };
}

export interface FitOptions {
  skills: ReadonlyMap<string, OfferedSkill>;
  executors: readonly Executor[];
  profile?: () => WorkerProfile;
  matchesRange: RangeCheck;
  grantOf: (skill: OfferedSkill) => Grant;
  callerOf: (submitter: string) => Caller;
  slots: number;
  machine: () => Machine;
}

/** Why this job can never run here, or how it would. */
export function fitJob(job: Job, options: FitOptions): Fit {
  const skill = options.skills.get(job.skill);
  if (skill === undefined) return unfit("UnsupportedSkill", `${job.skill} is not offered here`);
  if (!options.matchesRange(skill, job.skillVersion)) {
    const wanted = job.skillVersion.slice(0, 64);
    return unfit("UnsupportedSkill", `${job.skill} is ${skill.definition.version} here, not ${wanted}`);
  }
  const grant = options.grantOf(skill);
  const refusal = refusalOf(job.skill, job.submitter, grant, () => options.callerOf(job.submitter));
  if (refusal !== undefined) return unfit("Unauthorized", refusal);
  if (job.requirements !== undefined && options.profile !== undefined) {
    const unmet = unmetRequirement(job.requirements, options.profile());
    if (unmet !== undefined) return unfit("UnsupportedSkill", unmet);
  }
  const machine = options.machine();
  const needs = { requirements: job.requirements, ...job.uses, gpu: needsGpu(skill.source) };
  const share = shareOf(needs, options.slots, machine.cpuCores);
  const never = beyond(share, machine) ?? beyondGrant(job, skill, share, grant);
  if (never !== undefined) return unfit("UnsupportedSkill", never);
  const executor = chooseExecutor(skill, job, options.executors);
  if (executor === undefined) return unfit("UnsupportedSkill", `nothing here can run ${job.skill}`);
  if (job.input.bytes === undefined && job.fetchInput === undefined) {
    return unfit("InvalidInput", "the input's bytes cannot be had");
  }
  try {
    return { skill, executor, grant, share, unfit: undefined, checked: checkNow(skill, job) };
  } catch (error) {
    const { code, message } = toErrandError(error);
    return unfit(code, message);
  }
}

/** What the operator does not give to a run of the skill, although the machine has it. */
function beyondGrant(
  { skill, uses = {} }: Job,
  offered: OfferedSkill,
  share: Share,
  grant: Grant,
): string | undefined {
  const { limits: most } = grant;
  const { cpuCores = 0, memoryBytes = 0 } = uses;
  if (cpuCores > (most.cpuCores ?? Infinity))
    return `asks for ${cpuCores} CPU cores; a run of ${skill} gets ${most.cpuCores} here`;
  const memoryMb = memoryBytes / 1024 ** 2;
  if (memoryMb > (most.memoryMb ?? Infinity))
    return `asks for ${Math.ceil(memoryMb)} MiB of memory; a run of ${skill} gets ${most.memoryMb} here`;
  return share.gpus > 0 ? gpuRefusal(offered, grant) : undefined;
}

function chooseExecutor(skill: OfferedSkill, job: Job, executors: readonly Executor[]): Executor | undefined {
  const sizeBytes = bodySizeBytes(job.input);
  for (const executor of executors) {
    if (!executor.canExecute(skill)) continue;
    if (executor.largestInputBytes === undefined) return executor;
    if (job.input.bytes !== undefined && sizeBytes <= executor.largestInputBytes) return executor;
  }
  return undefined;
}

/** Inline JSON is checked before it is accepted; larger input is checked where it cannot hold up the network. */
function checkNow(skill: OfferedSkill, job: Job): { value: unknown } | undefined {
  const shape = inputShape(skill.definition, job.input.type);
  if (shape !== "json" || job.input.bytes === undefined) return undefined;
  if (job.input.bytes.length > limits.inlineBodyBytes) return undefined;
  return { value: readJson(skill.definition, job.input.bytes) };
}

export type RangeCheck = (skill: OfferedSkill, range: string) => boolean;

const rangeCharacters = 128;
const rangesKept = 1_000;

/** Whether a skill's version is within a semver range. Parsing a range costs more than the rest of an offer: answers are kept. */
export function createRangeCheck(): RangeCheck {
  const known = new Map<string, boolean>();
  return ({ definition }, range) => {
    if (range === "" || range === "*" || range === definition.version) return true;
    if (range.length > rangeCharacters) return false;
    const key = `${definition.id} ${definition.version} ${range}`;
    let fits = known.get(key);
    if (fits === undefined) {
      fits = validRange(range) !== null && satisfies(definition.version, range);
      if (known.size >= rangesKept) known.clear();
      known.set(key, fits);
    }
    return fits;
  };
}
