/**
 * `http.request`: one HTTP request from this machine on behalf of whoever may call the skill, so it is guarded: public
 * addresses alone (`guarded-agent.ts`), no credentials in the URL, no headers that steer the connection, bounded size and
 * time. A status such as 404 is a result; only having no answer is a failure.
 */
import type { Dispatcher, Response } from "undici";
import { ErrandError } from "../core/errors.ts";
import type { LookupAll } from "./guarded-agent.ts";
import { readBounded, requestError, textOf } from "./http-response.ts";
import { createAddressRules } from "./public-address.ts";
import type { Skill } from "./skill.ts";

interface Input {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  timeout?: number;
  maxBytes?: number;
  redirect?: "follow" | "manual";
}

interface Output {
  status: number;
  statusText: string;
  url: string;
  redirected: boolean;
  headers: Record<string, string>;
  body?: string;
  bodyBase64?: string;
  durationMs: number;
}

const MiB = 1024 * 1024;
const defaultTimeoutSeconds = 30;

// The connection is the node's: what frames, routes or upgrades it is not the caller's to say. (fetch itself drops some of
// these silently; saying so is better.)
const heldHeaders =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|via|proxy-.*|sec-.*)$/i;
// Said of the encoded body, which the caller does not get, or of the connection, which has ended.
const droppedHeaders = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-encoding",
  "content-length",
]);

const inputSchema = {
  type: "object",
  properties: {
    url: { type: "string", pattern: "^https?://", maxLength: 4096 },
    method: { enum: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], default: "GET" },
    headers: {
      type: "object",
      maxProperties: 64,
      propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" },
      additionalProperties: { type: "string", maxLength: 4096 },
    },
    body: { type: "string", maxLength: 4 * MiB },
    timeout: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 300,
      default: defaultTimeoutSeconds,
      description: "Seconds for the whole exchange.",
    },
    maxBytes: {
      type: "integer",
      minimum: 1,
      maximum: 16 * MiB,
      default: MiB,
      description: "Largest response body, decoded.",
    },
    redirect: { enum: ["follow", "manual"], default: "follow" },
  },
  required: ["url"],
  additionalProperties: false,
};

const outputSchema = {
  type: "object",
  properties: {
    status: { type: "integer" },
    statusText: { type: "string" },
    url: { type: "string", description: "The last one, after redirects." },
    redirected: { type: "boolean" },
    headers: { type: "object", additionalProperties: { type: "string" } },
    body: { type: "string", description: "When it is text in UTF-8." },
    bodyBase64: { type: "string", description: "When it is anything else." },
    durationMs: { type: "number", minimum: 0 },
  },
  required: ["status", "statusText", "url", "redirected", "headers", "durationMs"],
  additionalProperties: false,
};

export interface HttpRequestOptions {
  /** The operator's exceptions, see `createAddressRules`. */
  allow: readonly string[];
  lookup?: LookupAll;
}

export function httpRequest({ allow, lookup }: HttpRequestOptions): Skill<Input, Output> {
  return {
    definition: {
      id: "http.request",
      version: "1.0.0",
      name: "HTTP request",
      description:
        "Makes one HTTP request to a public address and returns status, headers and body (base64 when it is not text).",
      tags: ["http", "internet"],
      input: inputSchema,
      output: outputSchema,
      examples: [{ url: "https://example.com/" }],
      timeoutMs: 310_000,
    },
    async run(input, context) {
      const url = checkUrl(input.url);
      const headers = checkHeaders(input.headers ?? {});
      const {
        method = "GET",
        body,
        timeout = defaultTimeoutSeconds,
        maxBytes = MiB,
        redirect = "follow",
      } = input;
      if (body !== undefined && (method === "GET" || method === "HEAD")) {
        throw new ErrandError("InvalidInput", `a ${method} request has no body`);
      }
      const start = performance.now();
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(Math.ceil(timeout * 1000))]);
      // Not before the first request: it is the heaviest module of all built-in skills.
      const [{ fetch }, { createGuardedAgent }] = await Promise.all([
        import("undici"),
        import("./guarded-agent.ts"),
      ]);
      const agent = createGuardedAgent(createAddressRules(allow), lookup);
      try {
        const init = { method, headers, redirect, signal, dispatcher: agent as Dispatcher };
        const response = await fetch(url, body === undefined ? init : { ...init, body });
        const bytes = await readBounded(response, maxBytes);
        return toOutput(response, bytes, performance.now() - start);
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : requestError(error, url.host, timeout);
      } finally {
        await agent.destroy();
      }
    },
  };
}

function checkUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new ErrandError("InvalidInput", "input.url is not a URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ErrandError("InvalidInput", "input.url must be http or https");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ErrandError("InvalidInput", "input.url must not hold credentials", {
      hint: "URLs end up in logs: send an Authorization header.",
    });
  }
  return url;
}

function checkHeaders(headers: Record<string, string>): Record<string, string> {
  const held = Object.keys(headers).find((name) => heldHeaders.test(name));
  if (held !== undefined) throw new ErrandError("InvalidInput", `input.headers must not set "${held}"`);
  return { "user-agent": "errand", ...headers };
}

function toOutput(response: Response, bytes: Buffer, durationMs: number): Output {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (droppedHeaders.has(name)) continue;
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const text = textOf(bytes, response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    statusText: response.statusText,
    url: response.url,
    redirected: response.redirected,
    headers,
    ...(text === undefined ? { bodyBase64: bytes.toString("base64") } : { body: text }),
    durationMs: Math.round(durationMs),
  };
}
