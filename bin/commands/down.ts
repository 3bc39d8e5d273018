/** `errand down`: asks the node to stop and waits until its process is gone. */
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import { isRunning, readApiFile } from "../../src/api/endpoint.ts";
import { withNode, type Cli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { note, print, printJson } from "../output.ts";

const waitMs = 30_000;
const pollMs = 50;

export function register(program: Command): void {
  program
    .command("down")
    .description("stop the running node and wait until it has ended")
    .action((_options: unknown, command: Command) => withNode(command, stop));
}

async function stop({ client, json, dataDir }: Cli): Promise<void> {
  const announced = await readApiFile(dataDir);
  const pid = announced?.url === client.url ? announced.pid : undefined;
  await client.call("POST", "/v1/shutdown");
  const gone = async (): Promise<boolean> => (pid === undefined ? !(await answers(client)) : !isRunning(pid));
  const until = performance.now() + waitMs;
  while (!(await gone())) {
    if (performance.now() > until) {
      note(`The node still runs${pid === undefined ? "" : ` as process ${pid}`}; its log says why.`);
      process.exitCode = exitCodes.waitTimeout;
      break;
    }
    await delay(pollMs);
  }
  const stopped = process.exitCode === undefined;
  if (json) printJson({ stopped, pid: pid ?? null });
  else if (stopped) print("The node has stopped.");
}

async function answers(client: Cli["client"]): Promise<boolean> {
  try {
    await client.call("GET", "/v1/health", { timeoutMs: 2_000 });
    return true;
  } catch (error) {
    if (error instanceof ErrandError && error.code === "NodeUnreachable") return false;
    throw error;
  }
}
