/**
 * Who may call a skill, and what a run of it may use: the operator's word, by skill, as pure functions of plain data. A
 * skill of the operator's own is open to everybody unless he says otherwise; one that runs code which comes with the task is
 * open to nobody until he says so.
 */
import type { OfferedSkill, SkillSource } from "../skills/skill.ts";

/** The peers that may call a skill. `trusted`: with at least `minTrust`. A list holds PeerIds. This node itself always may. */
export type Allow = "everyone" | "pinned" | "trusted" | "nobody" | readonly string[];

/** As configured for a skill, for all that begin alike (`acme.*`) or for all (`*`). */
export interface SkillPolicy {
  allow?: Allow;
  /** 0–1; for `trusted`. */
  minTrust?: number;
  /** The most that one run may use. */
  limits?: PolicyLimits;
  /** Whether a sandboxed run may reach the network. */
  network?: boolean;
  /** Absolute paths of this machine that a sandboxed run may read, or write. */
  mounts?: readonly { path: string; write?: boolean }[];
  /** Whether a run in a container may have the GPU that its task asks for. */
  gpu?: boolean;
}

export interface PolicyLimits {
  memoryMb?: number;
  cpuCores?: number;
  processes?: number;
  timeoutSeconds?: number;
  outputMb?: number;
  scratchMb?: number;
}

export interface AccessPolicy {
  skills: Readonly<Record<string, SkillPolicy>>;
  /** Who may send code to be run here, where the skill by its own name says nothing. */
  code: Allow;
}

/** Nothing configured. */
export const defaultAccess: AccessPolicy = { skills: {}, code: "nobody" };

/** What holds for one skill. */
export interface Grant {
  allow: Allow;
  minTrust: number;
  /** It runs code that its input carries. */
  runsCode: boolean;
  limits: PolicyLimits;
  network: boolean;
  mounts: readonly { path: string; write?: boolean }[];
  gpu: boolean;
}

/** Above what a stranger has, and below what some dozens of good answers give. */
const defaultMinTrust = 0.5;

/** Whether runs of the skill execute code that the task's submitter wrote. */
export function runsCode(source: SkillSource): boolean {
  switch (source.kind) {
    case "script":
    case "container":
      return source.submitted !== undefined;
    case "wasm":
      return source.path === undefined;
    case "argv":
      return true;
    case "builtin":
    case "module":
    case "command":
    case "process":
    case "http":
    case "mcp":
    case "storage":
      return false;
  }
}

/** Whether the skill cannot run without a GPU. */
export function needsGpu(source: SkillSource): boolean {
  return source.kind === "container" && source.submitted === undefined && source.container.gpu === true;
}

/** Why a run of the skill would not see the GPU that its task asks for; undefined when it would. */
export function gpuRefusal(
  { definition, source }: OfferedSkill,
  grant: Pick<Grant, "gpu">,
): string | undefined {
  const { id } = definition;
  switch (source.kind) {
    case "container":
      if (grant.gpu || needsGpu(source)) return undefined;
      return `a run of ${id} gets no GPU here; its operator can grant it (access: {${id}: {gpu: true}})`;
    case "script":
    case "wasm":
    case "argv":
      return `a run of ${id} is in a sandbox that no GPU can be seen from`;
    case "command":
      return source.sandbox === undefined
        ? undefined
        : `a run of ${id} is in a sandbox that no GPU can be seen from`;
    case "builtin":
    case "module":
    case "process":
    case "http":
    case "mcp":
    case "storage":
      return undefined;
  }
}

/** What the operator said, the particular before the general, field by field. */
export function grantFor(
  { definition, source }: Pick<OfferedSkill, "definition" | "source">,
  access: AccessPolicy,
): Grant {
  const { id } = definition;
  const exact = Object.hasOwn(access.skills, id) ? (access.skills[id] ?? {}) : {};
  const wide = patternsFor(id, access.skills);
  const said = Object.assign({}, ...wide, exact) as SkillPolicy;
  const code = runsCode(source);
  // "All my skills are for everybody" was hardly meant to let everybody run code here.
  const allow = code ? (exact.allow ?? access.code) : (said.allow ?? "everyone");
  return {
    allow,
    minTrust: said.minTrust ?? defaultMinTrust,
    runsCode: code,
    limits: Object.assign({}, ...wide.map((one) => one.limits ?? {}), exact.limits ?? {}) as PolicyLimits,
    network: said.network ?? false,
    mounts: said.mounts ?? [],
    gpu: said.gpu ?? false,
  };
}

