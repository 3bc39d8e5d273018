/** One look at a sandbox tier of this machine, without a node: for `errand doctor`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import { silentLog } from "../core/log.ts";
import { loadSkills } from "../skills/load.ts";
import { defaultContainerSettings } from "../worker/executors/container-settings.ts";
import { createContainerHost } from "../worker/executors/container.ts";
import { createContainerTier } from "../worker/sandbox/t2.ts";
import { createSandboxes } from "../worker/sandbox/sandboxes.ts";
import type { NodeConfig } from "./config.ts";
import type { Tier, TierName, TierReport } from "../worker/sandbox/tiers.ts";

export type { TierName };

/** Under an owner of its own: what the node runs at this moment is none of its business. */
async function containerTier(config: NodeConfig | undefined, folder: string): Promise<Tier> {
  const own = config === undefined ? [] : await loadSkills(config.skills).catch(() => []);
  const host = createContainerHost({
    owner: `doctor-${process.pid}`,
    settings: config?.containers ?? defaultContainerSettings,
  });
  const declared = own.some(({ source }) => source.kind === "container");
  const wanted = config?.containers !== undefined || declared;
  return createContainerTier({ host, wanted, folder: join(folder, "canary") });
}

/**
 * Runs the canary of the tier, and cleans up after it. Never throws: what goes wrong is the report. `config`: whether it wants
 * containers, and which engine.
 */
export async function checkTier(name: TierName, config: NodeConfig | undefined): Promise<TierReport> {
  const folder = await mkdtemp(join(tmpdir(), "errand-canary-"));
  const sandboxes = createSandboxes({
    clock: systemClock,
    log: silentLog,
    more: name === "T2" ? [await containerTier(config, folder)] : [],
  });
  try {
    return await sandboxes.tiers.report(name);
  } finally {
    await sandboxes.close();
    await rm(folder, { recursive: true, force: true });
  }
}
