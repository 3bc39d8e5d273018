/**
 * One HTTP POST to a receiver: bounded in time, no redirects, its answer's body unread. The operator names the URL, so
 * private addresses are as good as any.
 */
import { request as http } from "node:http";
import { request as https } from "node:https";

export type PostOutcome =
  | { kind: "accepted" }
  /** It was understood and is not wanted. */
  | { kind: "refused"; message: string }
  /** It may go better later. */
  | { kind: "unreachable"; message: string; retryAfterMs: number };

export type Post = (
  url: string,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
) => Promise<PostOutcome>;

// About the event itself. All else (no such path, not allowed, moved, too many) would meet the next event too.
const refusals: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** Never rejects. */
export const post: Post = (url, headers, body, signal) =>
  new Promise((resolve) => {
    const target = new URL(url);
    const bytes = Buffer.from(body);
    const failed = (error: Error): void => {
      const message = signal.aborted ? "it did not answer in time" : error.message;
      resolve({ kind: "unreachable", message, retryAfterMs: 0 });
    };
    try {
      const send = target.protocol === "https:" ? https : http;
      const sent = send(target, {
        method: "POST",
        headers: { ...headers, "content-length": bytes.length },
        signal,
        agent: false,
      });
      sent.once("response", (response) => {
        const { statusCode = 0 } = response;
        resolve(outcomeOf(statusCode, response.headers["retry-after"]));
        response.on("error", () => undefined);
        response.destroy();
      });
      // Also after the answer: destroying it may break the connection loudly.
      sent.on("error", failed);
      sent.end(bytes);
    } catch (error) {
      failed(error as Error);
    }
  });

function outcomeOf(status: number, retryAfter: string | undefined): PostOutcome {
  if (status >= 200 && status < 300) return { kind: "accepted" };
  const message = `it answered ${status}`;
  if (refusals.has(status)) return { kind: "refused", message };
  const seconds = Number(retryAfter);
  return { kind: "unreachable", message, retryAfterMs: seconds > 0 ? seconds * 1_000 : 0 };
}
