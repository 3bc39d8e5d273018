/**
 * What peers tell one another about others, once a minute: honest ones what their router has to say, the rest what
 * suits them, one after the other in random order: each of the others speaks before or after. Everybody hears everything, as with gossip. Signatures are left out: nobody here forges any.
 */
import { limits } from "../../src/core/limits.ts";
import type { Attestation, Claim } from "../../src/routing/attestation.ts";
import type { Random } from "../../src/core/clock.ts";
import { skillName, wallStart } from "./policies/errand.ts";
import type { ErrandPolicy } from "./policies/errand.ts";
import { shuffle } from "./random.ts";
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
  for (const node of shuffle(world.nodes.slice(), random)) {
    if (!node.joined) continue;
    const own = clients.get(node)?.router;
    const claims = own?.claims(wallMs) ?? claimsOf(fabricated(node, world, random), wallMs);
    own?.onSaid();
    if (claims.length === 0) continue;
    const attestation: Attestation = {
      issuer: node.id,
      seq,
      issuedAt: wallMs,
      expiresAt: wallMs + limits.attestationLifetimeMs,
      claims,
    };
    for (const [other, { router }] of clients) if (other !== node) router.onAttestation(attestation, wallMs);
  }
  for (const { router } of clients.values()) router.tick(world.now, wallMs);
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