/** The policies whose pattern fits, the widest first. */
function patternsFor(id: string, skills: AccessPolicy["skills"]): SkillPolicy[] {
  return Object.keys(skills)
    .filter((pattern) => pattern.endsWith("*") && id.startsWith(pattern.slice(0, -1)))
    .toSorted((a, b) => a.length - b.length)
    .map((pattern) => skills[pattern] ?? {});
}

/** What is known of who asks. */
export interface Caller {
  /** This node itself. */
  self: boolean;
  /** The operator's pin, 0–1. */
  pin: number | undefined;
  /** 0–1: what it is at least trusted by. */
  trust: number;
}

/** Why `peer` may not call the skill, as a sentence for its user, or undefined when it may. */
export function refusalOf(id: string, peer: string, grant: Grant, caller: () => Caller): string | undefined {
  const { allow, minTrust } = grant;
  if (allow === "everyone") return undefined;
  const { self, pin, trust } = caller();
  if (self) return undefined;
  if (allow === "nobody") {
    return grant.runsCode
      ? `${id} runs code that comes with the task, and this node takes code from nobody; its operator can allow it (--allow-code)`
      : `${id} is for this node's own tasks`;
  }
  if (allow === "pinned") {
    // A pin of 0 says the opposite.
    if (pin !== undefined && pin > 0) return undefined;
    return `${id} is for peers that this node's operator has pinned (errand peer pin)`;
  }
  if (allow === "trusted") {
    const has = Math.max(trust, pin ?? 0);
    if (has >= minTrust) return undefined;
    return `${id} is for peers with a trust of ${minTrust}; this node trusts you with ${has.toFixed(2)}`;
  }
  return allow.includes(peer) ? undefined : `${id} is for peers that this node's operator has listed`;
}

/** The word on the card; undefined for a skill that no other peer may call, which is not offered to them. */
export function accessWord(allow: Allow): "everyone" | "pinned" | "trusted" | "listed" | undefined {
  if (typeof allow !== "string") return allow.length === 0 ? undefined : "listed";
  return allow === "nobody" ? undefined : allow;
}

const who = {
  oneOf: [
    { enum: ["everyone", "pinned", "trusted", "nobody"] },
    {
      type: "array",
      maxItems: 10_000,
      items: { type: "string", pattern: "^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$" },
    },
  ],
};
const amount = { type: "number", exclusiveMinimum: 0 };

/** JSON Schema of `Allow`. */
export const allowSchema: object = who;

/** JSON Schema of the configuration's `access`. */
export const accessSchema: object = {
  type: "object",
  maxProperties: 1_024,
  propertyNames: { type: "string", pattern: "^(?:[a-z][a-z0-9._-]{0,63}\\*?|\\*)$" },
  additionalProperties: {
    type: "object",
    additionalProperties: false,
    properties: {
      allow: who,
      minTrust: { type: "number", minimum: 0, maximum: 1 },
      limits: {
        type: "object",
        additionalProperties: false,
        properties: {
          memoryMb: amount,
          cpuCores: amount,
          processes: { type: "integer", minimum: 1 },
          timeoutSeconds: amount,
          outputMb: amount,
          scratchMb: amount,
        },
      },
      network: { type: "boolean" },
      mounts: {
        type: "array",
        maxItems: 64,
        items: {
          type: "object",
          required: ["path"],
          additionalProperties: false,
          properties: {
            path: { type: "string", pattern: "^/", maxLength: 4_096 },
            write: { type: "boolean" },
          },
        },
      },
      gpu: { type: "boolean" },
    },
  },
};
