/**
 * Runs skills that are tools of MCP servers. The servers are the operator's: processes that this node starts, or endpoints
 * that he named. They run as long as the node and serve one call beside the other; no sandbox is around them.
 */
import type { CallToolResult } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { readInput } from "../../skills/input.ts";
import type { McpServerSpec } from "../../skills/mcp-spec.ts";
import type { OfferedSkill } from "../../skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import { treeUsage } from "../sandbox/rss-watch.ts";
import type { McpConnection } from "./mcp-connection.ts";
import { startMcpServer, type McpServer } from "./mcp-server.ts";
import { toolOutput } from "./mcp-skills.ts";

export interface McpExecutor extends Executor {
  /**
   * Connects to the servers, in the background. `offer` is called with the skills of one whenever they change, `failed` with
   * each attempt to connect that came to nothing.
   */
  start(
    offer: (server: string, skills: OfferedSkill[]) => void,
    failed?: (server: string, error: unknown) => void,
  ): void;
}

export interface McpExecutorOptions {
  servers: readonly McpServerSpec[];
  clock: Clock;
  log: Log;
}

export function createMcpExecutor({ servers, clock, log }: McpExecutorOptions): McpExecutor {
  const started = new Map<string, McpServer>();
  let closing: Promise<unknown> | undefined;
  return {
    name: "mcp",
    canExecute: ({ source }) => source.kind === "mcp",
    start(offer, failed) {
      if (closing !== undefined || started.size > 0) return;
      for (const spec of servers) {
        const server = startMcpServer({
          spec,
          clock,
          log,
          offer: (skills) => offer(spec.name, skills),
          failed: (error) => failed?.(spec.name, error),
        });
        started.set(spec.name, server);
      }
    },
    async execute(execution, context) {
      const { source } = execution.skill;
      const server = source.kind === "mcp" ? started.get(source.server) : undefined;
      if (source.kind !== "mcp" || server === undefined)
        throw new ErrandError("Internal", `${execution.skill.definition.id} has no server`);
      return execute(execution, context, server, source.tool, clock);
    },
    async close() {
      closing ??= Promise.all([...started.values()].map((server) => server.close()));
      await closing;
    },
  };
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  server: McpServer,
  tool: string,
  clock: Clock,
): Promise<ExecutionResult> {
  const { definition } = execution.skill;
  const { signal } = context;
  signal.throwIfAborted();
  const start = clock.monotonic();
  const args =
    execution.checked?.value ??
    (await readInput(definition, execution.input, execution.inputPath, context.scratchDir));
  if (typeof args !== "object" || args === null || Array.isArray(args))
    throw new ErrandError("InvalidInput", "input must be object");
  const connection = await server.connection(signal);
  const voice = createVoice(context, () => clock.monotonic());
  const measure = await measured(connection);
  let result: CallToolResult;
  try {
    result = await connection.call(tool, args as Record<string, unknown>, {
      signal,
      timeoutMs: context.deadline - clock.now(),
      progress: (done, total, message) => voice.progress(fractionOf(done, total), message),
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    server.suspect();
    const why = error instanceof Error ? error.message : String(error);
    throw new ErrandError("SkillFailed", safeMessage(`the MCP server: ${why}`), { cause: error });
  } finally {
    voice.stop();
  }
  signal.throwIfAborted();
  const bytes = encodeOutput(definition, toolOutput(result, definition.output), execution.outputBytes);
  return {
    output: { bytes, type: "application/json" },
    usage: { wallMs: clock.monotonic() - start, ...(await measure()) },
  };
}

/** What the server used, as far as this call had it to itself; nothing is known of a server elsewhere. */
async function measured(
  connection: McpConnection,
): Promise<() => Promise<{ cpuMs: number; peakMemoryBytes: number }>> {
  const { pid, calls, served } = connection;
  const before = pid === undefined || calls > 0 ? undefined : await treeUsage(pid);
  return async () => {
    const alone = before !== undefined && connection.calls === 0 && connection.served === served + 1;
    if (pid === undefined || !alone) return { cpuMs: 0, peakMemoryBytes: 0 };
    const { cpuMs, memoryBytes } = await treeUsage(pid);
    return { cpuMs: Math.max(0, cpuMs - before.cpuMs), peakMemoryBytes: memoryBytes };
  };
}

/** A tool that does not know how much there is to do counts upwards: ever nearer to the end, and never there. */
function fractionOf(done: number, total: number | undefined): number {
  if (total !== undefined && total > 0) return done / total;
  return done > 0 ? done / (done + 1) : 0;
}
