/**
 * How often a peer's results are checked: always at first and after an alarm, then less and less as they prove right, and
 * never quite never. BOINC's adaptive replication (Anderson 2004), with the word of credible peers to begin with.
 */
import type { EvidenceRow } from "./evidence-row.ts";
import { goodWordLeft } from "./evidence.ts";

const least = 0.05;

/**
 * v = clamp(1/(1 + CV + I⁺·½^nb), .05, 1). `row`: own evidence at the skill; `praise`: I⁺; `known`: told from a
 * stranger, by own experience or others'.
 */
export function checkShare(
  row: EvidenceRow | undefined,
  praise: number,
  known: boolean,
  wallMs: number,
): number {
  if (!known) return 1;
  if (row === undefined) return clamp(1 / (1 + praise));
  if (row.alarmChecks > 0 && wallMs < row.alarmUntil) return 1;
  return clamp(1 / (1 + row.valid + praise * goodWordLeft(row.bad)));
}

function clamp(share: number): number {
  return Math.min(1, Math.max(least, share));
}
