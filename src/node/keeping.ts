/** How long things are kept (tasks that have ended, results for reuse), as the operator writes it and as the node needs it. */
import { parseDuration } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { RetentionPolicy, RetentionTimes } from "../tasks/retention.ts";

/** Durations such as "90m", "24h", "7d". */
type TimesText = Partial<Record<keyof RetentionTimes, string>>;

export interface RetentionFile extends TimesText {
  /** By skill, where it differs. */
  skills?: Record<string, TimesText>;
}

export interface CacheFile {
  /** A duration. */
  ttl?: string;
  /** Results; 0 keeps none. */
  entries?: number;
  megabytes?: number;
}

export interface CacheSettings {
  ttlMs: number;
  entries: number;
  maxBytes: number;
}

const duration = {
  type: "string",
  pattern: "^[0-9]{1,6}(?:ms|s|m|h|d)$",
  description: "a duration such as 90s, 24h or 7d",
};
const times = {
  completed: duration,
  cancelled: duration,
  failed: duration,
  timeout: duration,
  rejected: duration,
};

export const retentionSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    ...times,
    skills: {
      type: "object",
      maxProperties: 1_000,
      propertyNames: { minLength: 1, maxLength: 64 },
      additionalProperties: { type: "object", additionalProperties: false, properties: times },
    },
  },
};

export const cacheSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    ttl: duration,
    entries: { type: "integer", minimum: 0, maximum: 1_000_000 },
    megabytes: { type: "integer", minimum: 1, maximum: 1_000_000 },
  },
};

const hourMs = 3_600_000;
const defaults: RetentionTimes = {
  completed: 24 * hourMs,
  cancelled: 24 * hourMs,
  // What went wrong is looked into later.
  failed: 7 * 24 * hourMs,
  timeout: 7 * 24 * hourMs,
  rejected: 7 * 24 * hourMs,
};

export function retentionPolicy({ skills = {}, ...overall }: RetentionFile = {}): RetentionPolicy {
  const bySkill = Object.entries(skills).map(([skill, own]) => [skill, timesOf(own)] as const);
  return { ...defaults, ...timesOf(overall), skills: Object.fromEntries(bySkill) };
}

export function cacheSettings({ ttl, entries, megabytes }: CacheFile = {}): CacheSettings {
  return {
    ttlMs: parseDuration(ttl ?? "") ?? limits.cacheTtlMs,
    entries: entries ?? limits.cacheEntries,
    maxBytes: megabytes === undefined ? limits.cacheBytes : megabytes * 1024 * 1024,
  };
}

/** Texts that the schema has checked. */
function timesOf(text: TimesText): Partial<RetentionTimes> {
  const parsed: Partial<RetentionTimes> = {};
  for (const [state, duration] of Object.entries(text))
    parsed[state as keyof RetentionTimes] = parseDuration(duration);
  return parsed;
}
