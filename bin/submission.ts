/** What `run` and `submit` share: the options of a task, and the way to the node. */
import type { Command } from "commander";
import type { SubmissionJson } from "../src/api/submission.ts";
import { ErrandError } from "../src/core/errors.ts";
import type { SkillView, TaskView } from "../src/node/node.ts";
import { collect, fraction, seconds, segment, time, wholeNumber, type Cli } from "./cli.ts";
import { readInput } from "./input.ts";
import { note } from "./output.ts";
import { requirementFields, requirementOptions, type RequirementOptions } from "./requirements.ts";
import { verifyHelp, verifyPolicy } from "./verify-option.ts";

export interface SubmissionOptions extends RequirementOptions {
  peer?: string;
  priority?: string;
  taskTimeout?: number;
  retries?: number;
  minTrust?: number;
  inputType?: string;
  label?: string[];
  at?: number;
  delay?: number;
  key?: string;
  cache: boolean;
  parent?: string;
  concurrencyKey?: string;
  concurrency?: number;
  queueTimeout?: number;
  verify?: string[];
  set?: string[];
}

export const setHelp = "a field of the input, as JSON or text; also beside a file; repeatable";

export function submissionOptions(command: Command): Command {
  return taskOptions(
    command
      .argument("<skill>", "id of the skill; may be shortened where unique")
      .argument("[input]", "JSON, @FILE, or - for standard input; {} when absent"),
  )
    .option("--input-type <mime>", "send INPUT as it is, with this media type")
    .option("--set <key=value>", setHelp, collect)
    .option("--key <key>", "idempotency key: the same key again is the same task")
    .option("--concurrency-key <key>", "only so many tasks with this key run at once")
    .option("--concurrency <n>", "how many: 1 unless said", wholeNumber);
}

/** Those that many tasks can share. */
export function taskOptions(command: Command): Command {
  return requirementOptions(command)
    .option("--peer <peer>", "only this peer; may be shortened")
    .option("--priority <priority>", "low, normal, high, critical, or 0-255")
    .option("--task-timeout <seconds>", "end the task after so long", seconds)
    .option("--retries <n>", "attempts after the first", wholeNumber)
    .option("--min-trust <x>", "least trust in the peer, 0-1", fraction)
    .option("--label <key=value>", "a label to find the task by; repeatable", collect)
    .option("--at <time>", "not before this time: 2026-12-24T18:00, with or without a zone", time)
    .option("--delay <seconds>", "not before so long from now", seconds)
    .option("--queue-timeout <seconds>", "give up if nobody has begun it after so long", seconds)
    .option("--no-cache", "run it even if its result is known")
    .option("--verify <rule>", verifyHelp, collect)
    .option("--parent <task>", "a task whose cancel ends this one too");
}

/** Resolves once the task is on the node's disk. */
export async function submit(
  cli: Cli,
  skill: string,
  input: string | undefined,
  options: SubmissionOptions,
): Promise<TaskView> {
  const body = await submissionBody(cli, skill, input, options);
  return cli.client.call<TaskView>("POST", "/v1/tasks", { body });
}

/** What is sent to the node; a file of the input has been uploaded. */
export async function submissionBody(
  cli: Cli,
  skillText: string,
  inputText: string | undefined,
  options: SubmissionOptions,
): Promise<SubmissionJson> {
  return bodyFor(cli, await findSkill(cli, skillText, inputText), inputText, options);
}

export async function bodyFor(
  cli: Cli,
  skill: KnownSkill,
  inputText: string | undefined,
  options: SubmissionOptions,
): Promise<SubmissionJson> {
  const input = await readInput(cli.client, {
    text: inputText,
    type: options.inputType,
    modes: skill.inputModes,
    fields: inputFields(options.set ?? []),
  });
  return { skill: skill.id, ...input, ...(await taskFields(cli, options)) };
}

