/** Reads Server-Sent Events (WHATWG HTML, section 9.2.6) and comes back after a loss. */
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { ErrandError } from "../core/errors.ts";

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

export interface FollowOptions {
  signal: AbortSignal;
  /** Come back after a loss or an end, for up to this long without a connection. 0: end with the stream. */
  reconnectMs?: number;
}

/** Opens the stream; `lastEventId` is "" the first time. */
type Connect = (lastEventId: string, signal: AbortSignal) => Promise<IncomingMessage>;

// The server sends a comment every 15 s; two missing mean that nobody is there any more.
const silenceMs = 40_000;
// A field line longer than this is not from our server.
const longestLine = 64 * 1024 * 1024;

export async function* followEvents(
  connect: Connect,
  { signal, reconnectMs = 0 }: FollowOptions,
): AsyncGenerator<ServerEvent, void> {
  let lastEventId = "";
  let connected = false;
  let lostAt = 0;
  let pauseMs = 250;
  while (!signal.aborted) {
    try {
      const response = await connect(lastEventId, signal);
      connected = true;
      pauseMs = 250;
      lostAt = 0;
      response.setTimeout(silenceMs, () => response.destroy(new Error("silent")));
      for await (const event of parseEvents(response)) {
        if (event.id !== "") lastEventId = event.id;
        yield event;
      }
      if (reconnectMs === 0) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!connected || reconnectMs === 0) throw error;
      // The node is back but refuses: no reason to go on asking.
      if (error instanceof ErrandError && error.code !== "NodeUnreachable" && !error.retryable) throw error;
      lostAt ||= performance.now();
      if (performance.now() - lostAt > reconnectMs) throw error;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, 5_000);
  }
}

/** Events of a body of chunks cut anywhere. Comments are dropped. */
export async function* parseEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let event = blank();
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > longestLine) throw new Error("an event line is too long");
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") {
        addLine(event, line);
      } else {
        if (event.data.length > 0) {
          yield { id: event.id, event: event.event || "message", data: event.data.join("\n") };
        }
        event = blank();
      }
    }
  }
}

function blank(): { id: string; event: string; data: string[] } {
  return { id: "", event: "", data: [] };
}

function addLine(event: { id: string; event: string; data: string[] }, line: string): void {
  const colon = line.indexOf(":");
  const field = colon === -1 ? line : line.slice(0, colon);
  const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "id") event.id = value;
  else if (field === "event") event.event = value;
  else if (field === "data") event.data.push(value);
}
