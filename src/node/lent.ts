/** What the operator lends, put together: the container executor with its tier, the storage executor with its shelf. */
import { join } from "node:path";
import { containerRun } from "../skills/container-run.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { storageGet, storagePut } from "../skills/storage.ts";
import { openBlobs } from "../storage/blobs.ts";
import type { Executor } from "../worker/executor.ts";
import { createContainerExecutor, createContainerHost } from "../worker/executors/container.ts";
import { defaultContainerSettings } from "../worker/executors/container-settings.ts";
import { createStorageExecutor } from "../worker/executors/storage.ts";
import { detectGpus } from "../worker/gpus.ts";
import { createContainerTier } from "../worker/sandbox/t2.ts";
import type { Tier, Tiers } from "../worker/sandbox/tiers.ts";
import type { NodeConfig } from "./config.ts";
import type { Surroundings } from "./ground.ts";

export interface Lent {
  /** T2; to be checked with the other tiers. */
  tier: Tier;
  executors: Executor[];
  /** Offered from the start. */
  skills: OfferedSkill[];
  /** Offered unless T2 turns out to be missing. */
  inContainers: OfferedSkill[];
}

/** `own`: the operator's skills, declared ones in containers among them. Nothing starts here. */
export function openLent(
  config: NodeConfig,
  owner: string,
  own: readonly OfferedSkill[],
  { clock, log }: Surroundings,
  tiers: () => Tiers,
): Lent {
  const { containers, storage, dataDir, builtinSkills } = config;
  const chosen = ({ definition }: OfferedSkill): boolean => builtinSkills?.includes(definition.id) ?? true;
  const declared = own.filter(({ source }) => source.kind === "container");
  const submitted = (containers?.images.length ?? 0) > 0 ? [containerRun].filter(chosen) : [];
  const host = createContainerHost({
    owner,
    settings: containers ?? defaultContainerSettings,
    gpus: detectGpus,
    tried: () => tiers().report("T2"),
  });
  const executors = [createContainerExecutor({ host, clock, log })];
  if (storage !== undefined) {
    const shelf = openBlobs(join(dataDir, "storage"), { clock, maxBytes: storage.maxBytes });
    executors.push(createStorageExecutor({ shelf, ttlMs: storage.ttlMs, clock }));
  }
  return {
    tier: createContainerTier({
      host,
      folder: join(dataDir, "canary"),
      wanted: containers !== undefined || declared.length > 0,
    }),
    executors,
    skills: storage === undefined ? [] : [storagePut, storageGet].filter(chosen),
    inContainers: [...declared, ...submitted],
  };
}
