/** `errand skill …` */
import { Option, type Command } from "commander";
import type { PeerView, SkillView } from "../../src/node/node.ts";
import { seconds, segment, wholeNumber, withNode } from "../cli.ts";
import { registerLocal } from "./skill-local.ts";
import { cleanLines, print, printFields, printJson, printTable, shortPeer } from "../output.ts";

type Provider = PeerView & { version: string };

export function register(program: Command): void {
  const skill = program.command("skill").description("list, find, get skills; init, test, run one's own");
  registerLocal(skill);
  skill
    .command("list")
    .description("skills of this node and of the peers it knows")
    .option("--local", "only this node's")
    .action(({ local = false }: { local?: boolean }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const answer = await client.call<{ skills: SkillView[] }>("GET", "/v1/skills", {
          query: { all: !local },
        });
        if (json) printJson(answer);
        else showList(answer.skills);
      }),
    );
  skill
    .command("find")
    .description("who offers a skill: known peers first, then the DHT")
    .argument("<skill>", "id of the skill")
    .addOption(new Option("--limit <n>", "at most so many peers").default(20).argParser(wholeNumber))
    .addOption(new Option("--timeout <seconds>", "look for so long").default(5).argParser(seconds))
    .action((id: string, query: { limit: number; timeout: number }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const answer = await client.call<{ providers: Provider[] }>(
          "GET",
          `/v1/skills/${segment(id)}/providers`,
          {
            query: { ...query },
            timeoutMs: (query.timeout + 15) * 1_000,
          },
        );
        if (json) printJson(answer);
        else showProviders(answer.providers, id);
      }),
    );
  skill
    .command("get")
    .description("one skill with its schemas and examples")
    .argument("<skill>", "id of the skill")
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<SkillView>("GET", `/v1/skills/${segment(id)}`);
        if (json) printJson(view);
        else show(view);
      }),
    );
}

function showList(skills: readonly SkillView[]): void {
  const rows = skills.map((view) => [
    view.id,
    view.version,
    view.local ? "yes" : "",
    String(view.providers.length),
    accessText(view),
    view.description,
  ]);
  printTable(["SKILL", "VERSION", "HERE", "PEERS", "FOR", "WHAT IT DOES"], rows, "No skills known.");
}

/** Who may call it: here, and of others' skills what the first card says. */
function accessText({ access, policy }: SkillView): string {
  if (access === "trusted" && policy?.minTrust !== undefined) return `trust ${policy.minTrust}`;
  if (access === "listed" && policy?.peers !== undefined) return `${policy.peers.length} listed`;
  return access;
}

/** What a run may use, as far as the operator said something. */
function limitsText({ policy }: SkillView): string {
  if (policy === undefined) return "";
  const { limits, network, mounts, gpu } = policy;
  return [
    ...Object.entries(limits).map(([key, value]) => `${key} ${value}`),
    ...(network ? ["network"] : []),
    ...mounts.map(({ path, write }) => `${path}${write === true ? " (writable)" : ""}`),
    ...(gpu ? ["GPU"] : []),
  ].join(", ");
}

function showProviders(providers: readonly Provider[], id: string): void {
  const rows = providers.map((peer) => [
    peer.id,
    peer.name,
    peer.version,
    peer.connected ? "yes" : "",
    peer.rttMs === null ? "" : `${peer.rttMs.toFixed(1)} ms`,
    peer.load === null ? "" : `${peer.load.running}/${peer.load.slots}`,
  ]);
  printTable(["PEER", "NAME", "VERSION", "CONNECTED", "RTT", "LOAD"], rows, `No peer offers ${id}.`);
}

function show(view: SkillView): void {
  printFields([
    ["skill", `${view.id} ${view.version}`],
    ["name", view.name],
    ["does", view.description],
    ["tags", view.tags.join(", ")],
    ["takes", ["application/json", ...view.inputModes].join(", ")],
    ["price", view.price === 0 ? "free" : `${view.price} credits`],
    ["for", accessText(view)],
    ["listed", (view.policy?.peers ?? []).map(shortPeer).join(", ")],
    ["a run may use", limitsText(view)],
    ["peers", view.providers.map(shortPeer).join(", ")],
  ]);
  const json = (value: unknown): string => cleanLines(JSON.stringify(value, undefined, 2));
  if (view.input !== undefined) print(`\nInput:\n${json(view.input)}`);
  if (view.output !== undefined) print(`\nOutput:\n${json(view.output)}`);
  for (const example of view.examples) {
    print(
      `\nExample:\n  errand run ${view.id} '${cleanLines(JSON.stringify(example)).replaceAll("'", "'\\''")}'`,
    );
  }
}
