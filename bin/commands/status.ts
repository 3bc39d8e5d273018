/** `errand status` */
import type { Command } from "commander";
import type { NodeStatus } from "../../src/node/node.ts";
import { withNode } from "../cli.ts";
import { duration, printFields, printJson } from "../output.ts";

export function register(program: Command): void {
  program
    .command("status")
    .description("how the node is: identity, addresses, peers, load, tasks")
    .action((_options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const status = await client.call<NodeStatus>("GET", "/v1/status");
        if (json) printJson({ ...status, api: client.url });
        else show(status, client.url);
      }),
    );
}

function show(status: NodeStatus, api: string): void {
  const { load, peers } = status;
  printFields([
    ["peer", status.peerId],
    ["name", status.name],
    ["version", status.version],
    ["up for", duration(status.uptimeMs)],
    ["network", status.network],
    ["api", api],
    ["data", status.dataDir],
    ...status.addresses.map((address): [string, string] => ["address", address]),
    ["peers", `${peers.connected} connected, ${peers.known} known`],
    ["skills", status.skills.join(", ") || "none"],
    ["load", `${load.running} of ${load.slots} slots in use, ${load.queued} waiting`],
    ["tasks", counts(status.tasks) || "none under way"],
    ["counters", counts(status.counters)],
  ]);
}

function counts(record: Record<string, number | undefined>): string {
  return Object.entries(record)
    .filter(([, count]) => count !== undefined && count > 0)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(", ");
}
