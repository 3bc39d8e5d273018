/** One look at a sandbox tier of this machine, without a node: for `errand doctor`. */
import { systemClock } from "../core/clock.ts";
import { silentLog } from "../core/log.ts";
import { createSandboxes } from "../worker/sandbox/sandboxes.ts";
import type { TierName, TierReport } from "../worker/sandbox/tiers.ts";

export type { TierName, TierReport };

/** Runs the canary of the tier, and cleans up after it. Never throws: what goes wrong is the report. */
export async function checkTier(name: TierName): Promise<TierReport> {
  const sandboxes = createSandboxes({ clock: systemClock, log: silentLog });
  try {
    return await sandboxes.tiers.report(name);
  } finally {
    await sandboxes.close();
  }
}
