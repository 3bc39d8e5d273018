/** Skills as the API shows them: this node's own and those on the cards of its peers, joined by id. */
import { ErrandError } from "../core/errors.ts";
import { isSkillId, type PeerIdText } from "../core/ids.ts";
import type { CardDirectory, CardSkill, KnownCard } from "../network/card.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { accessWord } from "../worker/policy.ts";
import type { Worker } from "../worker/worker.ts";
import type { ErrandNode, PeerView, SkillView } from "./node.ts";

export interface SkillsOptions {
  self: PeerIdText;
  worker: Worker;
  directory: CardDirectory;
  peer(id: PeerIdText): PeerView;
  /** This node itself as a provider. */
  own(): PeerView;
}

export function createSkills({ self, worker, directory, peer, own }: SkillsOptions): ErrandNode["skills"] {
  const checkId = (id: string): void => {
    if (!isSkillId(id))
      throw new ErrandError("InvalidInput", `"${id.slice(0, 64)}" is not a skill id`, {
        hint: "A skill id is lower-case words joined by dots, such as text.stats.",
      });
  };

  return {
    list({ all = false } = {}) {
      const views = new Map<string, SkillView>();
      for (const skill of worker.skills.values()) {
        const { definition } = skill;
        views.set(definition.id, localView(skill, worker, self));
      }
      if (all) {
        for (const { card } of directory.all()) {
          if (card.peer === self) continue;
          for (const skill of card.skills) {
            const known = views.get(skill.id);
            if (known === undefined) views.set(skill.id, remoteView(skill, card.peer));
            else known.providers.push(card.peer);
          }
        }
      }
      return [...views.values()].toSorted((a, b) => a.id.localeCompare(b.id));
    },
    async *find(id, { signal, limit = 20 }) {
      checkId(id);
      const local = worker.skills.get(id);
      let left = limit;
      if (local !== undefined && left-- > 0) yield { ...own(), version: local.definition.version };
      if (left <= 0) return;
      for await (const { card } of directory.find(id, { signal, limit: left })) {
        const skill = card.skills.find((one) => one.id === id);
        if (card.peer !== self && skill !== undefined) yield { ...peer(card.peer), version: skill.version };
      }
    },
    async get(id, { signal }) {
      checkId(id);
      const offering = await offers(directory, id, signal, worker.skills.has(id));
      const local = worker.skills.get(id);
      const providers = offering.map(({ card }) => card.peer).filter((one) => one !== self);
      if (local !== undefined) {
        const { input, output } = local.definition;
        return { ...localView(local, worker, self), providers: [self, ...providers], input, output };
      }
      const first = offering[0];
      const skill = first?.card.skills.find((one) => one.id === id);
      if (first === undefined || skill === undefined) {
        throw new ErrandError("NotFound", `nobody known offers ${id}`, {
          hint: "`errand skill list` shows what the mesh offers.",
        });
      }
      const schema = (hash: string): Promise<unknown> => directory.schema(hash, first.card.peer, signal);
      const [input, output] = await Promise.all([
        schema(skill.inputSchemaHash),
        schema(skill.outputSchemaHash),
      ]);
      return { ...remoteView(skill, first.card.peer), providers, input, output };
    },
  };
}

/** Cards at hand; the network is asked only when there are none and this node does not know better. */
async function offers(
  directory: CardDirectory,
  id: string,
  signal: AbortSignal,
  local: boolean,
): Promise<KnownCard[]> {
  const known = [...directory.offering(id)];
  if (known.length > 0 || local) return known;
  for await (const found of directory.find(id, { signal, limit: 4 })) known.push(found);
  return known;
}

function localView(skill: OfferedSkill, worker: Worker, self: PeerIdText): SkillView {
  const { definition: d } = skill;
  const { allow, minTrust, limits, network, mounts, gpu } = worker.grantOf(skill);
  return {
    id: d.id,
    version: d.version,
    name: d.name ?? d.id,
    description: d.description,
    tags: d.tags ?? [],
    examples: d.examples ?? [],
    inputModes: d.inputModes ?? [],
    deterministic: d.deterministic ?? false,
    idempotent: d.idempotent ?? false,
    price: d.price ?? 0,
    access: accessWord(allow) ?? "nobody",
    policy: {
      ...(typeof allow === "string" ? {} : { peers: [...allow] }),
      ...(allow === "trusted" ? { minTrust } : {}),
      limits,
      network,
      mounts,
      gpu,
    },
    providers: [self],
    local: true,
  };
}

function remoteView(skill: CardSkill, peer: PeerIdText): SkillView {
  const { id, version, name, description, tags, inputModes, deterministic, idempotent, price, access } =
    skill;
  const examples = skill.examples.flatMap((text): unknown[] => {
    try {
      return [JSON.parse(text)];
    } catch {
      return [];
    }
  });
  return {
    id,
    version,
    name,
    description,
    tags,
    examples,
    inputModes,
    deterministic,
    idempotent,
    price,
    access,
    providers: [peer],
    local: false,
  };
}
