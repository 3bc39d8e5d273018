/** What an operator lends besides skills of his own: containers of an engine, disk for others' files. As written, and as the node needs it. */
import { parseDuration } from "../core/clock.ts";
import type { ContainerSettings } from "../worker/executors/container-settings.ts";

export interface ContainersFile {
  socket?: string;
  images?: string[];
  pull?: boolean;
}

export interface StorageFile {
  /** All files together; without it nothing is stored for anybody. */
  megabytes?: number;
  /** A duration. */
  ttl?: string;
}

export interface StorageSettings {
  maxBytes: number;
  ttlMs: number;
}

export const containersSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    socket: { type: "string", pattern: "^/", maxLength: 107, description: "an absolute path" },
    images: {
      type: "array",
      maxItems: 256,
      items: { type: "string", pattern: "^(?:\\*|[a-zA-Z0-9][a-zA-Z0-9._/:@*-]*)$", maxLength: 256 },
    },
    pull: { type: "boolean" },
  },
};

export const storageSchema = {
  type: "object",
  additionalProperties: false,
  required: ["megabytes"],
  properties: {
    megabytes: { type: "integer", minimum: 1, maximum: 1_000_000_000 },
    ttl: {
      type: "string",
      pattern: "^[0-9]{1,6}(?:ms|s|m|h|d)$",
      description: "a duration such as 90s, 24h or 7d",
    },
  },
};

const weekMs = 7 * 24 * 3_600_000;

/** Undefined when the operator said nothing of containers. */
export function containerSettings(file: ContainersFile | undefined): ContainerSettings | undefined {
  if (file === undefined) return undefined;
  const { socket, images = [], pull = false } = file;
  return { ...(socket !== undefined && { socket }), images, pull };
}

/** Undefined: storage.put and storage.get are not offered. */
export function storageSettings(file: StorageFile | undefined): StorageSettings | undefined {
  if (file?.megabytes === undefined) return undefined;
  return { maxBytes: file.megabytes * 1024 * 1024, ttlMs: parseDuration(file.ttl ?? "") ?? weekMs };
}