/** What the options say, without skill and input. */
export async function taskFields(cli: Cli, options: SubmissionOptions): Promise<Partial<SubmissionJson>> {
  const body: Partial<SubmissionJson> = requirementFields(options);
  if (options.peer !== undefined) body.peer = options.peer;
  if (options.priority !== undefined) body.priority = options.priority;
  if (options.taskTimeout !== undefined)
    body.taskTimeoutMs = Math.max(1, Math.round(options.taskTimeout * 1_000));
  if (options.retries !== undefined) body.retries = options.retries;
  if (options.minTrust !== undefined) body.minTrust = options.minTrust;
  if (options.label !== undefined) body.labels = labels(options.label);
  if (options.at !== undefined) body.notBefore = options.at;
  if (options.delay !== undefined) body.delayMs = Math.max(1, Math.round(options.delay * 1_000));
  if (options.queueTimeout !== undefined)
    body.queueTimeoutMs = Math.max(1, Math.round(options.queueTimeout * 1_000));
  if (options.key !== undefined) body.idempotencyKey = options.key;
  if (!options.cache) body.cache = false;
  if (options.verify !== undefined) body.verify = await verifyPolicy(options.verify);
  if (options.parent !== undefined) body.parentId = await fullTaskId(cli, options.parent);
  if (options.concurrencyKey !== undefined) body.concurrencyKey = options.concurrencyKey;
  if (options.concurrency !== undefined) body.concurrency = options.concurrency;
  return body;
}

async function fullTaskId({ client }: Cli, text: string): Promise<string> {
  return (await client.call<TaskView>("GET", `/v1/tasks/${segment(text)}`)).id;
}

export type KnownSkill = Pick<SkillView, "id"> & { inputModes: string[] | undefined };

/**
 * The skill as the node knows it. A shortened id becomes the one skill that begins or ends so; what is not known goes to the
 * node as it is, which looks further than its own cards.
 */
export async function findSkill(cli: Cli, text: string, input: string | undefined): Promise<KnownSkill> {
  const { client } = cli;
  const { skills } = await client.call<{ skills: SkillView[] }>("GET", "/v1/skills", {
    query: { all: true, match: text.slice(0, 64) || " " },
  });
  const exact = skills.find(({ id }) => id === text);
  if (exact !== undefined) return exact;
  const ids = [...new Set(skills.map(({ id }) => id))];
  if (ids.length > 1) {
    throw new ErrandError("Ambiguous", `${ids.length} skills begin or end with "${text}"`, {
      hint: `Which one: ${ids.slice(0, 10).join(", ")}?`,
      details: { skills: ids.slice(0, 100) },
    });
  }
  if (skills[0] !== undefined) {
    note(`Taking ${skills[0].id} for ${text}.`);
    return skills[0];
  }
  const modes = input === "-" || input?.startsWith("@") === true ? await askModes(cli, text) : undefined;
  return { id: text, inputModes: modes };
}

async function askModes({ client }: Cli, skill: string): Promise<string[] | undefined> {
  try {
    return (await client.call<SkillView>("GET", `/v1/skills/${segment(skill)}`)).inputModes;
  } catch (error) {
    // The task may still find a provider later; its input is then taken as JSON.
    if (error instanceof ErrandError && error.code !== "NodeUnreachable") return undefined;
    throw error;
  }
}

/** `width=320` is the number, `name=photo` the text. */
function inputFields(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) {
        throw new ErrandError("InvalidInput", `the field "${pair.slice(0, 64)}" is not KEY=VALUE`, {
          hint: "Write it like --set width=320.",
        });
      }
      const text = pair.slice(at + 1);
      try {
        return [pair.slice(0, at), JSON.parse(text) as unknown];
      } catch {
        return [pair.slice(0, at), text];
      }
    }),
  );
}

function labels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) {
        throw new ErrandError("InvalidInput", `the label "${pair.slice(0, 64)}" is not KEY=VALUE`, {
          hint: "Write it like --label batch=7.",
        });
      }
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
