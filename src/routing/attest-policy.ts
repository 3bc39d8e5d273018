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

/** The most informative claims of this moment, most first; for one attestation. */
export function attest(
  table: EvidenceTable,
  wallMs: number,
  most: number = limits.claimsPerAttestation,
): Claim[] {
  const claims: Claim[] = [];
  for (const [, { skills }] of table.peers()) {
    for (const row of skills.values()) {
      const claim = claimOf(row, wallMs);
      if (claim.pos + claim.neg > 0) claims.push(claim);
    }
  }
  claims.sort((x, y) => information(y) - information(x) || compare(x, y));
  return claims.slice(0, most);
}

function claimOf(row: EvidenceRow, wallMs: number): Claim {
  const elapsedMs = wallMs - row.updatedAt;
  const last = row.verdicts.at(-1)?.at ?? row.updatedAt;
  return {
    subject: row.peer,
    skill: row.skill,
    pos: count(row.right * remaining(elapsedMs, goodHalfLifeMs)),
    neg: count(row.wrong * remaining(elapsedMs, badHalfLifeMs)),
    grounded: true,
    lastEpoch: Math.floor(last / hourMs),
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
