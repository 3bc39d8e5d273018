/** `errand completion SHELL`: a script made from the tree of commands. */
import { Argument, type Command } from "commander";
import { describeTree, scripts } from "../completion.ts";
import { buildProgram } from "../program.ts";

const examples = `
Examples:
  $ source <(errand completion bash)                                # this shell; or put it into ~/.bashrc
  $ errand completion zsh > "\${fpath[1]}/_errand"                   # then start a new shell
  $ errand completion fish > ~/.config/fish/completions/errand.fish
`;

export function register(program: Command): void {
  program
    .command("completion")
    .description("print a completion script; ids of skills, tasks and peers come from the running node")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", examples)
    .action(async (shell: keyof typeof scripts) => {
      process.stdout.write(scripts[shell](describeTree(await buildProgram([], true))));
    });
}
