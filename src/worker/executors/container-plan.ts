/** What a run in a container gets, from the operator's declaration or from a task within the operator's bounds. Pure. */
import { ErrandError } from "../../core/errors.ts";
import type { ContainerRunInput } from "../../skills/container-run.ts";
import type { ContainerSpec } from "../../skills/container-spec.ts";
import type { SkillSource } from "../../skills/skill.ts";
import type { ContainerJob } from "./container-run.ts";
import { allowsImage, defaultContainerSettings, type ContainerSettings } from "./container-settings.ts";

export type ContainerPlan = Omit<ContainerJob, "name" | "labels" | "inputFolder"> & {
  /** Media type of standard output, when that is the output as it is. */
  outputType?: string;
  /** The output says how the container ended, instead of being what it wrote. */
  report: boolean;
};

/** Nobody: what runs as root in a container is root to a kernel that has a hole. */
const nobody = "65534:65534";

/** Throws `InvalidInput` for an image that no task may name. */
export function planRun(source: SkillSource, value: unknown, settings: ContainerSettings): ContainerPlan {
  if (source.kind !== "container") throw new ErrandError("Internal", `${source.kind} is no container`);
  return source.submitted === true
    ? planSubmitted(value as ContainerRunInput, settings)
    : planDeclared(source.container, value);
}

function planDeclared(spec: ContainerSpec, value: unknown): ContainerPlan {
  const { image, command, env = {}, workdir, user = nobody, network = false, outputType } = spec;
  return {
    image,
    ...(command !== undefined && { command }),
    env,
    ...(workdir !== undefined && { workdir }),
    user: user === "image" ? undefined : user,
    memoryMb: spec.memoryMb ?? defaultContainerSettings.memoryMb,
    cpus: spec.cpus ?? defaultContainerSettings.cpus,
    processes: spec.processes ?? defaultContainerSettings.processes,
    scratchMb: spec.scratchMb ?? defaultContainerSettings.scratchMb,
    network,
    stdin: Buffer.from(JSON.stringify(inside(value))),
    ...(outputType !== undefined && { outputType }),
    report: false,
  };
}

function planSubmitted(input: ContainerRunInput, settings: ContainerSettings): ContainerPlan {
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
    memoryMb: Math.min(input.memoryMb ?? Infinity, settings.memoryMb),
    cpus: Math.min(input.cpus ?? Infinity, settings.cpus),
    processes: settings.processes,
    scratchMb: settings.scratchMb,
    network: false,
    stdin: stdin === undefined ? undefined : Buffer.from(stdin),
    ...(outputType !== undefined && { outputType }),
    report: true,
  };
}

/** The input as it is seen from inside: a file lies at /in/file there. */
function inside(value: unknown): unknown {
  const { file } = (value ?? {}) as { file?: object };
  return file === undefined ? value : { ...(value as object), file: { ...file, path: "/in/file" } };
}
