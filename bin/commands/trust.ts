/** `errand trust …`: who is trusted how far and why, what is said of whom, and what the operator makes of it. */
import { readFile, writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import type {
  TrustExport,
  TrustGraph,
  TrustImported,
  TrustOverview,
  TrustPeerExplanation,
} from "../../src/node/node.ts";
import { segment, wholeNumber, withNode } from "../cli.ts";
import { clean, note, print, printJson } from "../output.ts";
import { peerText, pin, registerBlock, registerPin } from "../peer-policy.ts";
import { trustDot, trustLines, trustSvg } from "../trust-picture.ts";
import { showExplanation, showOverview, showPeer } from "../trust-text.ts";

export function register(program: Command): void {
  const trust = program
    .command("trust")
    .description("show, explain, graph, pin, block, revoke, export, import trust in peers");
  trust
    .command("show")
    .description("every known peer with trust and credibility, or one; and what this node says of others")
    .argument("[peer]", peerText)
    .action((id: string | undefined, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const overview = await client.call<TrustOverview>("GET", "/v1/trust");
        if (id === undefined) {
          if (json) printJson(overview);
          else showOverview(overview);
          return;
        }
        const { peer } = await client.call<TrustPeerExplanation>("GET", `/v1/trust/${segment(id)}`);
        const view = overview.peers.find((one) => one.peer === peer);
        if (view === undefined) throw new ErrandError("NotFound", `nothing is known of ${peer}`);
        if (json) printJson(view);
        else showPeer(view);
      }),
    );
  registerExplain(trust);
  registerGraph(trust);
  registerPin(trust);
  trust
    .command("unpin")
    .description("take a pin back")
    .argument("<peer>", peerText)
    .action((id: string, _options: unknown, command: Command) => pin(command, id, null));
  registerBlock(trust, ({ id, blocked }) => print(`${id} is ${blocked ? "blocked" : "no longer blocked"}.`));
  registerRevoke(trust);
  registerExport(trust);
  registerImport(trust);
}

function registerExplain(trust: Command): void {
  trust
    .command("explain")
    .description("why a peer is trusted as far as it is: own evidence, what others say, pins, alarms")
    .argument("<peer>", peerText)
    .option("--skill <id>", "at this skill alone")
    .action((id: string, { skill }: { skill?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const path = `/v1/trust/${segment(id)}`;
        const answer = await client.call<TrustPeerExplanation>("GET", path, { query: { skill } });
        if (json) printJson(answer);
        else showExplanation(answer);
      }),
    );
}

function registerGraph(trust: Command): void {
  trust
    .command("graph")
    .description("who says what of whom, as this node sees it; also as -o dot (for Graphviz) and -o svg")
    .option("--nodes <count>", "so many peers at most, those that are heard most", wholeNumber)
    .action(({ nodes }: { nodes?: number }, command: Command) =>
      withNode(command, async ({ client, options }) => {
        const graph = await client.call<TrustGraph>("GET", "/v1/trust/graph", { query: { nodes } });
        // This command takes two formats more: program.ts.
        const format: string = options.output;
        if (format === "json") printJson(graph);
        else if (format === "dot") print(trustDot(graph));
        else if (format === "svg") print(trustSvg(graph));
        else for (const line of trustLines(graph)) print(line);
      }),
    );
}

function registerRevoke(trust: Command): void {
  trust
    .command("revoke")
    .description("take back what this node says of peers, and say no more of them")
    .argument("[peers...]", "PeerIds; unique beginnings or ends are enough")
    .option("--all", "of all peers")
    .option("--undo", "let the node speak of them again")
    .action(
      (ids: string[], { all = false, undo = false }: { all?: boolean; undo?: boolean }, command: Command) =>
        withNode(command, async ({ client, json }) => {
          if (all === ids.length > 0) {
            throw new ErrandError("InvalidInput", all ? "--all leaves no peer to name" : "no peer is named", {
              hint: "Name peers, or use --all.",
            });
          }
          const body = { peers: all ? ["*"] : ids, undo };
          const overview = await client.call<TrustOverview>("POST", "/v1/trust/revoke", { body });
          if (json) printJson(overview);
          else
            print(
              `Attestation ${overview.own?.seq ?? ""} says ${overview.own?.claims ?? 0} things; nothing is said of ${
                overview.withheld.includes("*") ? "anybody" : `${overview.withheld.length} peers`
              }.`,
            );
        }),
    );
}

function registerExport(trust: Command): void {
  trust
    .command("export")
    .description("pins, blocks, own evidence, and all attestations held, as JSON")
    .argument("[file]", "to this file; standard output without one")
    .action((file: string | undefined, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const exported = await client.call<TrustExport>("GET", "/v1/trust/export");
        if (file === undefined || file === "-") {
          printJson(exported);
          return;
        }
        await writeFile(file, `${JSON.stringify(exported, undefined, 2)}\n`, { mode: 0o600 });
        if (json) printJson({ file, attestations: exported.attestations.length });
        else
          note(
            `${exported.attestations.length} attestations, ${exported.pins.length} pins and ${exported.blocks.length} blocks are in ${clean(file)}.`,
          );
      }),
    );
}

function registerImport(trust: Command): void {
  trust
    .command("import")
    .description("take over what an export holds; what is signed is checked again")
    .argument("<file>", "from export, or - for standard input")
    .option("--evidence", "also what the other node saw, where this one has nothing newer")
    .action((file: string, { evidence = false }: { evidence?: boolean }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const body = await readExport(file);
        const done = await client.call<TrustImported>("POST", "/v1/trust/import", {
          body,
          query: { evidence },
          timeoutMs: 120_000,
        });
        if (json) printJson(done);
        else {
          const verdicts = Object.entries(done.attestations).map(([verdict, count]) => `${count} ${verdict}`);
          print(`${done.pins} pins, ${done.blocks} blocks, ${done.evidence} rows of evidence.`);
          print(`Attestations: ${verdicts.join(", ") || "none"}. Proofs: ${done.equivocations.proved} new.`);
        }
      }),
    );
}

async function readExport(file: string): Promise<unknown> {
  try {
    return JSON.parse(
      file === "-" ? (await buffer(process.stdin)).toString("utf8") : await readFile(file, "utf8"),
    );
  } catch (cause) {
    throw new ErrandError(
      "InvalidInput",
      `${clean(file)} cannot be read as JSON: ${(cause as Error).message}`,
      {
        hint: "`errand trust export FILE` writes such a file.",
        cause,
      },
    );
  }
}
