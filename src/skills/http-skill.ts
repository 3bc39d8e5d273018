/** A skill that is an HTTP endpoint, from the operator's declaration (http-spec.ts). Runs in a worker thread, as functions do. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Response } from "undici";
import { ErrandError } from "../core/errors.ts";
import { readBounded, requestError, textOf } from "./http-response.ts";
import { createSender, defaultResponseBytes, type Send } from "./http-send.ts";
import type { HttpSpec, HttpTemplate } from "./http-spec.ts";
import { fillText, fillUrl, fillValue, pointTo } from "./http-template.ts";
import { runChat, runEmbeddings } from "./model-run.ts";
import type { SkillContext, SkillDefinition } from "./skill.ts";
import type { SkillCode } from "./resolve.ts";

export function httpSkill(definition: SkillDefinition, spec: HttpSpec, allow: readonly string[]): SkillCode {
  const send = createSender(spec, allow);
  return {
    definition,
    run(input, context) {
      if (spec.preset === undefined) return runTemplate(spec, input, context, send);
      const run = spec.preset === "openai-chat" ? runChat : runEmbeddings;
      return run(spec, input, context, send);
    },
  };
}

async function runTemplate(
  spec: HttpTemplate,
  input: unknown,
  context: SkillContext,
  send: Send,
): Promise<unknown> {
  const url = fillUrl(spec.url, input);
  for (const [name, value] of Object.entries(fillValue(spec.query ?? {}, input) as object)) {
    url.searchParams.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    headers[name.toLowerCase()] = headerText(fillText(value, input, String), name);
  }
  const body = spec.body === undefined ? undefined : fillValue(spec.body, input);
  if (body !== undefined && typeof body !== "string") headers["content-type"] ??= "application/json";
  const response = await send(
    url,
    {
      method: spec.method ?? (body === undefined ? "GET" : "POST"),
      headers,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    },
    context.signal,
  );
  const bytes = await readBounded(response, spec.maxBytes ?? defaultResponseBytes).catch((error: unknown) => {
    throw context.signal.aborted ? context.signal.reason : requestError(error, url.host);
  });
  return resultOf(spec.result ?? "", response, bytes, context);
}

/** A line break would begin another header. */
function headerText(text: string, name: string): string {
  if (/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text)) return text;
  throw new ErrandError("InvalidInput", `the input makes no valid header ${name}`);
}

async function resultOf(
  result: NonNullable<HttpTemplate["result"]>,
  response: Response,
  bytes: Buffer,
  context: SkillContext,
): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (result === "file") {
    await writeFile(join(context.scratchDir, "response"), bytes);
    return context.file("response", (type.split(";", 1)[0] ?? "").trim() || "application/octet-stream");
  }
  const text = textOf(bytes, type);
  const json = parsed(text);
  if (json === undefined) {
    if (result === "" && text !== undefined) return text;
    throw new ErrandError("SkillFailed", "the endpoint answered without JSON", { retryable: false });
  }
  if (typeof result === "string") return found(json.value, result);
  return Object.fromEntries(
    Object.entries(result).map(([field, pointer]) => [field, found(json.value, pointer)]),
  );
}

function parsed(text: string | undefined): { value: unknown } | undefined {
  try {
    return text === undefined ? undefined : { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function found(value: unknown, pointer: string): unknown {
  const at = pointTo(value, pointer);
  if (at !== undefined) return at;
  throw new ErrandError("SkillFailed", `the endpoint's answer has nothing at ${pointer}`, {
    retryable: false,
  });
}
