/**
 * What this node says of others: its own grounded verdicts and nothing else. What it heard is left out, since rumors
 * that come back would confirm themselves; so is agreement that nobody checked, which a liar can produce at will.
 */
import { limits } from "../core/limits.ts";
import { badWeight, hourMs } from "./attestation.ts";
import type { Claim } from "./attestation.ts";
import type { EvidenceRow } from "./evidence-row.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { badHalfLifeMs, goodHalfLifeMs, remaining } from "./evidence.ts";

/**
 * The claims of this moment for one attestation. Where there are more than fit, half of them are the newest, for whatever is
 * news: a newcomer of whom nobody else has heard, a peer that turned; the rest are those with the most behind them.
 */
export function attest(
  table: EvidenceTable,
  wallMs: number,
  most: number = limits.claimsPerAttestation,
): Claim[] {
  const all: Dated[] = [];
  for (const [, { skills }] of table.peers()) {
    for (const row of skills.values()) {
      const claim = claimOf(row, wallMs);
      if (claim.pos + claim.neg > 0) all.push({ claim, at: lastVerdictAt(row) });
    }
  }
  all.sort((x, y) => y.at - x.at || compare(x.claim, y.claim));
  const newest = all.length > most ? all.splice(0, Math.floor(most / 2)) : [];
  all.sort((x, y) => information(y.claim) - information(x.claim) || compare(x.claim, y.claim));
  return [...newest, ...all].slice(0, most).map(({ claim }) => claim);
}

interface Dated {
  claim: Claim;
  /** When its last verdict came, ms since the epoch. */
  at: number;
}

function lastVerdictAt(row: EvidenceRow): number {
  return row.verdicts.at(-1)?.at ?? row.updatedAt;
}

function claimOf(row: EvidenceRow, wallMs: number): Claim {
  const elapsedMs = wallMs - row.updatedAt;
  return {
    subject: row.peer,
    skill: row.skill,
    pos: count(row.right * remaining(elapsedMs, goodHalfLifeMs)),
    neg: count(row.wrong * remaining(elapsedMs, badHalfLifeMs)),
    grounded: true,
    lastEpoch: Math.floor(lastVerdictAt(row) / hourMs),
  };
}

function count(weight: number): number {
  return Math.min(limits.claimedVerdicts, Math.round(weight));
}

function information({ pos, neg }: Claim): number {
  return pos + badWeight * neg;
}

/** Any order that does not depend on when peers were met. */
function compare(x: Claim, y: Claim): number {
  const [a, b] = [`${x.subject} ${x.skill}`, `${y.subject} ${y.skill}`];
  return a < b ? -1 : a > b ? 1 : 0;
}
