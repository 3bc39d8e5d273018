/** What the sandboxes say: each tier's canary is run here and now, whatever a running node has found. */
import type { TierName } from "../../src/api/tiers.ts";
import { fine, type DoctorContext, type Finding } from "./finding.ts";
import { configOf } from "./node.ts";

/** A missing tier is no illness: skills that need it are not offered, and everything else works. */
export function checkTier(name: TierName): (context: DoctorContext) => Promise<Finding> {
  return async (context) => {
    const tiers = await import("../../src/api/tiers.ts");
    const config = await configOf(context).catch(() => undefined);
    const { ok, message, hint, tried } = await tiers.checkTier(name, config);
    if (ok) return fine(`${message} (${tried.length} trials passed)`);
    const before = tried.slice(0, -1).map((trial) => trial.replace(/:.*/s, ""));
    const after = before.length === 0 ? "" : ` (passed: ${before.join(", ")})`;
    return { ok: true, message: `missing: ${message}${after}`, hint };
  };
}
