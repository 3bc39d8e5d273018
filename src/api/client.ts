/**
 * A small client of the local API over node:http: no fetch, which takes longer to load than a whole command runs. Every
 * failure is an `ErrandError`: the node's own, or `NodeUnreachable` when there is none.
 */
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import type { Readable } from "node:stream";
import { ErrandError, type ErrorJson } from "../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { followEvents, type FollowOptions, type ServerEvent } from "./event-client.ts";

type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

interface CallOptions {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
  /** From sending to the end of the answer. Default 30 s. */
  timeoutMs?: number;
}

export interface ApiClient {
  readonly url: string;
  /** The parsed answer; `T` is what the route's documentation says. */
  call<T>(method: string, path: string, options?: CallOptions): Promise<T>;
  /** Bytes and their media type. */
  download(path: string, signal?: AbortSignal): Promise<{ type: string; bytes: Readable }>;
  /** Streams `source` as the body. */
  upload<T>(path: string, source: Readable, signal?: AbortSignal): Promise<T>;
  /** Events of a stream; comes back after a loss with the last id seen. Throws if the first connection fails. */
  events(path: string, options: FollowOptions): AsyncGenerator<ServerEvent, void>;
  /** Closes idle connections. */
  close(): void;
}

const callTimeoutMs = 30_000;

export function createClient({ url, token }: Endpoint): ApiClient {
  const agent = new Agent({ keepAlive: true });

  /** Resolves with the response's head if its status is good; its body is still to be read. */
  function send(
    method: string,
    path: string,
    options: {
      query?: Query;
      headers?: Record<string, string>;
      body?: Buffer | Readable;
      signal?: AbortSignal;
    },
  ): Promise<IncomingMessage> {
    const target = new URL(path, url);
    addQuery(target, options.query ?? {});
    const headers = { ...options.headers };
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) headers["authorization"] = `Bearer ${token}`;
    const request: RequestOptions = { method, agent, headers };
    if (options.signal !== undefined) request.signal = options.signal;
    return new Promise((resolve, reject) => {
      const sent = httpRequest(target, request);
      sent.once("response", (response) => {
        if ((response.statusCode ?? 500) < 400) resolve(response);
        else readAll(response).then((text) => reject(refusal(text, response, url)), reject);
      });
      sent.on("error", (error) =>
        reject(options.signal?.aborted ? options.signal.reason : unreachable(error, url)),
      );
      if (options.body === undefined || Buffer.isBuffer(options.body)) {
        sent.end(options.body);
        return;
      }
      options.body.once("error", (error) => {
        sent.destroy();
        reject(error);
      });
      options.body.pipe(sent);
    });
  }

  return {
    url,
    async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
      const { query = {}, body, signal, timeoutMs = callTimeoutMs } = options;
      const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
      const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      try {
        const response = await send(method, path, {
          query,
          signal: until,
          ...(body === undefined
            ? {}
            : { headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(body)) }),
        });
        return parse(await readAll(response), url) as T;
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        if (timeout.aborted) {
          throw new ErrandError("NodeUnreachable", `${url} did not answer within ${timeoutMs / 1_000} s`, {
            hint: "`errand doctor` looks for the reason.",
            cause: error,
          });
        }
        throw error instanceof ErrandError ? error : unreachable(error, url);
      }
    },
    async download(path, signal) {
      const bytes = await send("GET", path, signal === undefined ? {} : { signal });
      return { type: bytes.headers["content-type"] ?? "application/octet-stream", bytes };
    },
    async upload<T>(path: string, source: Readable, signal?: AbortSignal): Promise<T> {
      const headers = { "content-type": "application/octet-stream" };
      const response = await send("PUT", path, {
        headers,
        body: source,
        ...(signal === undefined ? {} : { signal }),
      });
      return parse(await readAll(response), url) as T;
    },
    events: (path, options) =>
      followEvents(
        (lastEventId, signal) =>
          send("GET", path, {
            signal,
            headers: {
              accept: "text/event-stream",
              ...(lastEventId === "" ? {} : { "last-event-id": lastEventId }),
            },
          }),
        options,
      ),
    close: () => agent.destroy(),
  };
}

function addQuery(target: URL, query: Query): void {
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) target.searchParams.append(key, String(one));
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notErrand(url, cause);
  }
}

function refusal(text: string, response: IncomingMessage, url: string): ErrandError {
  try {
    const { error } = JSON.parse(text) as { error: ErrorJson };
    if (typeof error.code === "string" && typeof error.message === "string")
      return ErrandError.fromJSON(error);
  } catch {
    // Falls through: whatever answered there is no Errand node.
  }
  return notErrand(url, new Error(`HTTP ${response.statusCode ?? "?"}`));
}

function notErrand(url: string, cause: unknown): ErrandError {
  return new ErrandError("NodeUnreachable", `what answers at ${url} is not an Errand node`, {
    hint: "Check --api, and with `errand doctor` which port the node uses.",
    cause,
  });
}

function unreachable(cause: unknown, url: string): ErrandError {
  if (cause instanceof ErrandError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const what = code === "ECONNREFUSED" ? "no node answers at" : "lost the connection to the node at";
  return new ErrandError("NodeUnreachable", `${what} ${url}`, {
    hint: "Start one with `errand up`, or name another with --data or --api.",
    cause,
  });
}
