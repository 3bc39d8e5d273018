/**
 * Requests to an endpoint that the operator declared: to its host, which may be private, and to no other private one. Redirects
 * are not followed, since they would carry the key elsewhere.
 */
import type { Dispatcher, RequestInit, Response } from "undici";
import { ErrandError } from "../core/errors.ts";
import { safeMessage } from "../core/limits.ts";
import { readBounded, requestError, textOf } from "./http-response.ts";
import type { HttpSpec } from "./http-spec.ts";
import { pointTo } from "./http-template.ts";
import { createAddressRules } from "./public-address.ts";
import { readSecret } from "./secret.ts";

/** Sends a request to the declared endpoint. Throws `SkillFailed`, also for a status of 400 or more. */
export type Send = (url: URL, init: RequestInit, signal: AbortSignal) => Promise<Response>;

const MiB = 1024 * 1024;
export const defaultResponseBytes = 16 * MiB;
/** Of an answer that says why it refuses. */
const errorBytes = 64 * 1024;

/** One agent for each skill and thread: connections stay open between tasks. */
export function createSender(spec: HttpSpec, allow: readonly string[]): Send {
  const { host } = new URL(spec.url.replace(/\$\{[^}]*\}/g, "x"));
  const rules = createAddressRules([...allow, host]);
  let agent: Dispatcher | undefined;
  return async (url, init, signal) => {
    // Not before the first request: it is heavy.
    const [{ fetch }, { createGuardedAgent }] = await Promise.all([
      import("undici"),
      import("./guarded-agent.ts"),
    ]);
    agent ??= createGuardedAgent(rules);
    const key = spec.token === undefined ? undefined : await readSecret(spec.token);
    const headers = {
      "user-agent": "errand",
      ...(init.headers as Record<string, string>),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    try {
      const response = await fetch(url, { ...init, headers, redirect: "manual", signal, dispatcher: agent });
      if (response.status < 300) return response;
      throw await refusal(response, host, key);
    } catch (error) {
      throw signal.aborted ? signal.reason : requestError(error, host);
    }
  };
}

/** Why the endpoint did not do it, in its own words, without the key if it repeats that. */
async function refusal(response: Response, host: string, key: string | undefined): Promise<ErrandError> {
  const { status } = response;
  const bytes = await readBounded(response, errorBytes).catch(() => Buffer.alloc(0));
  let text = textOf(bytes, response.headers.get("content-type") ?? "") ?? "";
  try {
    const json = JSON.parse(text) as unknown;
    const said = pointTo(json, "/error/message") ?? pointTo(json, "/error") ?? pointTo(json, "/message");
    if (typeof said === "string") text = said;
  } catch {
    // Not JSON: as it is.
  }
  if (key !== undefined) text = text.replaceAll(key, "…");
  const why = text.trim() === "" ? "" : `: ${text.trim()}`;
  return new ErrandError("SkillFailed", safeMessage(`${host} answered ${status}${why}`), {
    retryable: status === 408 || status === 429 || status >= 500,
  });
}
