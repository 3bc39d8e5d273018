/**
 * The configuration file: YAML (or JSON, which YAML contains), every key optional, unknown keys refused. The same shape
 * carries the preset's, the environment's and the command line's values, so that layers are merged key by key.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { parseDocument } from "yaml";
import { ErrandError } from "../core/errors.ts";
import type { LogLevel } from "../core/log.ts";
import { limits } from "../core/limits.ts";
import { WEBHOOK_EVENTS, type WebhookSettings } from "../tasks/hooks/settings.ts";
import type { SkillLimit } from "../tasks/keyed-limits.ts";
import { nearestName } from "../core/spelling.ts";
import { accessSchema, allowSchema, type Allow, type SkillPolicy } from "../worker/policy.ts";
import { verificationSchema, type VerificationFile } from "./checking.ts";
import { cacheSchema, retentionSchema, type CacheFile, type RetentionFile } from "./keeping.ts";
import { containersSchema, storageSchema, type ContainersFile, type StorageFile } from "./lending.ts";

export interface FileConfig {
  preset?: "local" | "lan" | "public";
  name?: string;
  network?: string;
  listen?: string[];
  announce?: string[];
  bootstrap?: string[];
  mdns?: boolean;
  swarmKeyFile?: string;
  /** HOST:PORT. */
  api?: string;
  skills?: string[];
  builtinSkills?: string[];
  access?: Record<string, SkillPolicy>;
  allowCode?: Allow;
  /** Exact paths of programs. */
  commands?: string[];
  containers?: ContainersFile;
  storage?: StorageFile;
  internet?: boolean;
  role?: string;
  tags?: string[];
  blockedPeers?: string[];
  pins?: Record<string, number>;
  httpExceptions?: string[];
  workerSlots?: number;
  workerQueue?: number;
  queuePerBand?: number;
  skillLimits?: Record<string, SkillLimit>;
  retention?: RetentionFile;
  cache?: CacheFile;
  verification?: VerificationFile;
  /** A module of hooks. */
  hooks?: string;
  webhooks?: WebhookSettings[];
  logLevel?: LogLevel;
}

const shortText = { type: "string", minLength: 1, maxLength: 64 };
const path = { type: "string", minLength: 1, maxLength: 4_096 };
const multiaddr = {
  type: "string",
  pattern: "^/",
  maxLength: 512,
  description: "a multiaddr such as /ip4/127.0.0.1/tcp/4781",
};
const peerId = {
  type: "string",
  pattern: "^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$",
  description: "a PeerId, as `errand id` prints it",
};
const list = (items: object, maxItems: number): object => ({ type: "array", items, maxItems });
const count = (maximum: number): object => ({ type: "integer", minimum: 1, maximum });

const webhook = {
  type: "object",
  required: ["url"],
  additionalProperties: false,
  properties: {
    url: { type: "string", minLength: 1, maxLength: 2_048 },
    events: list({ enum: WEBHOOK_EVENTS }, WEBHOOK_EVENTS.length),
    skills: list(shortText, 256),
    secretFile: path,
    secret: { type: "string", minLength: 1, maxLength: 1_024 },
  },
};

/** One entry for each key; the messages below are made from it, with the descriptions of what has a form. */
const properties: Record<keyof FileConfig, object> = {
  preset: { enum: ["local", "lan", "public"] },
  name: shortText,
  network: {
    type: "string",
    pattern: "^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$",
    description: "1 to 32 lower-case letters, digits and dashes",
  },
  listen: list(multiaddr, 32),
  announce: list(multiaddr, 32),
  bootstrap: list(multiaddr, 256),
  mdns: { type: "boolean" },
  swarmKeyFile: path,
  api: { type: "string", minLength: 1, maxLength: 256 },
  skills: list(path, 256),
  builtinSkills: list(shortText, 256),
  access: accessSchema,
  allowCode: allowSchema,
  commands: list({ type: "string", pattern: "^/", maxLength: 4_096, description: "an absolute path" }, 256),
  containers: containersSchema,
  storage: storageSchema,
  internet: { type: "boolean" },
  role: { enum: ["worker", "compute", "storage", "mobile"] },
  tags: list(shortText, 16),
  blockedPeers: list(peerId, 10_000),
  pins: {
    type: "object",
    propertyNames: peerId,
    additionalProperties: { type: "number", minimum: 0, maximum: 1 },
  },
  httpExceptions: list({ type: "string", minLength: 1, maxLength: 256 }, 256),
  workerSlots: count(1_024),
  workerQueue: count(100_000),
  queuePerBand: count(1_000_000),
  skillLimits: {
    type: "object",
    propertyNames: shortText,
    additionalProperties: {
      type: "object",
      additionalProperties: false,
      properties: {
        concurrency: count(1_000_000),
        perSecond: { type: "number", exclusiveMinimum: 0, maximum: 1e6 },
      },
    },
  },
  retention: retentionSchema,
  cache: cacheSchema,
  verification: verificationSchema,
  hooks: path,
  webhooks: list(webhook, limits.webhooks),
  logLevel: { enum: ["silent", "error", "warn", "info", "debug", "trace"] },
};

