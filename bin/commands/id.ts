/** `errand id`: who this node is; needs no running node. */
import type { Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import type { NodeStatus } from "../../src/node/node.ts";
import { createClient } from "../../src/api/client.ts";
import { dataFolder, findEndpoint } from "../../src/api/endpoint.ts";
import { globalOptions, type GlobalOptions } from "../cli.ts";
import { print, printJson } from "../output.ts";

export function register(program: Command): void {
  program
    .command("id")
    .description("print the node's PeerId, whether it runs or not")
    .action(async (_options: unknown, command: Command) => {
      const options = globalOptions(command);
      const running = await askNode(options);
      const found = running ?? (await readFolder(dataFolder(options.data, process.env)));
      if (options.output === "json") printJson(found);
      else print(found.peerId);
    });
}

interface Found {
  peerId: string;
  running: boolean;
  addresses: string[];
}

/** Undefined when no node runs; with --api it must. */
async function askNode(options: GlobalOptions): Promise<Found | undefined> {
  try {
    const client = createClient(await findEndpoint({ ...options, env: process.env }));
    try {
      const { peerId, addresses } = await client.call<NodeStatus>("GET", "/v1/status");
      return { peerId, running: true, addresses };
    } finally {
      client.close();
    }
  } catch (error) {
    const absent = error instanceof ErrandError && error.code === "NodeUnreachable";
    if (absent && options.api === undefined) return undefined;
    throw error;
  }
}

async function readFolder(dataDir: string): Promise<Found> {
  const { readKeyFile } = await import("../key-file.ts");
  const key = await readKeyFile(dataDir);
  if (key === undefined) {
    throw new ErrandError("NotFound", `there is no node in ${dataDir} yet`, {
      hint: "`errand up` makes its identity at the first start; --data names another folder.",
    });
  }
  return { peerId: key.peerId, running: false, addresses: [] };
}
