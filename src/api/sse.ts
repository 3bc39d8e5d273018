/** Server-Sent Events (WHATWG HTML, section 9.2) out of an async iterable, with heartbeats and backpressure. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { limits } from "../core/limits.ts";
import type { LoggedEvent } from "./event-log.ts";

/** Takes the reply over and writes until the events or the signal end. Never throws: the status line is out already. */
export async function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<LoggedEvent>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  raw.flushHeaders();
  const heartbeat = setInterval(() => {
    // A full socket needs no sign of life, and must not gather them.
    if (!raw.writableNeedDrain) raw.write(":\n\n");
  }, limits.apiHeartbeatMs);
  try {
    for await (const event of events) {
      if (signal.aborted || raw.destroyed) break;
      if (!raw.write(format(event))) await drained(raw, signal);
    }
  } catch (error) {
    if (!signal.aborted && !raw.destroyed) onError(error);
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

async function drained(raw: ServerResponse, signal: AbortSignal): Promise<void> {
  if (raw.writableNeedDrain) await once(raw, "drain", { signal });
}

/** `data` is JSON and so has no line break. */
function format({ id, event, data }: LoggedEvent): string {
  return `${id === "" ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
