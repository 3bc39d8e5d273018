/** What a task asks of the machine that runs it: options, and what they become. */
import { Option, type Command } from "commander";
import type { SubmissionJson } from "../src/api/submission.ts";
import { amount, collect } from "./cli.ts";

export interface RequirementOptions {
  cores?: number;
  memory?: number;
  storage?: number;
  gpu?: boolean;
  internet?: boolean;
  platform?: string;
  role?: string;
  tag?: string[];
  skillVersion?: string;
  maxPrice?: number;
}

const platforms = ["linux", "darwin", "windows", "android"];
const roles = ["worker", "compute", "storage", "mobile"];

export function requirementOptions(command: Command): Command {
  return command
    .option("--cores <n>", "CPU cores that are kept for it while it runs", amount)
    .option("--memory <gb>", "memory that is kept for it while it runs, GB", amount)
    .option("--storage <gb>", "free disk that the machine must have, GB", amount)
    .option("--gpu", "a GPU of the machine that is kept for it while it runs")
    .option("--internet", "the machine must reach the internet")
    .addOption(new Option("--platform <platform>", "the machine must be of this kind").choices(platforms))
    .addOption(new Option("--role <role>", "the peer must have this role").choices(roles))
    .option("--tag <tag>", "the peer must have this tag; repeatable", collect)
    .option("--skill-version <range>", "versions of the skill that will do: ^1.2.0")
    .option("--max-price <credits>", "the most that it may cost", amount);
}

/** `--cores` and `--memory` say both what the machine must have and what is kept free for the task. */
export function requirementFields(options: RequirementOptions): Partial<SubmissionJson> {
  const { cores, memory, storage, gpu, internet, platform, role, tag, skillVersion, maxPrice } = options;
  const requirements: NonNullable<SubmissionJson["requirements"]> = {
    ...(cores !== undefined && { minCpuCores: cores }),
    ...(memory !== undefined && { minMemoryGb: memory }),
    ...(storage !== undefined && { minStorageGb: storage }),
    ...(gpu === true && { gpu }),
    ...(internet === true && { internet }),
    ...(platform !== undefined && { platform }),
    ...(role !== undefined && { role }),
    ...(tag !== undefined && { tags: tag }),
  };
  const limits = {
    ...(cores !== undefined && { cpuCores: cores }),
    ...(memory !== undefined && { memoryBytes: Math.round(memory * 1e9) }),
  };
  return {
    ...(Object.keys(requirements).length > 0 && { requirements }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(skillVersion !== undefined && { skillVersion }),
    ...(maxPrice !== undefined && { maxPrice }),
  };
}
