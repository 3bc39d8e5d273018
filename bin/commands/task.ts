/** `errand task …`: what became of the tasks of this node. */
import { Option, type Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import type { Explanation, HistoryEntry, TaskChange, TaskView } from "../../src/node/node.ts";
import { collect, seconds, segment, wholeNumber, withNode, type Cli } from "../cli.ts";
import { duration, print, printFields, printJson, printJsonLine, printTable, shortPeer } from "../output.ts";
import { printExplanation } from "../explanation.ts";
import { showResult } from "../task-result.ts";
import { waitForTask } from "../waiting.ts";

const idText = "id of the task; a unique beginning or end is enough";
const path = (id: string): string => `/v1/tasks/${segment(id)}`;

export function register(program: Command): void {
  const task = program.command("task").description("list, get, wait for, watch, cancel, explain tasks");
  registerList(task);
  registerControls(task);
  task
    .command("get")
    .description("show one task")
    .argument("<task>", idText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<TaskView>("GET", path(id));
        if (json) printJson(view);
        else show(view);
      }),
    );
  task
    .command("wait")
    .description("wait for the end of a task and print its output, as run does")
    .argument("<task>", idText)
    .option("--timeout <seconds>", "give up waiting after so long (exit code 5)", seconds)
    .option("--save <file>", "write the output to a file")
    .action((id: string, options: { timeout?: number; save?: string }, command: Command) =>
      withNode(command, async (cli) => {
        const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1_000;
        await showResult(cli, await waitForTask(cli, id, { timeoutMs }), options.save);
      }),
    );
  task
    .command("watch")
    .description("print changes as they happen: of one task until its end, or of all until Ctrl-C")
    .argument("[task]", idText)
    .action((id: string | undefined, _options: unknown, command: Command) =>
      withNode(command, (cli) => watch(cli, id)),
    );
  task
    .command("cancel")
    .description("cancel a task that has not ended")
    .argument("<task>", idText)
    .option("--reason <text>", "kept with the task")
    .action((id: string, { reason }: { reason?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const body = reason === undefined ? {} : { reason };
        const view = await client.call<TaskView>("POST", `${path(id)}/cancel`, { body });
        if (json) printJson(view);
        else print(`${view.id} is ${view.status}.`);
      }),
    );
  task
    .command("explain")
    .description("why a task is where it is: who was considered, each score's parts, each refusal")
    .argument("<task>", idText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const explanation = await client.call<Explanation>("GET", `${path(id)}/explain`);
        if (json) printJson(explanation);
        else printExplanation(explanation);
      }),
    );
}

/** Name, what it does, and what is said of the task afterwards. */
const controls: [string, string, (view: TaskView) => string][] = [
  [
    "pause",
    "hold a task: at once while it waits; when its worker gives it back while it is out",
    (view) =>
      view.status === "paused"
        ? `${view.id} is paused.`
        : `${view.id} is ${view.status}; it finishes, and is held if it comes back.`,
  ],
  ["resume", "let a paused task go on", (view) => `${view.id} is ${view.status}.`],
  ["retry", "submit again a task that failed, timed out or was cancelled", (view) => view.id],
  ["rerun", "submit again a task that has ended, never from the cache", (view) => view.id],
];

function registerControls(task: Command): void {
  for (const [name, description, said] of controls) {
    task
      .command(name)
      .description(description)
      .argument("<task>", idText)
      .action((id: string, _options: unknown, command: Command) =>
        withNode(command, async ({ client, json }) => {
          const view = await client.call<TaskView>("POST", `${path(id)}/${name}`, { body: {} });
          if (json) printJson(view);
          else print(said(view));
        }),
      );
  }
  task
    .command("move")
    .description("take a task from its worker to another peer; no attempt is used up")
    .argument("<task>", idText)
    .argument("[peer]", "where to; any other peer when absent")
    .action((id: string, peer: string | undefined, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<TaskView>("POST", `${path(id)}/move`, {
          body: peer === undefined ? {} : { peer },
        });
        if (json) printJson(view);
        else print(`${view.id} is on its way to another peer.`);
      }),
    );
  task
    .command("history")
    .description("every change of a task's state, oldest first")
    .argument("<task>", idText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const page = await client.call<{ history: HistoryEntry[] }>("GET", `${path(id)}/history`);
        if (json) return printJson(page);
        const rows = page.history.map((entry) => [
          new Date(entry.at).toISOString(),
          entry.from,
          entry.to,
          entry.attempt === 0 ? "" : String(entry.attempt),
          shortPeer(entry.peer),
          entry.reason,
        ]);
        printTable(["TIME", "FROM", "TO", "ATTEMPT", "PEER", "REASON"], rows, "No changes.");
      }),
    );
}

