/** What skills that make HTTP requests do with what comes back: bounded bytes, text where it is text, failures in words. */
import type { Response } from "undici";
import { ErrandError } from "../core/errors.ts";

/** The decoded body, so that a small one that unpacks to a large one is stopped too. */
export async function readBounded(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw responseTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function responseTooLarge(maxBytes: number): ErrandError {
  return new ErrandError("LimitExceeded", `the response is larger than ${maxBytes} bytes`, {
    hint: "Ask for a part of it, or raise maxBytes where it is set.",
  });
}

/** The bytes as text, when they say they are text or say nothing, and are UTF-8. */
export function textOf(bytes: Buffer, type: string): string | undefined {
  const textual =
    type === "" || /^text\/|[/+](?:json|xml|javascript|x-www-form-urlencoded|yaml)\b/i.test(type);
  if (!textual) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed" and keeps why in the cause; a redirect or timeout is told by name. */
export function requestError(error: unknown, host: string, timeoutSeconds?: number): ErrandError {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof ErrandError) return at;
  if (error instanceof Error && error.name === "TimeoutError") {
    return new ErrandError("SkillFailed", `no answer from ${host} within ${timeoutSeconds ?? "its"} s`, {
      retryable: true,
    });
  }
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const why = root instanceof Error ? root.message : String(root);
  return new ErrandError("SkillFailed", `the request to ${host} failed: ${why}`, {
    retryable: true,
    cause: error,
  });
}
