/** `errand run`: submit, show progress, wait, print the output. */
import type { Command } from "commander";
import { withNode } from "../cli.ts";
import { onInterrupts } from "../interrupts.ts";
import { submissionOptions, submit, type SubmissionOptions } from "../submission.ts";
import { showResult } from "../task-result.ts";
import { waitForTask } from "../waiting.ts";

const examples = `
Examples:
  $ errand run echo '{"hello": "world"}'
  $ errand run text.stats @report.txt --priority high
  $ cat numbers.json | errand run vector.knn - -o json
  $ errand run hash.file @disk.img --save result.json

Ctrl-C leaves the task running and says how to follow it; a second Ctrl-C cancels it.
`;

export function register(program: Command): void {
  submissionOptions(program.command("run"))
    .description("submit a task, show its progress, wait for its end and print its output")
    .option("--save <file>", "write the output to a file")
    .addHelpText("after", examples)
    .action(
      (
        skill: string,
        input: string | undefined,
        options: SubmissionOptions & { save?: string },
        command: Command,
      ) =>
        withNode(command, async (cli) => {
          // From here on Ctrl-C leaves the task running, also one whose id is only on its way to us.
          const interrupts = onInterrupts();
          try {
            const { id } = await submit(cli, skill, input, options);
            await showResult(cli, await waitForTask(cli, id, { interrupts }), options.save);
          } finally {
            interrupts.end();
          }
        }),
    );
}
