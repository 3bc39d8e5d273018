/** What a trial of a skill's file needs to run it: the executors that a node would have for it, its server, its sandbox tier. */
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import { safeMessage } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { loadServers, loadSkills } from "../skills/load.ts";
import { defaultSkillSettings } from "../skills/registry.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import type { Executor } from "../worker/executor.ts";
import { createContainerExecutor, createContainerHost } from "../worker/executors/container.ts";
import { defaultContainerSettings, type ContainerSettings } from "../worker/executors/container-settings.ts";
import { createMcpExecutor, type McpExecutor } from "../worker/executors/mcp.ts";
import { createExecutors } from "../worker/executors/registry.ts";
import { detectGpus } from "../worker/gpus.ts";
import { detectResources, type MachineResources } from "../worker/resources.ts";
import { createSandboxes, type Sandboxes } from "../worker/sandbox/sandboxes.ts";
import { createContainerTier } from "../worker/sandbox/t2.ts";
import { unlessAborted } from "../worker/job.ts";
import type { Worker } from "../worker/worker.ts";

export interface TrialSurroundings {
  cwd: string;
  log: Log;
  /** Ends waiting for a server or an engine. */
  signal: AbortSignal;
  /** What the operator says of containers; asked only for a file that needs them. */
  containers?: () => Promise<ContainerSettings | undefined>;
}

export interface TrialParts {
  /** Empty when the file declares a server, until `offerServers`. */
  skills: readonly OfferedSkill[];
  /** Closed with the worker that gets them. */
  executors: readonly Executor[];
  servers: McpExecutor;
  serverNames: readonly string[];
  /** Of this machine. */
  resources: MachineResources;
}

export const trialSlots = 2;

/** What it opens is closed by `opening`. */
export async function openTrialParts(
  file: string,
  folder: string,
  { cwd, log, signal, containers }: TrialSurroundings,
  opening: AsyncDisposableStack,
): Promise<TrialParts> {
  const skills = await loadSkills([file], { cwd });
  const specs = await loadServers([file], cwd);
  const clock = systemClock;
  const resources = await detectResources({ dataDir: folder, internet: true });
  const contained = skills.some(({ source }) => source.kind === "container");
  const host = createContainerHost({
    owner: `trial-${process.pid}`,
    settings: (contained ? await containers?.() : undefined) ?? defaultContainerSettings,
    gpus: detectGpus,
  });
  const tier = createContainerTier({ host, folder: join(folder, "canary"), wanted: contained });
  const sandboxes = createSandboxes({ clock, log, more: [tier] });
  opening.defer(() => sandboxes.close());
  if (contained) await needContainers(sandboxes, signal);
  const servers = createMcpExecutor({ servers: specs, clock, log });
  const executors = [
    ...createExecutors({ settings: defaultSkillSettings, clock, sandboxes, slots: trialSlots }),
    servers,
    createContainerExecutor({ host, clock, log }),
  ];
  return { skills, executors, servers, serverNames: specs.map(({ name }) => name), resources };
}

/** Said before anything runs: without an engine no test of the file could pass. */
async function needContainers({ tiers }: Sandboxes, signal: AbortSignal): Promise<void> {
  const { ok, message, hint } = await unlessAborted(tiers.report("T2"), signal);
  if (!ok) throw new ErrandError("UnsupportedSkill", `it needs sandbox tier T2 here: ${message}`, { hint });
}

/** Starts the servers and waits until each has shown its tools. */
export async function offerServers(
  worker: Pick<Worker, "offerFrom">,
  { servers, serverNames }: TrialParts,
  signal: AbortSignal,
): Promise<void> {
  const shown = new Map(serverNames.map((name) => [name, Promise.withResolvers<void>()]));
  servers.start(
    (name, skills) => {
      worker.offerFrom(name, skills);
      shown.get(name)?.resolve();
    },
    (name, error) => shown.get(name)?.reject(startProblem(name, error)),
  );
  await unlessAborted(Promise.all([...shown.values()].map(({ promise }) => promise)), signal);
}

function startProblem(name: string, cause: unknown): ErrandError {
  const { message } = toErrandError(cause);
  return new ErrandError("SkillFailed", safeMessage(`the MCP server ${name} does not start: ${message}`), {
    hint: "Run its command by itself, or ask its url, to see what it says; a node would try again.",
    cause,
  });
}
