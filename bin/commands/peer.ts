/** `errand peer …`: who is known, and what the operator decides about them. */
import type { Command } from "commander";
import type { PeerView } from "../../src/node/node.ts";
import { segment, withNode } from "../cli.ts";
import { duration, print, printFields, printJson, printTable } from "../output.ts";
import { peerText, registerBlock, registerPin } from "../peer-policy.ts";

const path = (id: string): string => `/v1/peers/${segment(id)}`;

export function register(program: Command): void {
  const peer = program.command("peer").description("list, get, connect, pin, block, unblock peers");
  peer
    .command("list")
    .description("known peers")
    .option("--connected", "only those with an open connection")
    .action(({ connected = false }: { connected?: boolean }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const answer = await client.call<{ peers: PeerView[] }>("GET", "/v1/peers");
        const peers = answer.peers.filter((view) => view.connected || !connected);
        if (json) printJson({ peers });
        else showList(peers);
      }),
    );
  one(peer, "get", "show one peer", (id) => ["GET", path(id)]);
  peer
    .command("connect")
    .description("connect to an address, or to a known peer")
    .argument("<target>", "multiaddr ending in /p2p/PEERID, or a PeerId")
    .action((target: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<PeerView>("POST", "/v1/peers/connect", { body: { target } });
        if (json) printJson(view);
        else print(`Connected to ${view.id}.`);
      }),
    );
  registerPin(peer);
  registerBlock(peer, show);
}

/** A command on one peer whose answer is the peer. */
function one(
  parent: Command,
  name: string,
  description: string,
  route: (id: string) => [string, string],
): void {
  parent
    .command(name)
    .description(description)
    .argument("<peer>", peerText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const [method, where] = route(id);
        const view = await client.call<PeerView>(method, where);
        if (json) printJson(view);
        else show(view);
      }),
    );
}

function showList(peers: readonly PeerView[]): void {
  const rows = peers.map((view) => [
    view.id,
    view.name,
    view.blocked ? "blocked" : view.connected ? "connected" : "known",
    view.rttMs === null ? "" : `${view.rttMs.toFixed(1)} ms`,
    view.load === null ? "" : `${view.load.running}/${view.load.slots}`,
    view.trust.mean.toFixed(2) + (view.pinned === null ? "" : " pinned"),
    view.skills.join(", "),
  ]);
  printTable(["PEER", "NAME", "STATE", "RTT", "LOAD", "TRUST", "SKILLS"], rows, "No peers known.");
}

function machineText({ platform, arch, ...has }: NonNullable<PeerView["resources"]>): string {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    `${platform}/${arch}`,
    `${has.cpuCores} cores`,
    gib(has.memoryBytes),
    `${gib(has.storageBytes)} of disk`,
    ...has.gpus,
    ...(has.internet ? ["internet"] : []),
  ].join(", ");
}

function show(view: PeerView): void {
  const { trust, resources, load } = view;
  printFields([
    ["peer", view.id],
    ["name", view.name],
    ["state", view.blocked ? "blocked" : view.connected ? "connected" : "not connected"],
    ...view.addresses.map((address): [string, string] => ["address", address]),
    ["agent", view.agent],
    ["role", view.role],
    ["tags", view.tags.join(", ")],
    ["skills", view.skills.join(", ")],
    ["rtt", view.rttMs === null ? "" : `${view.rttMs.toFixed(1)} ms`],
    ["load", load === null ? "" : `${load.running} of ${load.slots} slots in use, ${load.queued} waiting`],
    ["machine", resources === null ? "" : machineText(resources)],
    ["sandboxes", view.tiers.join(", ")],
    [
      "trust",
      `${trust.mean.toFixed(2)} (at least ${trust.lower.toFixed(2)}), ${trust.good.toFixed(0)} good, ${trust.bad.toFixed(0)} bad`,
    ],
    ["reliable", trust.reliability.toFixed(2)],
    ["pinned", view.pinned === null ? "" : String(view.pinned)],
    ["heard of", view.lastSeenMs === null ? "" : `${duration(view.lastSeenMs)} ago`],
  ]);
}
