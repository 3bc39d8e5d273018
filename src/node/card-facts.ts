/** What this node says of itself on its card, and the schemas it serves by their hash. */
import type { CardSkill, Resources, SkillAccess } from "../network/card.ts";
import type { CardFacts } from "../network/own-card.ts";
import { limits } from "../core/limits.ts";
import { sha256 } from "../core/signatures.ts";
import { version } from "../core/version.ts";
import { jsonBody } from "../core/body.ts";
import type { OfferedSkill, SkillDefinition } from "../skills/skill.ts";
import { accessWord } from "../worker/policy.ts";
import type { Worker } from "../worker/worker.ts";
import type { NodeConfig } from "./config.ts";

export interface OwnFacts {
  facts(): Omit<CardFacts, "addresses">;
  schemaText(hash: string): string | undefined;
}

export function createOwnFacts(
  config: NodeConfig,
  worker: Worker,
  resources: () => Resources,
  draining: () => boolean,
  tiers: () => string[],
): OwnFacts {
  const schemas = new Map<string, string>();
  const remember = (schema: unknown): string => {
    const text = JSON.stringify(schema);
    const hash = Buffer.from(sha256(Buffer.from(text))).toString("hex");
    schemas.set(hash, text);
    return hash;
  };
  // Skills come and go; each is described once.
  const described = new WeakMap<OfferedSkill, CardSkill>();
  const describe = (skill: OfferedSkill, warm: ReadonlySet<string>): CardSkill[] => {
    // What no other peer may call is not told to any.
    const access = accessWord(worker.grantOf(skill).allow);
    if (access === undefined) return [];
    const known = described.get(skill) ?? cardSkill(skill, access, remember);
    described.set(skill, known);
    return [warm.has(known.id) ? { ...known, warm: true } : known];
  };
  return {
    schemaText: (hash) => schemas.get(hash),
    facts: () => {
      const warm = new Set(worker.warm());
      return {
        name: config.name,
        agent: {
          name: "errand",
          version,
          protocols: [
            "/errand/task/1.0.0",
            "/errand/card/1.0.0",
            "/errand/blob/1.0.0",
            "/errand/trust/1.0.0",
          ],
        },
        resources: resources(),
        role: config.role,
        tags: config.tags,
        tiers: tiers(),
        load: worker.load(),
        // Nobody is to come for a skill that would be refused.
        skills: draining()
          ? []
          : [...worker.skills.values()]
              .flatMap((skill) => describe(skill, warm))
              .slice(0, limits.skillsPerCard),
      };
    },
  };
}

function cardSkill(
  { definition: d }: OfferedSkill,
  access: SkillAccess,
  remember: (schema: unknown) => string,
): CardSkill {
  return {
    id: d.id,
    version: d.version,
    name: d.name ?? d.id,
    description: d.description,
    tags: d.tags ?? [],
    examples: cardExamples(d),
    inputSchemaHash: remember(d.input),
    outputSchemaHash: remember(d.output),
    deterministic: d.deterministic ?? false,
    idempotent: d.idempotent ?? false,
    price: d.price ?? 0,
    access,
    inputModes: d.inputModes ?? [],
  };
}

// A card holds many skills in 64 KiB: examples are there to show the shape.
const exampleBytes = 512;

function cardExamples(d: SkillDefinition): string[] {
  return (d.examples ?? [])
    .map((example) => Buffer.from(jsonBody(example).bytes ?? new Uint8Array()).toString("utf8"))
    .filter((text) => Buffer.byteLength(text) <= exampleBytes)
    .slice(0, 2);
}
