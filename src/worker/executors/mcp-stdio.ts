/**
 * An MCP server as a child process, spoken to over its standard input and output. Unlike the SDK's own transport it starts the
 * server as the leader of a process group and ends that group: what is started through `npx` or a shell script goes too.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ReadBuffer, serializeMessage, type Transport } from "@modelcontextprotocol/client";
import { systemClock } from "../../core/clock.ts";
import type { McpServerSpec } from "../../skills/mcp-spec.ts";
import { groupGone } from "../../skills/process-group.ts";
import { endGroup } from "./process-group.ts";
import { watchMemory } from "./process-memory.ts";

type Via = Omit<Extract<McpServerSpec["via"], { kind: "stdio" }>, "kind">;

export interface StdioTransport extends Transport {
  /** Of the server, while it runs. */
  readonly pid: number | undefined;
}

/** The JSON of one message is parsed by the node's own thread: larger ones end the connection. */
const largestMessageBytes = 4 * 1024 * 1024;
/** A server that is told to end by the end of its input gets this long, then as long again after SIGTERM. */
const graceMs = 1_000;
const MiB = 1024 ** 2;

/** What programs need to find themselves and their caches; nothing else of the node's environment. */
const passed = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "TMPDIR",
  "SystemRoot",
  "APPDATA",
  "USERPROFILE",
];

export function stdioTransport(via: Via, log: (line: string) => void): StdioTransport {
  let child: ChildProcessWithoutNullStreams | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const buffer = new ReadBuffer({ maxBufferSize: largestMessageBytes });

  const transport: StdioTransport = {
    get pid() {
      return child?.pid;
    },
    async start() {
      const [file, ...args] = via.argv as [string, ...string[]];
      const started = spawn(file, args, {
        ...(via.cwd === undefined ? {} : { cwd: via.cwd }),
        env: { ...chosen([...passed, ...via.passEnv]), ...via.env },
        detached: process.platform !== "win32",
        stdio: ["pipe", "pipe", "pipe"],
        windowsHide: true,
      });
      await once(started, "spawn");
      child = started;
      ended = once(started, "exit");
      const stopWatch = bounded(started, via.memoryBytes, log);
      started.once("exit", () => {
        stopWatch();
        // Whatever it started and left behind.
        endGroup(started, "SIGKILL");
        child = undefined;
        transport.onclose?.();
      });
      started.on("error", (error) => transport.onerror?.(error));
      started.stdin.on("error", (error) => transport.onerror?.(error));
      createInterface({ input: started.stderr }).on("line", log);
      started.stdout.on("data", (chunk: Buffer) => read(chunk, started));
    },
    async send(message) {
      if (child === undefined) throw new Error("the server has ended");
      if (!child.stdin.write(serializeMessage(message)))
        await Promise.race([once(child.stdin, "drain"), ended]);
    },
    async close() {
      const ending = child;
      if (ending === undefined) return;
      ending.stdin.end();
      const term = setTimeout(() => endGroup(ending, "SIGTERM"), graceMs);
      const kill = setTimeout(() => endGroup(ending, "SIGKILL"), 2 * graceMs);
      await ended;
      clearTimeout(term);
      clearTimeout(kill);
      await groupGone(ending.pid);
    },
  };

  function read(chunk: Buffer, from: ChildProcessWithoutNullStreams): void {
    try {
      buffer.append(chunk);
    } catch (error) {
      transport.onerror?.(error as Error);
      endGroup(from, "SIGKILL");
      return;
    }
    for (;;) {
      try {
        const message = buffer.readMessage();
        if (message === null) return;
        transport.onmessage?.(message);
      } catch (error) {
        // A line that is no message of the protocol; the next may be one.
        transport.onerror?.(error as Error);
      }
    }
  }

  return transport;
}

/** Ends the server when it takes more memory than it may; it is then started again as after any other end. */
function bounded(
  server: ChildProcessWithoutNullStreams,
  memoryBytes: number | undefined,
  log: (line: string) => void,
): () => void {
  if (memoryBytes === undefined || server.pid === undefined) return () => {};
  return watchMemory(server.pid, memoryBytes, systemClock, (usedBytes) => {
    log(
      `it was ended: it used ${Math.round(usedBytes / MiB)} MiB of memory, and may use ${memoryBytes / MiB}`,
    );
    endGroup(server, "SIGKILL");
  });
}

function chosen(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
