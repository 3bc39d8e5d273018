/**
 * A card's bytes: how it is encoded, signed and checked. The signature covers the bytes as they were received, so fields that
 * this version does not know survive; the signer is the PeerId in the card, whose public key is the PeerId itself.
 */
import {
  Card as WireCard,
  SignedCard,
  type SkillEntry as WireSkill,
  type SignedCard as WireSignedCard,
} from "#protocols/card";
import { ErrandError } from "../core/errors.ts";
import { isSkillId, publicKeyOfPeer } from "../core/ids.ts";
import { limits, safeMessage } from "../core/limits.ts";
import { verifySignature, type Signer } from "../core/signatures.ts";
import type { Card, CardSkill, SkillAccess } from "./card.ts";

export const cardVersion = 1;
const signatureDomain = "errand/card/1";

/** Serialised `SignedCard`. Throws `LimitExceeded` if it is too large even without the skills' examples. */
export function signCard(card: Card, signer: Signer): Uint8Array {
  const whole = sealCard(card, signer);
  if (whole.length <= limits.cardBytes) return whole;
  // Examples are the one part that callers can do without.
  const lean = sealCard(
    { ...card, skills: card.skills.map((skill) => ({ ...skill, examples: [] })) },
    signer,
  );
  if (lean.length <= limits.cardBytes) return lean;
  throw new ErrandError(
    "LimitExceeded",
    `this node's card has ${lean.length} bytes, ${limits.cardBytes} are allowed`,
    {
      hint: "Offer fewer skills on one node, or shorten their descriptions.",
    },
  );
}

function sealCard(card: Card, signer: Signer): Uint8Array {
  const bytes = encodeCard(card);
  const signature = Buffer.from(signer.sign(signatureDomain, bytes));
  return SignedCard.encode({ card: bytes, signature });
}

/**
 * The card, or why it is not to be used. `hostile`: no honest node sends such a thing; otherwise it may be late, from another
 * network or from a later version.
 */
export type CheckedCard = { card: Card; problem?: undefined } | { problem: string; hostile: boolean };

/** Everything that can be checked without knowing other cards. `now` is wall clock. Never throws. */
export function checkCard(signed: Uint8Array, network: string, now: number): CheckedCard {
  if (signed.length > limits.cardBytes) return hostile(`${signed.length} bytes`);
  let outer: WireSignedCard;
  let wire: WireCard;
  try {
    outer = SignedCard.decode(signed);
    wire = WireCard.decode(outer.card);
  } catch {
    return hostile("not a card");
  }
  if (wire.version !== cardVersion) return { problem: `version ${wire.version}`, hostile: false };
  if (wire.network !== network) return { problem: "of another network", hostile: false };
  if (publicKeyOfPeer(wire.peerId) === undefined) return hostile("no Ed25519 PeerId");
  const life = wire.expiresAt - wire.issuedAt;
  if (!(life > 0 && life <= limits.cardLifetimeMs)) return hostile(`lives for ${life} ms`);
  if (wire.skills.length > limits.skillsPerCard) return hostile(`${wire.skills.length} skills`);
  if (!Number.isSafeInteger(wire.seq)) return hostile("no sequence number");
  if (!wire.skills.every(isCleanSkill)) return hostile("malformed skill");
  if (wire.tombstone && wire.skills.length > 0) return hostile("a tombstone with skills");
  if (wire.issuedAt > now + limits.clockSkewMs) return { problem: "from the future", hostile: false };
  if (wire.expiresAt < now - limits.clockSkewMs) return { problem: "expired", hostile: false };
  // Last, because it costs most.
  if (!verifySignature(wire.peerId, signatureDomain, outer.card, outer.signature)) return hostile("forged");
  return { card: cardOf(wire) };
}

function hostile(problem: string): CheckedCard {
  return { problem, hostile: true };
}

/** The peer that a signed card claims to be of, unchecked: cheap, for dropping what is known before checking it. */
export function claimOf(signed: Uint8Array): { peer: string; seq: number } | undefined {
  if (signed.length > limits.cardBytes) return undefined;
  try {
    const { peerId, seq } = WireCard.decode(SignedCard.decode(signed).card);
    return { peer: peerId, seq };
  } catch {
    return undefined;
  }
}

