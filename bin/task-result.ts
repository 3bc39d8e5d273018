/** How a task that was waited for is shown: its output, or why there is none. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { ErrandError } from "../src/core/errors.ts";
import type { TaskView } from "../src/node/node.ts";
import { segment, type Cli } from "./cli.ts";
import { exitCodeOfTask, exitCodes } from "./exit-codes.ts";
import { cleanLines, note, print, printError, printJson } from "./output.ts";
import type { Waited } from "./waiting.ts";

/** Prints, writes `save` if given, and sets the exit code. */
export async function showResult(cli: Cli, { task, interrupted }: Waited, save?: string): Promise<void> {
  process.exitCode = interrupted ? exitCodes.interrupted : exitCodeOfTask(task);
  const completed = task.status === "completed";
  if (completed && save !== undefined) {
    await saveOutput(cli, task, save);
    note(`Wrote ${save}.`);
  }
  if (cli.json) {
    printJson(save !== undefined && completed ? { ...task, savedTo: save } : task);
    return;
  }
  if (completed && save === undefined) await printOutput(cli, task);
  else if (!completed && !interrupted) printError(failure(task, cli.sameNode));
}

function failure(task: TaskView, sameNode: string): ErrandError {
  const hint =
    task.error?.hint ??
    `\`errand task explain ${task.id}${sameNode}\` says who was considered and what happened.`;
  if (task.error !== null) return ErrandError.fromJSON({ ...task.error, hint });
  const code =
    task.status === "cancelled"
      ? "Cancelled"
      : task.status === "timeout"
        ? "TaskTimeout"
        : "DelegationFailed";
  return new ErrandError(code, `the task is ${task.status}${task.reason === "" ? "" : `: ${task.reason}`}`, {
    hint,
  });
}

async function printOutput({ client }: Cli, task: TaskView): Promise<void> {
  if (task.outputRef === null) {
    printValue(task.output);
    return;
  }
  const { type, sizeBytes } = task.outputRef;
  if (process.stdout.isTTY && !/^text\/|^application\/json/.test(type)) {
    note(`The output is ${sizeBytes} bytes of ${type}: redirect it, or write it to a file with --save FILE.`);
    return;
  }
  const { bytes } = await client.download(outputPath(task));
  if (type === "application/json") printValue(JSON.parse((await buffer(bytes)).toString("utf8")));
  else if (process.stdout.isTTY) print(cleanLines((await buffer(bytes)).toString("utf8")));
  else await pipeline(bytes, process.stdout, { end: false });
}

/** A bare text as it is; everything else as JSON. */
function printValue(value: unknown): void {
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  // A worker's text must not play with the terminal; a file or a pipe gets what there is.
  print(process.stdout.isTTY ? cleanLines(text) : text);
}

/** All of it or nothing. */
export async function saveOutput({ client }: Cli, task: TaskView, file: string): Promise<void> {
  const source =
    task.outputRef === null
      ? Readable.from([Buffer.from(`${JSON.stringify(task.output, undefined, 2)}\n`)])
      : (await client.download(outputPath(task))).bytes;
  const temporary = `${file}.${process.pid}.part`;
  try {
    await pipeline(source, createWriteStream(temporary, { flags: "wx" }));
    await rename(temporary, file);
  } catch (cause) {
    if (cause instanceof ErrandError) throw cause;
    throw new ErrandError("InvalidInput", `cannot write ${file}: ${(cause as Error).message}`, {
      hint: `The task is done; its output: errand task wait ${task.id} --save FILE`,
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

function outputPath({ id }: TaskView): string {
  return `/v1/tasks/${segment(id)}/output`;
}
