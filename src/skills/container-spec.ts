/**
 * How an operator declares a skill that runs in a container: the shape of `container:` in a skill's YAML file. What it
 * leaves out is the narrow default; nothing here talks to an engine.
 */
import type { JsonSchema } from "./skill.ts";

export interface ContainerSpec {
  /** As the engine knows it: name, tag or digest. It is never pulled unless the node's configuration allows that. */
  image: string;
  /** Instead of the image's own. */
  command?: string[];
  env?: Record<string, string>;
  workdir?: string;
  /** `uid:gid` or a name; `image` for the image's own. Default: nobody. */
  user?: string;
  memoryMb?: number;
  cpus?: number;
  processes?: number;
  /** Of /tmp, which is all that can be written to. */
  scratchMb?: number;
  /** Joins the engine's default network. Default: no network at all. */
  network?: boolean;
  /** It needs a GPU: each run gets one of the machine's for itself. Default: none, unless the operator's `access` and the task say so. */
  gpu?: boolean;
  /** Media type of standard output when it is not JSON: the output is then those bytes. */
  outputType?: string;
}

const text = { type: "string", minLength: 1, maxLength: 4_096 };

export const containerSchema: JsonSchema = {
  type: "object",
  required: ["image"],
  additionalProperties: false,
  properties: {
    image: { type: "string", pattern: "^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,255}$" },
    command: { type: "array", items: text, minItems: 1, maxItems: 256 },
    env: {
      type: "object",
      maxProperties: 128,
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: "string", maxLength: 32_768 },
    },
    workdir: { type: "string", pattern: "^/", maxLength: 1_024 },
    user: { type: "string", pattern: "^[a-z0-9_][a-z0-9_.:-]{0,63}$" },
    memoryMb: { type: "integer", minimum: 8, maximum: 8_192 },
    cpus: { type: "number", exclusiveMinimum: 0, maximum: 16 },
    processes: { type: "integer", minimum: 1, maximum: 4_096 },
    scratchMb: { type: "integer", minimum: 1, maximum: 8_192 },
    network: { type: "boolean" },
    gpu: { type: "boolean" },
    outputType: { type: "string", pattern: "^[a-z0-9.+-]+/[a-z0-9.+-]+$", maxLength: 128 },
  },
};