interface ListOptions {
  dead?: boolean;
  state?: string[];
  skill?: string;
  peer?: string;
  label?: string;
  limit: number;
  before?: string;
}

function registerList(task: Command): void {
  task
    .command("list")
    .description("tasks of this node, newest first")
    .option("--state <state>", "only in this state; repeatable", collect)
    .option("--dead", "only dead letters: tasks that were spoilt by three workers")
    .option("--skill <skill>", "only of this skill")
    .option("--peer <peer>", "only at this peer")
    .option("--label <key=value>", "only with this label")
    .addOption(new Option("--limit <n>", "at most so many").default(50).argParser(wholeNumber))
    .option("--before <task>", "the page after this id: `next` of the page before")
    .action((options: ListOptions, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const page = await client.call<{ tasks: TaskView[]; next: string | null }>("GET", "/v1/tasks", {
          query: { ...options },
        });
        if (json) {
          printJson(page);
          return;
        }
        const rows = page.tasks.map((view) => [
          view.id,
          view.status,
          view.skill,
          view.local ? "this node" : shortPeer(view.peer),
          String(view.attempts),
          duration(view.durationMs),
          view.error?.message ?? view.progressMessage,
        ]);
        printTable(["TASK", "STATUS", "SKILL", "PEER", "ATTEMPTS", "TIME", "NOTE"], rows, "No tasks.");
      }),
    );
}

function show(view: TaskView): void {
  const { error, outputRef, usage } = view;
  printFields([
    ["task", view.id],
    ["skill", `${view.skill} ${view.skillVersion}`.trim()],
    ["status", view.status],
    ["reason", view.reason],
    ["peer", view.local ? `${view.peer} (this node)` : view.peer],
    ["attempts", String(view.attempts)],
    ["priority", String(view.priority)],
    ["progress", view.progress > 0 ? `${Math.round(view.progress * 100)} % ${view.progressMessage}` : ""],
    ["created", view.createdAt],
    ["finished", view.finishedAt ?? ""],
    ["time", duration(view.durationMs)],
    ["used", usage === null ? "" : `${duration(usage.wallMs)}, CPU ${duration(usage.cpuMs)}`],
    [
      "labels",
      Object.entries(view.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
    ],
    ["error", error === null ? "" : `${error.message} [${error.code}]`],
    ["hint", error?.hint ?? ""],
    [
      "output",
      outputRef === null ? "" : `${outputRef.sizeBytes} bytes of ${outputRef.type}, ${outputRef.hash}`,
    ],
    ["output", outputRef === null && view.status === "completed" ? JSON.stringify(view.output) : ""],
  ]);
}

/** Ctrl-C simply ends it: watching changes nothing. */
async function watch({ client, json }: Cli, id: string | undefined): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once("SIGINT", onInterrupt);
  try {
    const events = client.events(id === undefined ? "/v1/events" : `${path(id)}/events`, {
      signal: stop.signal,
      reconnectMs: 60_000,
    });
    for await (const { event, data } of events) {
      if (event === "EventsLost") {
        if (json) printJsonLine({ event });
        else print("(some changes were missed)");
        continue;
      }
      const change = JSON.parse(data) as TaskChange;
      if (json) printJsonLine(change);
      else showChange(change, id === undefined);
      if (id !== undefined && change.task.finishedAt !== null) return;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error instanceof ErrandError ? error : toLost(error);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

function toLost(cause: unknown): ErrandError {
  return new ErrandError("NodeUnreachable", "lost the connection to the node", {
    hint: "The tasks are kept; watch again when the node is back.",
    cause,
  });
}

function showChange({ event, task }: TaskChange, withId: boolean): void {
  const parts = [
    new Date().toTimeString().slice(0, 8),
    ...(withId ? [task.id] : []),
    event.padEnd(13),
    task.status,
  ];
  if (task.peer !== "") parts.push(task.local ? "here" : `on ${shortPeer(task.peer)}`);
  if (event === "TaskProgress") parts.push(`${Math.round(task.progress * 100)} %`, task.progressMessage);
  if (task.error !== null) parts.push(`${task.error.message} [${task.error.code}]`);
  printFields([[parts[0] ?? "", parts.slice(1).join("  ")]]);
}
