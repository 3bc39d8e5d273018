/** `errand skill init`, `test` and `run`: a skill's file made and tried on this machine alone, without a node. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Option, type Command } from "commander";
import type { CaseResult, Trial, TrialInput, TrialResult } from "../../src/api/trial.ts";
import { ErrandError, toErrandError } from "../../src/core/errors.ts";
import { isSkillId } from "../../src/core/ids.ts";
import { createLineLog } from "../../src/core/log.ts";
import type { NodeConfig } from "../../src/node/config.ts";
import { globalOptions, seconds } from "../cli.ts";
import { exitCodeOfError, exitCodes } from "../exit-codes.ts";
import { readInput } from "../input.ts";
import { clean, cleanLines, duration, note, paint, print, printError, printJson } from "../output.ts";
import { bar, createProgressLine } from "../progress-line.ts";
import { languages, templateFor, type Language } from "../templates/templates.ts";

export function registerLocal(skill: Command): void {
  skill
    .command("init")
    .description("write a new skill that works, with its test, into a folder of its own")
    .argument("<name>", "name of the folder, and of the skill: word-count, or acme.word-count")
    .addOption(new Option("--lang <language>", "what to write it in").choices(languages).default("ts"))
    .action((name: string, { lang }: { lang: Language }, command: Command) => init(name, lang, command));
  skill
    .command("test")
    .description("load a skill's file as a node would, run its examples and its tests")
    .argument("<file>", "the skill: .ts, .js, .py or .yaml; its tests are in NAME.test.yaml beside it")
    .action((file: string, _options: unknown, command: Command) => test(file, command));
  skill
    .command("run")
    .description("run a skill from its file, here and without a node")
    .argument("<file>", "the skill: .ts, .js, .py or .yaml")
    .argument("[skill]", "id of the skill, if the file has several")
    .argument("[input]", "JSON, @FILE, or - for standard input; {} when absent")
    .option("--input-type <mime>", "send INPUT as it is, with this media type")
    .option("--save <file>", "write the output to a file")
    .addOption(new Option("--timeout <seconds>", "end it after so long").default(300).argParser(seconds))
    .action(
      (
        file: string,
        first: string | undefined,
        second: string | undefined,
        options: RunOptions,
        command: Command,
      ) => run(file, [first, second], options, command),
    );
}

async function init(name: string, lang: Language, command: Command): Promise<void> {
  const id = name.includes(".") ? name : `my.${name}`;
  if (!isSkillId(id) || name.length > 60) {
    throw new ErrandError("InvalidInput", `"${name.slice(0, 64)}" cannot be a skill's name`, {
      hint: "Lower-case words of letters and digits, joined by dots or dashes: acme.word-count.",
    });
  }
  const short = id.slice(id.lastIndexOf(".") + 1);
  const folder = resolve(short);
  try {
    await mkdir(folder);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new ErrandError(exists ? "Conflict" : "InvalidInput", `cannot make the folder ${short}`, {
      hint: exists ? "It is there already; choose another name." : (cause as Error).message,
      cause,
    });
  }
  const { files, main } = templateFor(lang, id, short);
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  const paths = Object.keys(files).map((file) => join(short, file));
  const file = join(short, main);
  if (globalOptions(command).output === "json") return printJson({ skill: id, file, files: paths });
  for (const path of paths) print(`wrote ${path}`);
  note(`\nNext:\n  errand skill test ${file}\n  errand skill run ${file} '{"text": "to be or not to be"}'`);
  note(`  errand up --skill ${file}`);
}

/** Opens the file, hands it over, and closes what it started, also on Ctrl-C. */
async function withTrial(
  file: string,
  command: Command,
  action: (trial: Trial, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { openTrial } = await import("../../src/api/trial.ts");
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new ErrandError("Cancelled", "interrupted"));
  process.once("SIGINT", interrupt);
  try {
    const trial = await openTrial(file, {
      cwd: process.cwd(),
      log: createLineLog((line) => note(cleanLines(line))),
      signal: stop.signal,
      containers: () => containersOf(globalOptions(command).data),
    });
    try {
      await action(trial, stop.signal);
    } finally {
      await trial.close();
    }
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}

/** The engine and the images as the node of this data folder would have them. */
async function containersOf(data: string | undefined): Promise<NodeConfig["containers"]> {
  const { resolveConfig } = await import("../../src/api/daemon.ts");
  return (await resolveConfig({ flags: data === undefined ? {} : { data } })).containers;
}

async function test(file: string, command: Command): Promise<void> {
  const { casesFor, runCase, testFileOf } = await import("../../src/api/trial.ts");
  const json = globalOptions(command).output === "json";
  await withTrial(file, command, async (trial, signal) => {
    const cases = await casesFor(file, trial.skills);
    if (!json)
      for (const { id, version } of trial.skills) print(`${paint("✓", "green")} ${id} ${version} is a skill`);
    const results: CaseResult[] = [];
    for (const one of cases) {
      const result = await runCase(trial, one, signal);
      results.push(result);
      if (!json) showCase(result, trial.skills.length > 1);
    }
    const failed = results.filter(({ ok }) => !ok).length;
    if (failed > 0) process.exitCode = exitCodes.taskFailed;
    if (json) {
      const skills = trial.skills.map(({ id, version }) => ({ id, version }));
      printJson({ file, skills, passed: results.length - failed, failed, cases: results });
    } else if (results.length === 0) {
      note(
        `No examples and no tests: write some into ${relative(process.cwd(), resolve(testFileOf(file)))}.`,
      );
    } else print(`${results.length - failed} of ${results.length} passed`);
  });
}

function showCase({ name, skill, ok, problem, wallMs }: CaseResult, several: boolean): void {
  const what = clean(several ? `${skill}: ${name}` : name);
  print(`${ok ? paint("✓", "green") : paint("✗", "red")} ${what}  ${paint(duration(wallMs), "dim")}`);
  if (!ok) print(`    ${clean(problem)}`);
}

interface RunOptions {
  inputType?: string;
  save?: string;
  timeout: number;
}

async function run(
  file: string,
  words: [string | undefined, string | undefined],
  options: RunOptions,
  command: Command,
): Promise<void> {
  const json = globalOptions(command).output === "json";
  await withTrial(file, command, async (trial, signal) => {
    const { skill, text } = chosen(trial, file, words);
    const folder = await mkdtemp(join(tmpdir(), "errand-input-"));
    const line = process.stderr.isTTY && !json ? createProgressLine(process.stderr) : undefined;
    try {
      const input = await inputOf(trial, skill, text, options.inputType, folder);
      const progress = (fraction: number, message: string): void =>
        line?.say(clean(`${skill}  ${bar(fraction)}  ${message}`));
      const result = await trial.run(skill, { input, timeoutMs: options.timeout * 1_000, signal, progress });
      line?.clear();
      try {
        await show(result, skill, options.save, json);
      } finally {
        await result.release();
      }
    } catch (thrown) {
      const error = toErrandError(thrown);
      const failed = error.code === "SkillFailed" || error.code === "LimitExceeded";
      process.exitCode = failed ? exitCodes.taskFailed : exitCodeOfError(error);
      line?.clear();
      if (json) printJson({ skill, error: error.toJSON() });
      printError(error);
    } finally {
      line?.clear();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** A file with one skill needs no id: what follows is its input. */
function chosen(
  { skills }: Trial,
  file: string,
  [first, second]: [string | undefined, string | undefined],
): { skill: string; text: string | undefined } {
  if (first !== undefined && skills.some(({ id }) => id === first)) return { skill: first, text: second };
  const [only] = skills;
  if (only !== undefined && skills.length === 1 && second === undefined)
    return { skill: only.id, text: first };
  const ids = skills.map(({ id }) => id).join(", ");
  throw new ErrandError("InvalidInput", `${basename(file)} has no skill "${(first ?? "").slice(0, 64)}"`, {
    hint: `Name one of its skills: ${ids}.`,
  });
}

/** As `errand run` reads it; what would be uploaded to the node goes into `folder`. */
async function inputOf(
  { skills }: Trial,
  skill: string,
  text: string | undefined,
  type: string | undefined,
  folder: string,
): Promise<TrialInput> {
  const path = join(folder, "input");
  const uploads = {
    async upload<T>(_: string, source: NodeJS.ReadableStream): Promise<T> {
      await pipeline(source, createWriteStream(path));
      return { hash: "", sizeBytes: 0 } as T;
    },
  };
  const modes = skills.find(({ id }) => id === skill)?.inputModes ?? [];
  const { input, inputBlob } = await readInput(uploads, { text, type, modes });
  return inputBlob === undefined ? { value: input } : { path, type: inputBlob.type };
}

async function show(
  { output, file, usage }: TrialResult,
  skill: string,
  save: string | undefined,
  json: boolean,
): Promise<void> {
  const text = typeof output === "string" ? output : JSON.stringify(output, undefined, 2);
  if (save !== undefined) {
    await (file === undefined
      ? writeFile(save, `${JSON.stringify(output, undefined, 2)}\n`)
      : copyFile(file.path, save));
    note(`Wrote ${save}.`);
  }
  if (json)
    return printJson({ skill, output: output ?? null, file: file && { ...file, path: save ?? null }, usage });
  if (file !== undefined) {
    if (save === undefined)
      note(`The output is ${file.sizeBytes} bytes of ${file.type}; --save FILE keeps it.`);
  } else if (save === undefined) print(process.stdout.isTTY ? cleanLines(text) : text);
}
