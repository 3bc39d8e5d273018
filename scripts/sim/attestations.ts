/**
 * What peers tell one another about others, once a minute: honest ones what their router has to say, the rest what
 * suits them. Everybody hears everything, as with gossip. Signatures are left out: nobody here forges any.
 */
import { limits } from "../../src/core/limits.ts";
import type { Attestation, Claim } from "../../src/routing/attestation.ts";
import type { Random } from "../../src/core/clock.ts";
import { skillName, wallStart } from "./policies/errand.ts";
import type { ErrandPolicy } from "./policies/errand.ts";
import { fabricated } from "./threats.ts";
import type { SimNode, World } from "./world.ts";

const hourMs = 3_600_000;

export function attestationRound(
  world: World,
  clients: ReadonlyMap<SimNode, ErrandPolicy>,
  random: Random,
  seq: number,
): void {
  const wallMs = wallStart + world.now;
  const said: Attestation[] = [];
  for (const node of world.nodes) {
    if (!node.joined) continue;
    const claims =
      clients.get(node)?.router.claims(wallMs) ?? claimsOf(fabricated(node, world, random), wallMs);
    if (claims.length === 0) continue;
    said.push({
      issuer: node.id,
      seq,
      issuedAt: wallMs,
      expiresAt: wallMs + limits.attestationLifetimeMs,
      claims,
    });
  }
  for (const [node, { router }] of clients) {
    for (const one of said) if (one.issuer !== node.id) router.onAttestation(one, wallMs);
    router.tick(world.now, wallMs);
  }
}

function claimsOf(said: ReturnType<typeof fabricated>, wallMs: number): Claim[] {
  const lastEpoch = Math.floor(wallMs / hourMs);
  return said.map(({ subject, good }, i) => ({
    subject: subject.id,
    skill: skillName(subject.skills[i % subject.skills.length] as number),
    pos: good ? limits.claimedVerdicts : 0,
    neg: good ? 0 : limits.claimedVerdicts,
    grounded: true,
    lastEpoch,
  }));
}
