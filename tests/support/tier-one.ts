/** Whether tier T1 works on this machine, with bubblewrap installed if that can be done; looked at once for each test file. */
import { systemClock } from "../../src/core/clock.ts";
import { createLog } from "../../src/core/log.ts";
import { createSandboxes } from "../../src/worker/sandbox/sandboxes.ts";
import { ensureProgram } from "./apt.ts";

export interface TierOne {
  /** Why it is missing; undefined when it is there and Node starts in it. */
  missing: string | undefined;
}

export async function tierOne(): Promise<TierOne> {
  if (process.platform === "linux") {
    const missing = await ensureProgram("bwrap", "bubblewrap");
    if (missing !== undefined) return { missing };
  }
  const sandboxes = createSandboxes({ clock: systemClock, log: createLog("silent") });
  try {
    const report = await sandboxes.tiers.report("T1");
    if (!report.ok) return { missing: report.message };
    const around = await sandboxes.around();
    return {
      missing: around === undefined ? "Node does not start in it, so its tests cannot run" : undefined,
    };
  } finally {
    await sandboxes.close();
  }
}
