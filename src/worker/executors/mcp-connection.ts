/** One connection to an MCP server: made, asked for its tools, called, closed. When to make it again is mcp-server.ts's to say. */
import {
  Client,
  StreamableHTTPClientTransport,
  type Tool,
  type Transport,
} from "@modelcontextprotocol/client";
import { version } from "../../core/version.ts";
import { readSecret } from "../../skills/secret.ts";
import type { McpServerSpec } from "../../skills/mcp-spec.ts";
import { stdioTransport, type StdioTransport } from "./mcp-stdio.ts";

export interface McpConnection {
  /** As the server says; "" when it says nothing. */
  readonly serverVersion: string;
  tools: readonly Tool[];
  /** Of a server that this node has started, while it runs. */
  readonly pid: number | undefined;
  /** Calls under way. */
  readonly calls: number;
  /** Calls ever begun. */
  readonly served: number;
  call(
    tool: string,
    args: Record<string, unknown>,
    options: {
      signal: AbortSignal;
      timeoutMs: number;
      progress: (done: number, total: number | undefined, message: string) => void;
    },
  ): ReturnType<Client["callTool"]>;
  /** Throws when the server does not answer. */
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  spec: McpServerSpec;
  log: (line: string) => void;
  /** The server's tools are these now. */
  onTools: (tools: readonly Tool[]) => void;
  /** It is gone, whoever ended it. Called once. */
  onClosed: () => void;
  signal: AbortSignal;
}

/** A server that is fetched from a registry at its first start takes its time. */
const connectMs = 60_000;
const pingMs = 10_000;
const longestTimerMs = 2 ** 31 - 1;

export async function connectServer({
  spec,
  log,
  onTools,
  onClosed,
  signal,
}: ConnectOptions): Promise<McpConnection> {
  let connection: McpConnection | undefined;
  const client = new Client(
    { name: "errand", version },
    {
      versionNegotiation: { mode: "auto", probe: { timeoutMs: 5_000 } },
      listChanged: {
        tools: {
          onChanged: (error, tools) => {
            if (error !== null || tools === null || connection === undefined) return;
            connection.tools = tools;
            onTools(tools);
          },
        },
      },
    },
  );
  let closed = false;
  Object.assign(client, {
    onerror: (error: Error) => log(error.message),
    onclose: () => {
      if (closed) return;
      closed = true;
      onClosed();
    },
  });
  const transport = transportTo(spec, log);
  let calls = 0;
  let served = 0;
  try {
    await client.connect(transport, { signal, timeout: connectMs });
    const { tools } = await client.listTools(undefined, { signal, timeout: connectMs });
    connection = {
      serverVersion: client.getServerVersion()?.version ?? "",
      tools,
      get pid() {
        return "pid" in transport ? transport.pid : undefined;
      },
      get calls() {
        return calls;
      },
      get served() {
        return served;
      },
      call(name, args, { signal: stop, timeoutMs, progress }) {
        calls += 1;
        served += 1;
        return client
          .callTool(
            { name, arguments: args },
            {
              signal: stop,
              timeout: Math.min(Math.max(1, Math.ceil(timeoutMs)), longestTimerMs),
              onprogress: ({ progress: done, total, message }) => progress(done, total, message ?? ""),
            },
          )
          .finally(() => (calls -= 1));
      },
      async ping(stop) {
        await client.ping({ signal: stop, timeout: pingMs });
      },
      close: () => client.close(),
    };
    return connection;
  } catch (error) {
    closed = true;
    await client.close().catch(() => undefined);
    throw error;
  }
}

function transportTo({ via }: McpServerSpec, log: (line: string) => void): Transport | StdioTransport {
  if (via.kind === "stdio") return stdioTransport(via, log);
  const { token } = via;
  return new StreamableHTTPClientTransport(new URL(via.url), {
    requestInit: { headers: via.headers },
    ...(token !== undefined && { authProvider: { token: () => readSecret(token) } }),
  });
}
