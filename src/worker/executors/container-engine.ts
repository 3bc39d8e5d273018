/**
 * A client for the API that Docker and Podman both speak, over their Unix socket: requests, and the hijacked connection of an
 * attach. Raw `node:http`: a client library wrote its own options into the container's standard input on Podman.
 */
import { request, type IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { ErrandError } from "../../core/errors.ts";
import { safeMessage } from "../../core/limits.ts";

/** 1.41 is of Docker 20.10 (2020), the newest that Podman 4 and 5 speak too. */
const apiVersion = "v1.41";
const answerBytes = 8 * 1024 * 1024;
/** An engine that accepts a connection and then says nothing; waiting for a container's end is not bounded by this. */
const silentMs = 60_000;

export interface Engine {
  readonly socketPath: string;
  /**
   * Sends a request and reads a JSON answer; `undefined` when it is empty. Throws `EngineRefusal` for a status of 400 or more,
   * `SkillFailed` when the engine cannot be reached, or the reason of `signal`.
   */
  call<T>(method: string, path: string, options: CallOptions): Promise<T>;
  /** The connection to a container's standard streams; what is written is its input. */
  attach(path: string, signal: AbortSignal): Promise<Duplex>;
}

export interface CallOptions {
  signal: AbortSignal;
  body?: unknown;
  /** Sent as it is, instead of JSON. */
  bytes?: { type: string; data: Uint8Array | Readable };
  /** The answer comes whenever it comes. */
  waits?: boolean;
}

/** What the engine does not do, in its words. */
export class EngineRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function createEngine(socketPath: string): Engine {
  const send = (
    method: string,
    path: string,
    headers: Record<string, string | number>,
    signal: AbortSignal,
  ) =>
    request({
      socketPath,
      method,
      path: `/${apiVersion}${path}`,
      headers: { host: "engine", ...headers },
      signal,
      agent: false,
    });

  return {
    socketPath,
    async call<T>(
      method: string,
      path: string,
      { signal, body, bytes, waits = false }: CallOptions,
    ): Promise<T> {
      signal.throwIfAborted();
      const data = bytes?.data ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
      const headers: Record<string, string> =
        data === undefined ? {} : { "content-type": bytes?.type ?? "application/json" };
      const sent = send(method, path, headers, signal);
      if (!waits)
        sent.setTimeout(silentMs, () => sent.destroy(new Error("the container engine does not answer")));
      try {
        const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
        sent.once("response", resolve).once("error", reject);
        if (data === undefined || data instanceof Uint8Array) sent.end(data);
        else data.once("error", reject).pipe(sent);
        const response = await promise;
        const text = await readText(response);
        if ((response.statusCode ?? 500) >= 400) throw refusal(response.statusCode ?? 500, text);
        return parsed(text) as T;
      } catch (error) {
        throw engineError(error, signal, socketPath);
      }
    },
    async attach(path, signal) {
      signal.throwIfAborted();
      const sent = send("POST", path, { connection: "Upgrade", upgrade: "tcp", "content-length": 0 }, signal);
      sent.setTimeout(silentMs, () => sent.destroy(new Error("the container engine does not answer")));
      try {
        const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
        sent.once("error", reject);
        sent.once("upgrade", (_response, socket, head) => {
          socket.setTimeout(0);
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        sent.once("response", (response) => {
          readText(response).then((text) => reject(refusal(response.statusCode ?? 500, text)), reject);
        });
        sent.end();
        return await promise;
      } catch (error) {
        throw engineError(error, signal, socketPath);
      }
    },
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > answerBytes) throw new Error("the container engine's answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A pull reports as it goes, a document for each line: the last one says how it ended.
    const last = text.trim().split("\n").at(-1) ?? "";
    try {
      return JSON.parse(last);
    } catch {
      return undefined;
    }
  }
}

function refusal(status: number, text: string): EngineRefusal {
  const { message = text } = (parsed(text) ?? {}) as { message?: string };
  return new EngineRefusal(status, safeMessage(message.trim() || `status ${status}`));
}

function engineError(error: unknown, signal: AbortSignal, socketPath: string): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof EngineRefusal) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ErrandError("SkillFailed", `no answer from the container engine: ${why}`, {
    hint: `Its socket is ${socketPath}; does the engine run, and may this user open the socket?`,
    cause: error,
  });
}
