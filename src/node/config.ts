/**
 * The node's configuration as plain data, fully resolved: preset < file < environment < flags, key by key; a list
 * replaces the list below it. Nothing here opens a socket or checks that a skill loads: that is the owner's part.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { LogLevel } from "../core/log.ts";
import type { WebhookSettings } from "../tasks/hooks/settings.ts";
import type { RetentionPolicy } from "../tasks/retention.ts";
import type { SkillLimit } from "../tasks/keyed-limits.ts";
import type { ContainerSettings } from "../worker/executors/container-settings.ts";
import type { Allow, SkillPolicy } from "../worker/policy.ts";
import { verificationSettings, type VerificationConfig } from "./checking.ts";
import { absolutePaths, checkConfig, readConfigFile, type FileConfig } from "./config-file.ts";
import { dataFiles, defaultDataDir } from "./data-folder.ts";
import { cacheSettings, retentionPolicy, type CacheSettings } from "./keeping.ts";
import { containerSettings, storageSettings, type StorageSettings } from "./lending.ts";
import { isPreset, PRESETS, presets, type Preset } from "./presets.ts";

export interface NodeConfig {
  /** Absolute; made with mode 0700 if it is not there. */
  dataDir: string;
  preset: Preset;
  /** For people; the host's name by default. */
  name: string;
  /** Nodes of different networks do not see each other; "errand" by default. */
  network: string;
  /** Multiaddrs, as the operator wrote them. */
  listen: string[];
  /** Multiaddrs that other nodes are told instead of those found; empty for those found. */
  announce: string[];
  /** Multiaddrs that end in /p2p/PEERID. */
  bootstrap: string[];
  mdns: boolean;
  /** Absolute path, or undefined for an open network. */
  swarmKeyFile: string | undefined;
  api: { host: string; port: number };
  /** Absolute paths of the operator's own skills: .ts, .js, .yaml. */
  skills: string[];
  /** Ids of the built-in skills that are offered; undefined for all of them. */
  builtinSkills: string[] | undefined;
  /** Who may call which skill here, and what its runs may use. */
  access: Record<string, SkillPolicy>;
  /** Who may send code to be run here. */
  allowCode: Allow;
  /** Exact paths of the programs that the skill `command` may run. */
  commands: string[];
  /** Undefined: only declared skills run in containers. */
  containers: ContainerSettings | undefined;
  /** Undefined: nothing is stored for others. */
  storage: StorageSettings | undefined;
  /** Whether skills may count on reaching the internet; tasks can require it. */
  internet: boolean;
  /** worker, compute, storage or mobile. */
  role: string;
  tags: string[];
  blockedPeers: string[];
  /** PeerId to trust, 0–1. */
  pins: Record<string, number>;
  /** Hosts, addresses or CIDR ranges that `http.request` may reach although they are not public. */
  httpExceptions: string[];
  /** Attempts that run at once, always; undefined: as many as do well together, at most one for each core. */
  workerSlots: number | undefined;
  /** Attempts accepted but waiting for a slot. */
  workerQueue: number;
  /** Waiting tasks of this home in one priority band. */
  queuePerBand: number;
  /** For tasks of this home, by skill: how many may be out at once, and how many may start a second. */
  skillLimits: Record<string, SkillLimit>;
  /** How long tasks are kept after their end, ms. */
  retention: RetentionPolicy;
  cache: CacheSettings;
  verification: VerificationConfig;
  /** Absolute path of a module of hooks, if there is one. */
  hooks: string | undefined;
  webhooks: WebhookSettings[];
  logLevel: LogLevel;
}

/** What the command line gives; `data` and `config` choose where the rest is read from. */
export interface ConfigFlags extends FileConfig {
  data?: string;
  /** `-c FILE`. */
  config?: string;
}

export interface ConfigSources {
  flags?: ConfigFlags;
  env?: NodeJS.ProcessEnv;
  /** What relative paths of flags and environment are relative to. */
  cwd?: string;
}

