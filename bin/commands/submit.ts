/** `errand submit`: prints the id as soon as the task is on the node's disk. */
import type { Command } from "commander";
import { withNode } from "../cli.ts";
import { print, printJson } from "../output.ts";
import { submissionOptions, submit, type SubmissionOptions } from "../submission.ts";

const examples = `
Examples:
  $ errand submit sleep '{"seconds": 60}' --label batch=7
  $ errand task wait $(errand submit echo '"hello"')
`;

export function register(program: Command): void {
  submissionOptions(program.command("submit"))
    .description("submit a task and print its id at once")
    .addHelpText("after", examples)
    .action((skill: string, input: string | undefined, options: SubmissionOptions, command: Command) =>
      withNode(command, async (cli) => {
        const task = await submit(cli, skill, input, options);
        if (cli.json) printJson(task);
        else print(task.id);
      }),
    );
}
