/**
 * How an operator declares a skill that is an HTTP endpoint: the shape of `http:` in a skill's YAML file. Either a template of
 * the request with a mapping of the response, or a preset for endpoints that speak OpenAI's dialect.
 */
import { secretIn, secretSchema, type SecretSource } from "./secret.ts";
import type { JsonSchema } from "./skill.ts";

export type HttpPreset = "openai-chat" | "openai-embeddings";

interface Endpoint {
  /** Its host may be private: the operator names it here. Nothing of the input may change scheme, host or port. */
  url: string;
  headers?: Record<string, string>;
  /** Sent as `Authorization: Bearer …`. */
  token?: SecretSource;
  /** Largest response. */
  maxBytes?: number;
}

export interface HttpTemplate extends Endpoint {
  preset?: undefined;
  method?: string;
  query?: Record<string, unknown>;
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
  /**
   * What of the response is the output: a JSON pointer, a map of fields to JSON pointers, or `file` for its bytes. Default: the
   * response's JSON as a whole.
   */
  result?: string | Record<string, string>;
}

export interface HttpPresetSpec extends Endpoint {
  preset: HttpPreset;
  /** When the task names none. */
  model?: string;
  /** Models that a task may name besides; default: none. `["*"]` allows all. */
  models?: string[];
  /** Most tokens of one answer. */
  maxTokens?: number;
}

export type HttpSpec = HttpTemplate | HttpPresetSpec;

const headerMap = {
  type: "object",
  maxProperties: 64,
  propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" },
  additionalProperties: { type: "string", maxLength: 4_096 },
};
const pointer = { type: "string", pattern: "^(?:/[^\\s]*)?$", maxLength: 1_024 };
// The origin must be literal: what is after it may come from the input.
const url = { type: "string", pattern: "^https?://[^/?#${}\\s@]+(?:[/?].*)?$", maxLength: 2_048 };
const maxBytes = { type: "integer", minimum: 1, maximum: 64 * 1024 * 1024 };

const template = {
  type: "object",
  required: ["url"],
  additionalProperties: false,
  properties: {
    url,
    method: { enum: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] },
    headers: headerMap,
    query: { type: "object", maxProperties: 64 },
    body: true,
    result: {
      anyOf: [
        { const: "file" },
        pointer,
        { type: "object", maxProperties: 64, additionalProperties: pointer },
      ],
    },
    token: secretSchema,
    maxBytes,
  },
};

const model = { type: "string", minLength: 1, maxLength: 128 };

const preset = {
  type: "object",
  required: ["preset", "url"],
  additionalProperties: false,
  properties: {
    preset: { enum: ["openai-chat", "openai-embeddings"] },
    url,
    headers: headerMap,
    token: secretSchema,
    maxBytes,
    model,
    models: { type: "array", items: model, maxItems: 256 },
    maxTokens: { type: "integer", minimum: 1, maximum: 1_000_000 },
  },
};

export const httpSchema: JsonSchema = {
  if: { type: "object", required: ["preset"] },
  // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
  then: preset,
  else: template,
};

/** `value` meets `httpSchema`. */
export function httpSpec(value: unknown, folder: string): HttpSpec {
  const spec = value as HttpSpec;
  return spec.token === undefined ? spec : { ...spec, token: secretIn(spec.token, folder) };
}
