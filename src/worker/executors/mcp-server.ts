/**
 * One MCP server over the life of the node: connected, watched, and connected again with growing pauses when it is lost. Its
 * skills stay offered over a short absence (a call waits for the server), and are withdrawn when it stays away.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { McpServerSpec } from "../../skills/mcp-spec.ts";
import type { OfferedSkill } from "../../skills/skill.ts";
import type { McpConnection } from "./mcp-connection.ts";
import { toolSkills } from "./mcp-skills.ts";

export interface McpServer {
  /** The connection, once there is one. Throws the reason of `signal`, or `SkillFailed` when the node closes. */
  connection(signal: AbortSignal): Promise<McpConnection>;
  /** A call failed in a way that may mean that the server is gone: look. */
  suspect(): void;
  close(): Promise<void>;
}

export interface McpServerOptions {
  spec: McpServerSpec;
  clock: Clock;
  log: Log;
  /** Its skills are these now; they replace what they were. */
  offer: (skills: OfferedSkill[]) => void;
  /** An attempt to connect came to nothing; the next one follows by itself. */
  failed?: (error: unknown) => void;
}

const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** A connection that held so long was a good one: the next pause is short again. */
const steadyMs = 30_000;
/** What the submitters of a task may wait anyway; longer, and they should look elsewhere. */
const absentMs = 10_000;
const lookEveryMs = 30_000;

export function startMcpServer({ spec, clock, log, offer, failed }: McpServerOptions): McpServer {
  const stop = new AbortController();
  let current: McpConnection | undefined;
  let arrival = Promise.withResolvers<McpConnection>();
  arrival.promise.catch(() => undefined);
  let looking: Promise<void> | undefined;
  let withdraw = (): void => {};

  let lastLine = "";
  const say = (line: string): void => {
    lastLine = safeMessage(line);
    log.debug({ server: spec.name }, lastLine);
  };

  function show(connection: McpConnection): void {
    const { skills, left } = toolSkills(spec, connection.tools, connection.serverVersion);
    for (const reason of left) log.warn({ server: spec.name }, reason);
    offer(skills);
  }

  async function look(): Promise<void> {
    const looked = current;
    if (looked === undefined) return;
    try {
      await looked.ping(stop.signal);
    } catch (error) {
      if (stop.signal.aborted || current !== looked) return;
      log.warn({ server: spec.name, err: error }, "an MCP server no longer answers");
      await looked.close().catch(() => undefined);
    }
  }

  const suspect = (): void => {
    looking ??= look().finally(() => (looking = undefined));
  };

  /** Resolves when the connection has ended. */
  async function connectOnce(): Promise<void> {
    const { connectServer } = await import("./mcp-connection.ts");
    const gone = Promise.withResolvers<void>();
    const connection = await connectServer({
      spec,
      log: say,
      signal: stop.signal,
      onTools: () => current !== undefined && show(current),
      onClosed: gone.resolve,
    });
    withdraw();
    current = connection;
    arrival.resolve(connection);
    show(connection);
    log.info({ server: spec.name, tools: connection.tools.length }, "connected to an MCP server");
    let cancelLook = clock.after(lookEveryMs, function again() {
      suspect();
      cancelLook = clock.after(lookEveryMs, again);
    });
    const abort = (): void => gone.resolve();
    stop.signal.addEventListener("abort", abort, { once: true });
    if (stop.signal.aborted) abort();
    await gone.promise;
    stop.signal.removeEventListener("abort", abort);
    cancelLook();
    current = undefined;
    arrival = Promise.withResolvers();
    arrival.promise.catch(() => undefined);
    withdraw = clock.after(absentMs, () => offer([]));
    await connection.close().catch(() => undefined);
  }

  async function run(): Promise<void> {
    for (let pauseMs = firstPauseMs; !stop.signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const startMs = clock.monotonic();
      lastLine = "";
      try {
        await connectOnce();
        if (!stop.signal.aborted)
          log.warn({ server: spec.name }, "an MCP server has ended; it is started again");
      } catch (error) {
        if (!stop.signal.aborted) {
          log.warn({ server: spec.name, err: error }, "no connection to an MCP server");
          const why = error instanceof Error ? error.message : String(error);
          failed?.(new Error(lastLine === "" ? why : `${why}; it said: ${lastLine}`, { cause: error }));
        }
      }
      if (clock.monotonic() - startMs > steadyMs) pauseMs = firstPauseMs;
      await pause(clock, pauseMs, stop.signal);
    }
    withdraw();
  }

  const running = run();
  return {
    async connection(signal) {
      if (current !== undefined) return current;
      const { promise, reject } = Promise.withResolvers<never>();
      const abort = (): void => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      try {
        return await Promise.race([arrival.promise, promise]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    suspect,
    async close() {
      const reason = new ErrandError("SkillFailed", `the MCP server ${spec.name} is being ended`);
      stop.abort(reason);
      arrival.reject(reason);
      await running;
    },
  };
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const cancel = clock.after(ms, resolve);
  const abort = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", abort));
}