const accesses: readonly string[] = ["everyone", "pinned", "trusted", "listed"] satisfies SkillAccess[];

function isCleanSkill(skill: WireSkill): boolean {
  return (
    isSkillId(skill.id) &&
    skill.version.length <= 64 &&
    skill.tags.length <= 16 &&
    skill.inputModes.length <= 16 &&
    skill.examples.length <= 16 &&
    isHashOrEmpty(skill.inputSchemaHash) &&
    isHashOrEmpty(skill.outputSchemaHash) &&
    accesses.includes(skill.access)
  );
}

function isHashOrEmpty(bytes: Uint8Array): boolean {
  return bytes.length === 32 || bytes.length === 0;
}

function encodeCard(card: Card): Uint8Array<ArrayBuffer> {
  return WireCard.encode({
    ...card,
    peerId: card.peer,
    skills: card.skills.map(({ price, inputSchemaHash, outputSchemaHash, warm = false, ...skill }) => ({
      ...skill,
      warm,
      inputSchemaHash: Buffer.from(inputSchemaHash, "hex"),
      outputSchemaHash: Buffer.from(outputSchemaHash, "hex"),
      priceMilli: Math.round(price * 1_000),
    })),
    load: { ...card.load, serviceMs: Math.round(card.load.serviceMs) },
    resources: {
      ...card.resources,
      cpuCores: Math.floor(card.resources.cpuCores),
      memoryBytes: Math.floor(card.resources.memoryBytes),
      storageBytes: Math.floor(card.resources.storageBytes),
    },
  });
}

/** Text of a peer's that may reach a terminal: bounded and printable. */
const text = (value: string): string => safeMessage(value);
const texts = (values: string[], most: number): string[] => values.slice(0, most).map(text);

function cardOf(wire: WireCard): Card {
  const { agent, resources, load } = wire;
  return {
    version: wire.version,
    network: wire.network,
    peer: wire.peerId,
    seq: wire.seq,
    issuedAt: wire.issuedAt,
    expiresAt: wire.expiresAt,
    name: text(wire.name),
    addresses: texts(wire.addresses, limits.addressesPerPeer),
    agent: {
      name: text(agent?.name ?? ""),
      version: text(agent?.version ?? ""),
      protocols: texts(agent?.protocols ?? [], 32),
    },
    resources: {
      cpuCores: resources?.cpuCores ?? 0,
      memoryBytes: resources?.memoryBytes ?? 0,
      storageBytes: resources?.storageBytes ?? 0,
      gpus: texts(resources?.gpus ?? [], 16),
      platform: text(resources?.platform ?? ""),
      arch: text(resources?.arch ?? ""),
      internet: resources?.internet ?? false,
    },
    role: text(wire.role),
    tags: texts(wire.tags, 32),
    tiers: texts(wire.tiers, 16),
    load: {
      running: load?.running ?? 0,
      slots: load?.slots ?? 0,
      queued: load?.queued ?? 0,
      serviceMs: load?.serviceMs ?? 0,
    },
    skills: wire.skills.map(skillOf),
    tombstone: wire.tombstone,
  };
}

function skillOf(wire: WireSkill): CardSkill {
  return {
    id: wire.id,
    version: text(wire.version),
    name: text(wire.name),
    description: safeMessage(wire.description, 4_096),
    tags: texts(wire.tags, 16),
    // JSON texts: parsed and printed by others, so they stay as they are.
    examples: wire.examples,
    inputSchemaHash: Buffer.from(wire.inputSchemaHash).toString("hex"),
    outputSchemaHash: Buffer.from(wire.outputSchemaHash).toString("hex"),
    deterministic: wire.deterministic,
    idempotent: wire.idempotent,
    price: wire.priceMilli / 1_000,
    access: wire.access as SkillAccess,
    inputModes: texts(wire.inputModes, 16),
    ...(wire.warm && { warm: true }),
  };
}
