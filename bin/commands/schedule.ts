/** `errand schedule …`: submissions that are made again and again. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { ScheduleJson } from "../../src/api/routes/schedules.ts";
import { ErrandError } from "../../src/core/errors.ts";
import type { ScheduleView, TaskView } from "../../src/node/node.ts";
import { segment, wholeNumber, withNode, type Cli } from "../cli.ts";
import { duration, print, printFields, printJson, printTable } from "../output.ts";
import { submissionBody, submissionOptions, type SubmissionOptions } from "../submission.ts";

const idText = "id of the schedule, a unique beginning or end of it, or its name";
const path = (id: string): string => `/v1/schedules/${segment(id)}`;

const examples = `
Examples:
  $ errand schedule add text.stats @report.txt --cron "0 9 * * MON-FRI" --timezone Europe/Berlin
  $ errand schedule add http.request '{"url": "https://example.org"}' --every 5m --missed skip --overlap skip
  $ errand schedule next "*/15 * * * *"
`;

export function register(program: Command): void {
  const schedule = program
    .command("schedule")
    .description("submit again and again: add, list, get, remove, enable, disable, trigger, next")
    .addHelpText("after", examples);
  registerAdd(schedule);
  schedule
    .command("list")
    .description("schedules of this node")
    .action((_options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const answer = await client.call<{ schedules: ScheduleView[] }>("GET", "/v1/schedules");
        if (json) printJson(answer);
        else showList(answer.schedules);
      }),
    );
  one(schedule, "get", "show one schedule", "GET", "");
  one(schedule, "remove", "remove a schedule; its tasks stay", "DELETE", "");
  one(schedule, "enable", "go on, from now", "POST", "/enable");
  one(schedule, "disable", "stop, but keep it", "POST", "/disable");
  schedule
    .command("trigger")
    .description("run now, beside the due times; prints the id of the task")
    .argument("<schedule>", idText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const task = await client.call<TaskView>("POST", `${path(id)}/trigger`);
        if (json) printJson(task);
        else print(task.id);
      }),
    );
  registerNext(schedule);
}

interface AddOptions extends SubmissionOptions {
  cron?: string;
  timezone?: string;
  every?: number;
  missed?: ScheduleJson["missed"];
  overlap?: ScheduleJson["overlap"];
  name?: string;
  until?: string;
  maxRuns?: number;
}

function registerAdd(schedule: Command): void {
  submissionOptions(schedule.command("add"))
    .description("submit by cron expression or interval; prints the id of the schedule")
    .option("--cron <expression>", "minute hour day month weekday; 6 fields begin with seconds")
    .option("--timezone <zone>", "of the expression, such as Europe/Berlin; this machine's when absent")
    .option("--every <duration>", "such as 30s, 5m, 1h30m, 1d", wholeDuration)
    .addOption(
      new Option("--missed <policy>", "due times that passed while the node was down").choices([
        "skip",
        "once",
        "all",
      ]),
    )
    .addOption(new Option("--overlap <policy>", "while the last run goes on").choices(["allow", "skip"]))
    .option("--name <name>", "to use instead of the id")
    .option("--until <time>", "no run after it, such as 2030-01-31T12:00:00Z")
    .option("--max-runs <n>", "end after so many", wholeNumber)
    .action((skill: string, input: string | undefined, options: AddOptions, command: Command) =>
      withNode(command, async (cli) => {
        const view = await add(cli, skill, input, options);
        if (cli.json) printJson(view);
        else print(view.id);
      }),
    );
}

async function add(
  cli: Cli,
  skill: string,
  input: string | undefined,
  options: AddOptions,
): Promise<ScheduleView> {
  const { cron, timezone, every, missed, overlap, name, until, maxRuns } = options;
  if ((cron === undefined) === (every === undefined)) {
    throw new ErrandError("InvalidInput", "give either --cron or --every", {
      hint: 'For example --cron "0 9 * * MON-FRI", or --every 5m.',
    });
  }
  const body: ScheduleJson = { submission: await submissionBody(cli, skill, input, options) };
  if (cron !== undefined) Object.assign(body, { cron, timezone: timezone ?? machineZone() });
  if (every !== undefined) body.everyMs = every;
  if (missed !== undefined) body.missed = missed;
  if (overlap !== undefined) body.overlap = overlap;
  if (name !== undefined) body.name = name;
  if (until !== undefined) body.until = until;
  if (maxRuns !== undefined) body.maxRuns = maxRuns;
  return cli.client.call<ScheduleView>("POST", "/v1/schedules", { body });
}

/** Whoever types an expression thinks of the clock on the wall; what is stored names the zone. */
function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function registerNext(schedule: Command): void {
  schedule
    .command("next")
    .description("the next due times of a schedule, or of a cron expression")
    .argument("<schedule>", `${idText}; or a cron expression`)
    .addOption(new Option("-n, --count <n>", "so many").default(5).argParser(wholeNumber))
    .option("--timezone <zone>", "of the expression; this machine's when absent")
    .action((text: string, options: { count: number; timezone?: string }, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const { count, timezone = machineZone() } = options;
        const isExpression = text.trim().includes(" ") || text.startsWith("@");
        const answer = await client.call<{ next: string[] }>(
          "GET",
          isExpression ? "/v1/schedules/next" : `${path(text)}/next`,
          { query: isExpression ? { cron: text, timezone, count } : { count } },
        );
        if (json) printJson(answer);
        else for (const time of answer.next) print(time);
      }),
    );
}

/** A command on one schedule whose answer is the schedule. */
function one(parent: Command, name: string, description: string, method: string, action: string): void {
  parent
    .command(name)
    .description(description)
    .argument("<schedule>", idText)
    .action((id: string, _options: unknown, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const view = await client.call<ScheduleView>(method, `${path(id)}${action}`);
        if (json) printJson(view);
        else if (name === "remove") print(`${view.id} is removed.`);
        else show(view);
      }),
    );
}

function when(view: ScheduleView): string {
  return view.cron === null ? `every ${duration(view.everyMs ?? 0)}` : `${view.cron} (${view.timezone})`;
}

function showList(schedules: readonly ScheduleView[]): void {
  const rows = schedules.map((view) => [
    view.id,
    view.name,
    view.state,
    view.skill,
    when(view),
    view.nextAt ?? "",
    String(view.runs),
    view.note,
  ]);
  const headings = ["SCHEDULE", "NAME", "STATE", "SKILL", "WHEN", "NEXT", "RUNS", "NOTE"];
  printTable(headings, rows, "No schedules.");
}

function show(view: ScheduleView): void {
  printFields([
    ["schedule", view.id],
    ["name", view.name],
    ["state", view.state],
    ["skill", view.skill],
    ["when", when(view)],
    ["missed", view.missed],
    ["overlap", view.overlap],
    ["until", view.until ?? ""],
    ["next", view.nextAt ?? ""],
    ["last", view.lastAt ?? ""],
    ["last task", view.lastTask ?? ""],
    ["runs", `${view.runs}${view.maxRuns === null ? "" : ` of ${view.maxRuns}`}`],
    ["left out", view.skipped === 0 ? "" : String(view.skipped)],
    ["note", view.note],
    ["input", `${view.input.sizeBytes} bytes of ${view.input.type}`],
    ["created", view.createdAt],
  ]);
}

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1h30m` in ms. */
function wholeDuration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join("") !== text)
    throw new InvalidArgumentError("It must be a duration such as 30s, 5m, 1h30m or 1d.");
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit as string] as number), 0);
}