/** Throws `InvalidConfig` with the source, the key and a hint. */
export async function resolveConfig(sources: ConfigSources = {}): Promise<NodeConfig> {
  const { flags = {}, env = process.env, cwd = process.cwd() } = sources;
  const { data, config: file, ...given } = flags;
  const dataDir = data === undefined ? defaultDataDir(env) : resolve(cwd, data);
  const fromFile = await readLayer(file, dataDir, cwd);
  const fromEnv = absolutePaths(checkConfig(environmentLayer(env), "the environment"), cwd);
  const fromFlags = absolutePaths(checkConfig(given, "the command line"), cwd);
  const chosen: FileConfig = { ...fromFile, ...fromEnv, ...fromFlags };
  const preset = checkPreset(chosen.preset ?? "local");
  const merged = { ...presets[preset], ...chosen };
  return {
    dataDir,
    preset,
    name: merged.name ?? (hostname().slice(0, 64) || "errand"),
    network: merged.network ?? "errand",
    listen: merged.listen,
    announce: merged.announce ?? [],
    bootstrap: merged.bootstrap ?? [],
    mdns: merged.mdns,
    swarmKeyFile: merged.swarmKeyFile,
    api: parseHostPort(merged.api ?? "127.0.0.1:4780"),
    skills: merged.skills ?? [],
    builtinSkills: merged.builtinSkills,
    access: merged.access ?? {},
    allowCode: merged.allowCode ?? "nobody",
    commands: merged.commands ?? [],
    containers: containerSettings(merged.containers),
    storage: storageSettings(merged.storage),
    internet: merged.internet ?? preset === "public",
    role: merged.role ?? "worker",
    tags: merged.tags ?? [],
    blockedPeers: merged.blockedPeers ?? [],
    pins: merged.pins ?? {},
    httpExceptions: merged.httpExceptions ?? [],
    workerSlots: merged.workerSlots,
    workerQueue: merged.workerQueue ?? limits.workerQueue,
    queuePerBand: merged.queuePerBand ?? limits.queuedPerBand,
    skillLimits: merged.skillLimits ?? {},
    retention: retentionPolicy(merged.retention),
    cache: cacheSettings(merged.cache),
    verification: verificationSettings(merged.verification, preset),
    hooks: merged.hooks,
    webhooks: merged.webhooks ?? [],
    logLevel: merged.logLevel ?? "warn",
  };
}

async function readLayer(file: string | undefined, dataDir: string, cwd: string): Promise<FileConfig> {
  if (file !== undefined) return readConfigFile(resolve(cwd, file));
  const { configFile } = dataFiles(dataDir);
  return existsSync(configFile) ? readConfigFile(configFile) : {};
}

const environmentKeys: Record<string, keyof FileConfig> = {
  ERRAND_PRESET: "preset",
  ERRAND_NAME: "name",
  ERRAND_NETWORK: "network",
  ERRAND_LISTEN: "listen",
  ERRAND_ANNOUNCE: "announce",
  ERRAND_BOOTSTRAP: "bootstrap",
  ERRAND_SWARM_KEY: "swarmKeyFile",
  ERRAND_API: "api",
  ERRAND_SKILLS: "skills",
  ERRAND_ROLE: "role",
  ERRAND_TAGS: "tags",
  ERRAND_LOG_LEVEL: "logLevel",
};

const listKeys: ReadonlySet<keyof FileConfig> = new Set([
  "listen",
  "announce",
  "bootstrap",
  "skills",
  "tags",
]);

/** Lists are separated by commas; an empty variable counts as absent. */
function environmentLayer(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const layer: Record<string, unknown> = {};
  for (const [variable, key] of Object.entries(environmentKeys)) {
    const value = env[variable];
    if (value === undefined || value === "") continue;
    layer[key] = listKeys.has(key) ? value.split(",").map((part) => part.trim()) : value;
  }
  return layer;
}

function checkPreset(text: string): Preset {
  if (isPreset(text)) return text;
  throw new ErrandError("InvalidConfig", `"${text}" is not a preset`, {
    hint: `Presets are ${PRESETS.join(", ")}.`,
  });
}

/** `HOST:PORT`, `[::1]:PORT` or `http://HOST:PORT`. Throws `InvalidConfig`. */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:http:\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/\s]+):(\d{1,5})\/?$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new ErrandError("InvalidConfig", `"${text.slice(0, 100)}" is not HOST:PORT`, {
      hint: "Write the API's address like 127.0.0.1:4780; port 0 takes a free one.",
      details: { path: "api" },
    });
  }
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}
