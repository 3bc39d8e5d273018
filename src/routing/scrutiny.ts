/**
 * How often a peer's results are checked: always at first and after an alarm, then less and less as they prove right, and
 * never quite never. BOINC's adaptive replication (Anderson 2004), with the word of credible peers to begin with.
 */
import type { EvidenceRow } from "./evidence-row.ts";
import { goodWordLeft } from "./evidence.ts";
import type { Indirect } from "./evidence.ts";

const least = 0.05;

/** What was right at other skills counts for at most so many results here. */
const mostElsewhere = 12;
/** Praise saves at most so many checks: whoever everybody praises may turn, and one of all must notice. */
const mostPraise = 11;

/**
 * v = clamp(1/(1 + CV + p·½^nb), .05, 1). `rows`: own evidence by skill; `said`: I⁺ and I⁻, of which p is I⁺ times the
 * fourth power of its share, at most eleven: of one who fails now and then good words save no checks. `known`: told from a
 * stranger, by own experience or others'. CV is of this skill, and some of the others if nothing was wrong there.
 */
export function checkShare(
  rows: ReadonlyMap<string, EvidenceRow> | undefined,
  skill: string,
  said: Indirect,
  known: boolean,
  wallMs: number,
): number {
  if (!known) return 1;
  const praise = praiseOf(said);
  const row = rows?.get(skill);
  const elsewhere = validElsewhere(rows, row);
  if (row === undefined) return clamp(1 / (1 + elsewhere + praise));
  if (row.alarmChecks > 0 && wallMs < row.alarmUntil) return 1;
  return clamp(1 / (1 + row.valid + elsewhere + praise * goodWordLeft(row.bad)));
}

function praiseOf({ good, bad }: Indirect): number {
  return good === 0 ? 0 : Math.min(mostPraise, good * (good / (good + bad)) ** 4);
}

function validElsewhere(
  rows: ReadonlyMap<string, EvidenceRow> | undefined,
  here: EvidenceRow | undefined,
): number {
  let valid = 0;
  for (const row of rows?.values() ?? []) {
    if (row === here) continue;
    // The last verdict there was a bad one.
    if (row.valid === 0 && row.wrong > 0) return 0;
    valid += row.valid;
  }
  return Math.min(mostElsewhere, valid);
}

function clamp(share: number): number {
  return Math.min(1, Math.max(least, share));
}
