/** `errand graph …`: tasks that depend on one another. */
import { Option, type Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import type { GraphNodeView, GraphPlan, GraphView } from "../../src/node/node.ts";
import { collect, seconds, segment, wholeNumber, withNode, type Cli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { readGraphFile } from "../graph-file.ts";
import { drawGraph } from "../graph-picture.ts";
import { waitForGraph, type WaitedGraph } from "../graph-waiting.ts";
import { clean, duration, note, print, printError, printFields, printJson, printTable } from "../output.ts";

const idText = "id of the graph; a unique beginning or end is enough";
const fileText = "YAML or JSON file, or - for standard input";
const path = (id: string): string => `/v1/graphs/${segment(id)}`;

const examples = `
Example of a file:
  defaults: { skill: text.stats, retries: 2 }
  nodes:
    list:    { skill: echo, input: { texts: [one, two, three] } }
    stats:   { forEach: list.output.texts, input: { text: { $ref: item } } }
    report:  { skill: echo, input: { all: { $ref: stats.output }, first: "\${stats.output.0.words} words" } }
    alarm:   { skill: echo, needs: [stats], when: one-failed, input: "\${stats.error.reason}" }

Rules (when): all-success (default), all-done, one-failed, none-failed.
`;

export function register(program: Command): void {
  const graph = program
    .command("graph")
    .description("plan, run, show, list, wait for, cancel graphs of tasks")
    .addHelpText("after", examples);
  graph
    .command("plan")
    .description("what a graph would do, level by level; nothing runs")
    .argument("<file>", fileText)
    .action((file: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const body = await readGraphFile(file);
        const plan = await client.call<GraphPlan>("POST", "/v1/graphs", { body, query: { dryRun: "plan" } });
        if (json) printJson(plan);
        else showPlan(plan);
      }),
    );
  graph
    .command("run")
    .description(
      "submit a graph, show its progress, wait for its end and print the outputs of its last nodes",
    )
    .argument("<file>", fileText)
    .option("--detach", "print its id and do not wait")
    .action((file: string, { detach = false }: { detach?: boolean }, command: Command) =>
      withNode(command, async (cli) => {
        const view = await cli.client.call<GraphView>("POST", "/v1/graphs", {
          body: await readGraphFile(file),
        });
        if (!detach) showEnd(cli, await waitForGraph(cli, view.id));
        else if (cli.json) printJson(view);
        else print(view.id);
      }),
    );
  graph
    .command("wait")
    .description("wait for the end of a graph, as run does")
    .argument("<graph>", idText)
    .option("--timeout <seconds>", "give up waiting after so long (exit code 5)", seconds)
    .action((id: string, { timeout }: { timeout?: number }, command: Command) =>
      withNode(command, async (cli) =>
        showEnd(cli, await waitForGraph(cli, id, timeout === undefined ? undefined : timeout * 1_000)),
      ),
    );
  registerShow(graph);
  registerList(graph);
  graph
    .command("cancel")
    .description("cancel a graph: what waits will not run, what runs is cancelled")
    .argument("<graph>", idText)
    .option("--reason <text>", "kept with the graph")
    .action((id: string, { reason }: { reason?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const body = reason === undefined ? {} : { reason };
        const view = await client.call<GraphView>("POST", `${path(id)}/cancel`, { body });
        if (json) printJson(view);
        else print(`${view.id} is ${view.status}.`);
      }),
    );
}

function registerShow(graph: Command): void {
  graph
    .command("show")
    .description("a graph and its nodes")
    .argument("<graph>", idText)
    .addOption(
      new Option("--output-of <nodes>", "which outputs").choices(["sinks", "all", "none"]).default("sinks"),
    )
    .action((id: string, { outputOf }: { outputOf: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<GraphView>("GET", path(id), { query: { output: outputOf } });
        if (json) printJson(view);
        else show(view);
      }),
    );
}

function registerList(graph: Command): void {
  graph
    .command("list")
    .description("graphs of this node, newest first")
    .option("--state <state>", "running, completed, failed or cancelled; repeatable", collect)
    .addOption(new Option("--limit <n>", "at most so many").default(50).argParser(wholeNumber))
    .option("--before <graph>", "the page after this id: `next` of the page before")
    .action((options: { state?: string[]; limit: number; before?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const page = await client.call<{ graphs: GraphView[] }>("GET", "/v1/graphs", {
          query: { ...options },
        });
        if (json) {
          printJson(page);
          return;
        }
        const rows = page.graphs.map((view) => [
          view.id,
          view.status,
          view.name,
          `${view.counts.completed} of ${Object.values(view.counts).reduce((sum, n) => sum + n, 0)}`,
          duration(view.durationMs),
          view.reason,
        ]);
        printTable(["GRAPH", "STATUS", "NAME", "DONE", "TIME", "NOTE"], rows, "No graphs.");
      }),
    );
}

// Longer than anybody scrolls.
const drawnAtMost = 500;

function showPlan({ name, nodes, levels, counts }: GraphPlan): void {
  if (name !== "") print(clean(name));
  const drawn = nodes.length > drawnAtMost ? [] : nodes;
  const picture = drawGraph(
    drawn.map((node) => {
      const parts = [node.id, node.skill === "" ? "(graph)" : node.skill];
      if (node.fanOut) parts.push(node.items === null ? "× its list" : `× ${node.items}`);
      if (node.when !== "all-success") parts.push(`when ${node.when}`);
      return { id: node.id, needs: needsInside(node, nodes), label: clean(parts.join("  ")) };
    }),
  );
  if (picture === undefined || picture.length === 0) print("(too large for a picture)");
  else for (const line of picture) print(line);
  print("");
  const rows = levels.map((ids, i) => [
    String(i + 1),
    String(ids.length),
    ids.length > 12 ? `${ids.slice(0, 12).join(", ")}, …` : ids.join(", "),
  ]);
  printTable(["LEVEL", "TASKS", "CAN RUN TOGETHER"], rows, "");
  note(
    `${counts.nodes} nodes, ${counts.edges} dependencies, ${counts.levels} levels, at most ${counts.widest} at once.`,
  );
}

/** The nodes of a nested graph hang below what it needs, and it below them. */
function needsInside(node: GraphPlan["nodes"][number], nodes: GraphPlan["nodes"]): string[] {
  const inner = nodes.filter(
    ({ id }) => id.startsWith(`${node.id}/`) && !id.slice(node.id.length + 1).includes("/"),
  );
  if (inner.length > 0) return inner.map(({ id }) => id);
  if (node.needs.length > 0 || !node.id.includes("/")) return node.needs;
  const owner = nodes.find(({ id }) => id === node.id.slice(0, node.id.lastIndexOf("/")));
  return owner?.needs ?? [];
}

function showEnd(cli: Cli, { graph, interrupted }: WaitedGraph): void {
  const done = graph.status === "completed";
  process.exitCode = interrupted
    ? exitCodes.interrupted
    : done
      ? exitCodes.done
      : graph.status === "cancelled"
        ? exitCodes.cancelled
        : exitCodes.taskFailed;
  if (cli.json) {
    printJson(graph);
    return;
  }
  if (interrupted) return;
  if (graph.output !== null) print(JSON.stringify(graph.output, undefined, 2));
  if (graph.outputNote !== undefined) note(graph.outputNote);
  if (done) return;
  for (const { id, state, reason } of (graph.nodes ?? [])
    .filter(({ state }) => state === "failed")
    .slice(0, 10))
    note(clean(`${id}: ${state}: ${reason}`));
  const hint = `Every node: errand graph show ${graph.id}${cli.sameNode}`;
  printError(
    graph.status === "cancelled"
      ? new ErrandError("Cancelled", `the graph was cancelled: ${graph.reason}`, { hint })
      : new ErrandError("SkillFailed", `the graph failed: ${graph.reason}`, { hint }),
  );
}

// A person reads no more; -o json has all.
const rowsShown = 200;

function show(view: GraphView): void {
  const nodes = view.nodes ?? [];
  printFields([
    ["graph", view.id],
    ["name", view.name],
    ["status", view.status],
    ["reason", view.reason],
    ["created", view.createdAt],
    ["finished", view.finishedAt ?? ""],
    ["time", duration(view.durationMs)],
    ["tasks", countsText(view.counts)],
    ["output", view.output === null ? (view.outputNote ?? "") : JSON.stringify(view.output)],
  ]);
  print("");
  const rows = nodes
    .slice(0, rowsShown)
    .map((node) => [
      node.id,
      node.skill === "" ? "(graph)" : node.skill,
      node.state,
      node.task ?? itemsText(node),
      node.needs.length > 6 ? `${node.needs.slice(0, 6).join(", ")}, …` : node.needs.join(", "),
      node.reason,
    ]);
  printTable(["NODE", "SKILL", "STATE", "TASK", "NEEDS", "NOTE"], rows, "No nodes.");
  if (nodes.length > rowsShown) note(`… and ${nodes.length - rowsShown} more: -o json shows all.`);
}

function itemsText({ items }: GraphNodeView): string {
  return items === null ? "" : countsText(items);
}

function countsText(counts: GraphView["counts"]): string {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${n} ${state}`)
    .join(", ");
}