const validate = new Ajv2020({ strict: true, allErrors: false, verbose: true }).compile<FileConfig>({
  type: "object",
  additionalProperties: false,
  properties,
});

/** `value` as a configuration layer. Throws `InvalidConfig` that says where (`source`), which key, and what to write. */
export function checkConfig(value: unknown, source: string): FileConfig {
  if (validate(value)) return value;
  const error = validate.errors?.[0];
  if (error === undefined) throw new ErrandError("InvalidConfig", `${source} is not a configuration`);
  const key = keyPath(error);
  throw new ErrandError("InvalidConfig", `${source}: ${key === "" ? "" : `${key} `}${describe(error)}`, {
    hint: hintFor(error),
    details: { source, path: key },
  });
}

function keyPath(error: ErrorObject): string {
  const parts = error.instancePath.split("/").slice(1).map(unescapePointer);
  const name = error.propertyName ?? (error.params["additionalProperty"] as string | undefined);
  if (name !== undefined) parts.push(name);
  return parts.map((part, i) => (/^\d+$/.test(part) ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function describe(error: ErrorObject): string {
  if (error.keyword === "additionalProperties") return "is not a key of the configuration";
  if (error.keyword === "enum") {
    return `must be one of ${(error.params["allowedValues"] as string[]).join(", ")}`;
  }
  const form = error.keyword === "pattern" ? (error.parentSchema?.["description"] as string) : undefined;
  if (form !== undefined) return `must be ${form}`;
  return error.instancePath === "" && error.keyword === "type"
    ? "must hold keys and values"
    : (error.message ?? "is not valid");
}

function hintFor(error: ErrorObject): string {
  if (error.keyword !== "additionalProperties") {
    return "Correct the value and start again; an absent key takes its default.";
  }
  const unknown = error.params["additionalProperty"] as string;
  const near = nearestName(unknown, Object.keys(properties));
  return near === undefined
    ? `The keys are: ${Object.keys(properties).join(", ")}.`
    : `Did you mean "${near}"?`;
}

/** Reads and checks a file; relative paths in it are relative to its folder. Throws `InvalidConfig`. */
export async function readConfigFile(file: string): Promise<FileConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `cannot read the configuration file ${file}`, {
      hint: "Check the path given with -c, and that the file may be read.",
      details: { source: file },
      cause,
    });
  }
  const config = checkConfig(parse(text, file), file);
  return absolutePaths(config, dirname(resolve(file)));
}

function parse(text: string, file: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: true });
    if (document.errors[0] !== undefined) throw document.errors[0];
    // Aliases can blow up a small file into a huge one (a "billion laughs"); a configuration needs few.
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (cause) {
    throw new ErrandError(
      "InvalidConfig",
      `${file} is neither YAML nor JSON: ${(cause as Error).message.trim().replace(/:\n[^]*/, "")}`,
      {
        hint: "Correct the file at the line shown.",
        details: { source: file },
        cause,
      },
    );
  }
}

/** The layer with its paths made absolute from `folder`. */
export function absolutePaths(config: FileConfig, folder: string): FileConfig {
  const absolute: FileConfig = { ...config };
  if (config.swarmKeyFile !== undefined) absolute.swarmKeyFile = resolve(folder, config.swarmKeyFile);
  if (config.hooks !== undefined) absolute.hooks = resolve(folder, config.hooks);
  if (config.webhooks !== undefined) {
    absolute.webhooks = config.webhooks.map((webhook) =>
      webhook.secretFile === undefined
        ? webhook
        : { ...webhook, secretFile: resolve(folder, webhook.secretFile) },
    );
  }
  if (config.skills !== undefined) absolute.skills = config.skills.map((skill) => resolve(folder, skill));
  return absolute;
}
