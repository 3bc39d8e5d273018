/** What a run in a container gets, from the operator's declaration or from a task within the operator's bounds. Pure. */
import { ErrandError } from "../../core/errors.ts";
import type { ContainerRunInput } from "../../skills/container-run.ts";
import type { ContainerSpec } from "../../skills/container-spec.ts";
import type { SkillSource } from "../../skills/skill.ts";
import type { Grant } from "../policy.ts";
import type { ContainerJob } from "./container-run.ts";
import { allowsImage, type ContainerSettings } from "./container-settings.ts";

export type ContainerPlan = Omit<
  ContainerJob,
  "name" | "labels" | "inputFolder" | "security" | "podman" | "gpus"
> & {
  /** Media type of standard output, when that is the output as it is. */
  outputType?: string;
  /** The output says how the container ended, instead of being what it wrote. */
  report: boolean;
  /** Undefined: until the attempt's deadline. */
  timeoutMs?: number;
};

type Granted = Pick<Grant, "limits" | "network" | "mounts">;

/** What a run has when nothing else was said. */
export const usualBounds = { memoryMb: 128, cpus: 1, processes: 64, scratchMb: 32 };
const usualTimeoutSeconds = 60;

/** Nobody: what runs as root in a container is root to a kernel that has a hole. */
const nobody = "65534:65534";

/** Throws `InvalidInput` for an image that no task may name. */
export function planRun(
  source: SkillSource,
  value: unknown,
  settings: ContainerSettings,
  grant: Granted | undefined,
): ContainerPlan {
  if (source.kind !== "container") throw new ErrandError("Internal", `${source.kind} is no container`);
  return source.submitted === true
    ? planSubmitted(value as ContainerRunInput, settings, grant)
    : planDeclared({ ...source.container, ...boundsOf(grant) }, value, grant);
}

/** What the operator says in the node's configuration goes before what the skill's file says. */
function boundsOf(grant: Granted | undefined): Partial<ContainerSpec> {
  const { memoryMb, cpuCores, processes, scratchMb } = grant?.limits ?? {};
  return {
    ...(memoryMb !== undefined && { memoryMb }),
    ...(cpuCores !== undefined && { cpus: cpuCores }),
    ...(processes !== undefined && { processes }),
    ...(scratchMb !== undefined && { scratchMb }),
  };
}

function planDeclared(spec: ContainerSpec, value: unknown, grant: Granted | undefined): ContainerPlan {
  const { image, command, env = {}, workdir, user = nobody, network = false, outputType } = spec;
  return {
    image,
    ...(command !== undefined && { command }),
    env,
    ...(workdir !== undefined && { workdir }),
    user: user === "image" ? undefined : user,
    memoryMb: spec.memoryMb ?? usualBounds.memoryMb,
    cpus: spec.cpus ?? usualBounds.cpus,
    processes: spec.processes ?? usualBounds.processes,
    scratchMb: spec.scratchMb ?? usualBounds.scratchMb,
    network: network || grant?.network === true,
    mounts: grant?.mounts ?? [],
    stdin: Buffer.from(JSON.stringify(value)),
    ...(outputType !== undefined && { outputType }),
    report: false,
  };
}

/** A task may ask for what the operator grants to the skill, and gets the usual when it asks for nothing. */
function planSubmitted(
  input: ContainerRunInput,
  settings: ContainerSettings,
  grant: Granted | undefined,
): ContainerPlan {
  const most = grant?.limits ?? {};
  const bounded = (asked: number | undefined, usual: number, granted: number | undefined): number =>
    Math.min(asked ?? usual, granted ?? usual);
  const { image, command, env = {}, stdin, workdir, outputType } = input;
  if (!allowsImage(settings.images, image)) {
    throw new ErrandError("InvalidInput", `the image ${image} is not one that tasks may use here`, {
      hint: `Allowed are: ${settings.images.slice(0, 10).join(", ") || "none"}.`,
    });
  }
  return {
    image,
    ...(command !== undefined && { command }),
    env,
    ...(workdir !== undefined && { workdir }),
    user: nobody,
    memoryMb: bounded(input.memoryMb, usualBounds.memoryMb, most.memoryMb),
    cpus: bounded(input.cpus, usualBounds.cpus, most.cpuCores),
    processes: most.processes ?? usualBounds.processes,
    scratchMb: most.scratchMb ?? usualBounds.scratchMb,
    network: grant?.network ?? false,
    mounts: grant?.mounts ?? [],
    timeoutMs: bounded(input.timeoutSeconds, usualTimeoutSeconds, most.timeoutSeconds) * 1_000,
    stdin: stdin === undefined ? undefined : Buffer.from(stdin),
    ...(outputType !== undefined && { outputType }),
    report: true,
  };
}
