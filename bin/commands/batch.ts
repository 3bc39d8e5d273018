/** `errand batch run`: a file of submissions, one for each line, and a file of results to go on from. */
import { buffer } from "node:stream/consumers";
import { Option, type Command } from "commander";
import type { SubmissionJson } from "../../src/api/submission.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { inputLines, nameOfLine, openResults, type BatchLine, type BatchResults } from "../batch-results.ts";
import { segment, wholeNumber, withNode, type Cli } from "../cli.ts";
import { exitCodes } from "../exit-codes.ts";
import { runMany, type Piece, type PieceEnd } from "../many-tasks.ts";
import { note, printJson, printJsonLine } from "../output.ts";
import { taskFields, taskOptions, type SubmissionOptions } from "../submission.ts";

interface BatchOptions extends Omit<SubmissionOptions, "concurrency"> {
  skill?: string;
  out?: string;
  concurrency: number;
  retryFailed?: boolean;
}

interface Input {
  line: number;
  id?: string;
}

const examples = `
Each line is a submission: {"skill": "text.stats", "input": {"text": "…"}, "id": "a-17"}. skill may come from --skill; id is yours, names
the result, and may be absent; priority, retry, labels and the other fields of a submission may be there too.

Examples:
  $ errand batch run work.jsonl --skill text.stats --out results.jsonl
  $ errand batch run work.jsonl --out results.jsonl                  … goes on where it was interrupted
  $ errand batch run work.jsonl --out results.jsonl --retry-failed

Ctrl-C submits no more and waits for what is running; a second leaves that to the node. Exit code 10 if any failed.
`;

export function register(program: Command): void {
  const batch = program.command("batch").description("run a file of submissions, resumable");
  taskOptions(
    batch
      .command("run")
      .description("run the submissions of a file, one for each line, and write a line for each result")
      .argument("<file>", "JSON lines, or - for standard input")
      .option("--skill <skill>", "for lines that name none")
      .option("--out <file>", "results as JSON lines; what is there already is not run again")
      .option("--retry-failed", "run again what failed in an earlier run"),
  )
    .addOption(
      new Option("--concurrency <n>", "tasks out at the same time").default(64).argParser(wholeNumber),
    )
    .addHelpText("after", examples)
    .action((file: string, options: BatchOptions, command: Command) =>
      withNode(command, (cli) => run(cli, file, options)),
    );
}

async function run(cli: Cli, file: string, options: BatchOptions): Promise<void> {
  const total = file === "-" ? undefined : await countLines(file);
  const { concurrency, ...given } = options;
  const common = await taskFields(cli, given);
  const results = options.out === undefined ? undefined : await openResults(options.out);
  const kept: BatchLine[] = [];
  const seen = new Set<string>();
  const summary = { total, successful: 0, failed: 0, skipped: 0 };

  async function* pieces(): AsyncGenerator<Piece<Input>> {
    for await (const { line, text } of inputLines(file)) {
      const read = readLine(line, text);
      const input: Input = { line, ...(read.id === undefined ? {} : { id: read.id }) };
      const name = nameOfLine(input);
      const before = results?.before.get(name);
      if (before !== undefined && !(options.retryFailed === true && before.status !== "completed")) {
        summary.skipped++;
        if (before.status === "completed") summary.successful++;
        else summary.failed++;
        continue;
      }
      const twice = seen.has(name);
      seen.add(name);
      yield {
        what: input,
        body() {
          if (read.error !== undefined) throw read.error;
          if (twice)
            throw new ErrandError("InvalidInput", `line ${line}: the id "${read.id}" was used before`);
          return bodyOf(
            line,
            { ...(options.skill === undefined ? {} : { skill: options.skill }), ...common, ...read.body },
            results,
            name,
            text,
          );
        },
      };
    }
  }

  let interrupted = false;
  try {
    const many = await runMany(cli, pieces(), {
      concurrency: Math.max(1, concurrency),
      total,
      async done(input, end) {
        const line = await resultLine(cli, input, end);
        results?.add(line);
        if (results === undefined && cli.json) kept.push(line);
        else if (results === undefined) printJsonLine(line);
      },
    });
    summary.successful += many.successful;
    summary.failed += many.failed;
    interrupted = many.interrupted;
  } finally {
    results?.close();
  }
  finish(cli, file, options, { ...summary, interrupted }, results === undefined ? kept : undefined);
}

function finish(
  cli: Cli,
  file: string,
  { out }: BatchOptions,
  summary: {
    total: number | undefined;
    successful: number;
    failed: number;
    skipped: number;
    interrupted: boolean;
  },
  results: BatchLine[] | undefined,
): void {
  const { successful, failed, skipped, interrupted, total } = summary;
  process.exitCode = interrupted ? exitCodes.interrupted : failed > 0 ? exitCodes.taskFailed : exitCodes.done;
  if (cli.json)
    printJson({
      file,
      ...(out === undefined ? {} : { out }),
      ...summary,
      ...(results === undefined ? {} : { results }),
    });
  const before = skipped > 0 ? ` (${skipped} of them before)` : "";
  note(`${successful} successful, ${failed} failed${before}.`);
  if (interrupted && out !== undefined && total !== undefined)
    note(
      `${total - successful - failed} are left. Go on with: errand batch run ${file} --out ${out}${cli.sameNode}`,
    );
}

async function countLines(file: string): Promise<number> {
  let count = 0;
  for await (const { text } of inputLines(file)) if (text !== "") count++;
  return count;
}

interface ReadLine {
  id?: string;
  body?: Partial<SubmissionJson>;
  error?: ErrandError;
}

function readLine(line: number, text: string): ReadLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { error: wrong(line, `is not JSON: ${(cause as Error).message}`) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return {
      error: wrong(line, "is not an object", 'Write {"input": …}, with the skill in it or in --skill.'),
    };
  const { id, ...body } = value as Record<string, unknown>;
  if (id !== undefined && typeof id !== "string" && typeof id !== "number")
    return { error: wrong(line, "has an id that is neither a text nor a number") };
  return { body, ...(id === undefined ? {} : { id: String(id) }) };
}

function bodyOf(
  line: number,
  body: Partial<SubmissionJson>,
  results: BatchResults | undefined,
  name: string,
  text: string,
): SubmissionJson {
  const { skill } = body;
  if (skill === undefined)
    throw wrong(line, "names no skill", "Name one in the line, or for all with --skill.");
  // What was sent before an interruption is found again by its key, not sent twice.
  const key = results === undefined ? {} : { idempotencyKey: results.keyFor(name, text) };
  return { ...key, ...body, skill };
}

function wrong(line: number, what: string, hint?: string): ErrandError {
  return new ErrandError("InvalidInput", `line ${line} ${what}`, { hint });
}

async function resultLine({ client }: Cli, input: Input, end: PieceEnd): Promise<BatchLine> {
  if (end instanceof ErrandError) return { ...input, status: "rejected", error: end.toJSON() };
  const line: BatchLine = { ...input, task: end.id, status: end.status, durationMs: end.durationMs };
  if (end.error !== null) line.error = end.error;
  if (end.status !== "completed") return line;
  if (end.outputRef === null) line.output = end.output;
  else if (end.outputRef.type === "application/json") {
    const { bytes } = await client.download(`/v1/tasks/${segment(end.id)}/output`);
    line.output = JSON.parse((await buffer(bytes)).toString("utf8")) as unknown;
  } else line.outputRef = end.outputRef;
  return line;
}
