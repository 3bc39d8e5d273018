/** `errand map`: one skill on each of many files, over all peers that offer it. */
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { ErrandError } from "../../src/core/errors.ts";
import { collect, wholeNumber, withNode, type Cli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { isSuccess, runMany, type PieceEnd } from "../many-tasks.ts";
import { duration, note, printJsonLine, printTable, shortPeer } from "../output.ts";
import { outputName, uniqueNames } from "../output-files.ts";
import { bodyFor, findSkill, setHelp, taskOptions, type SubmissionOptions } from "../submission.ts";
import { saveOutput } from "../task-result.ts";

interface MapOptions extends Omit<SubmissionOptions, "concurrency"> {
  out?: string;
  concurrency: number;
}

interface Mapped {
  file: string;
  /** Of the output, but for its ending. */
  name: string;
}

const examples = `
Examples:
  $ errand map text.stats reports/*.txt
  $ errand map hash.file photos/*.jpg -o json
  $ errand map text.keywords *.md --out keywords/
  $ errand map image.resize photos/*.jpg --set width=640 --out small/

Each file is taken as \`errand run SKILL @FILE\` takes it. Exit code 10 if any failed.
`;

export function register(program: Command): void {
  taskOptions(
    program
      .command("map")
      .description("run a skill on each of many files and show what came of each")
      .argument("<skill>", "id of the skill; may be shortened where unique")
      .argument("<files...>", "one task for each")
      .option("--input-type <mime>", "send the files as they are, with this media type")
      .option("--set <key=value>", setHelp, collect)
      .option("--out <dir>", "write each output to a file of its own in this folder"),
  )
    .addOption(
      new Option("--concurrency <n>", "tasks out at the same time").default(64).argParser(wholeNumber),
    )
    .addHelpText("after", examples)
    .action((skill: string, files: string[], options: MapOptions, command: Command) =>
      withNode(command, (cli) => map(cli, skill, files, options)),
    );
}

async function map(cli: Cli, skillText: string, files: string[], options: MapOptions): Promise<void> {
  for (const file of files)
    await access(file).catch((cause: unknown) => {
      throw new ErrandError("InvalidInput", `cannot read the file ${file}`, { cause });
    });
  const { concurrency, ...given } = options;
  const skill = await findSkill(cli, skillText, `@${files[0]}`);
  if (options.out !== undefined) await mkdir(options.out, { recursive: true });
  const names = uniqueNames(files);
  const ends = new Map<string, PieceEnd>();
  const pieces = files.map((file, i) => ({
    what: { file, name: names[i] ?? "" },
    body: () => bodyFor(cli, skill, `@${file}`, given),
  }));
  const many = await runMany<Mapped>(cli, pieces, {
    concurrency: Math.max(1, concurrency),
    total: files.length,
    async done({ file, name }, end) {
      ends.set(file, end);
      let savedTo: string | undefined;
      if (options.out !== undefined && !(end instanceof ErrandError) && isSuccess(end)) {
        savedTo = join(options.out, outputName(name, end.outputRef?.type ?? "application/json"));
        await saveOutput(cli, end, savedTo);
      }
      if (cli.json) printJsonLine(jsonOf(file, end, savedTo));
    },
  });
  process.exitCode = many.interrupted
    ? exitCodes.interrupted
    : many.failed > 0
      ? exitCodes.taskFailed
      : exitCodes.done;
  if (!cli.json) {
    const rows = files.flatMap((file) => rowOf(file, ends.get(file)));
    printTable(["FILE", "STATUS", "PEER", "TIME", "OUTPUT"], rows, "Nothing has ended.");
  }
  const left = files.length - many.successful - many.failed;
  note(`${many.successful} successful, ${many.failed} failed${left > 0 ? `, ${left} not run` : ""}.`);
}

function jsonOf(file: string, end: PieceEnd, savedTo: string | undefined): object {
  if (end instanceof ErrandError) return { file, status: "rejected", error: end.toJSON() };
  const { id, status, peer, durationMs, output, outputRef, error } = end;
  const shown = savedTo !== undefined && isSuccess(end) ? { savedTo } : { output, outputRef };
  return { file, task: id, status, peer, durationMs, ...shown, error };
}

const shownChars = 60;

function rowOf(file: string, end: PieceEnd | undefined): string[][] {
  if (end === undefined) return [];
  if (end instanceof ErrandError) return [[file, "rejected", "", "", `${end.message} [${end.code}]`]];
  const { output, outputRef, error } = end;
  const text =
    error !== null
      ? `${error.message} [${error.code}]`
      : outputRef !== null
        ? `${outputRef.sizeBytes} bytes of ${outputRef.type}`
        : typeof output === "string"
          ? output
          : JSON.stringify(output);
  const short = text.length > shownChars ? `${text.slice(0, shownChars)}…` : text;
  return [[file, end.status, end.local ? "this node" : shortPeer(end.peer), duration(end.durationMs), short]];
}
