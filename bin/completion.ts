/** Completion scripts from a description of the command tree: one template for each shell. */
import type { Command } from "commander";

export interface CommandNode {
  /** "" for the program, "task list" for a subcommand. */
  path: string;
  summary: string;
  subcommands: { name: string; summary: string }[];
  options: { flags: string[]; summary: string; takesValue: boolean; choices: string[] }[];
  /** What the first argument is: skill, task or peer (asked from the node), or fixed choices. */
  argument: { dynamic: "skill" | "task" | "peer" | ""; choices: string[] };
}

/** Every visible command, the program first. */
export function describeTree(command: Command, path = ""): CommandNode[] {
  const visible = command.commands.filter((child) => !child.name().startsWith("__"));
  const first = command.registeredArguments[0];
  const name = first?.name() ?? "";
  const options = path === "" ? command.options : [...command.options, ...globalsOf(command)];
  const node: CommandNode = {
    path,
    summary: command.description(),
    subcommands: visible.map((child) => ({ name: child.name(), summary: child.description() })),
    options: options.map(({ short, long, description, required, optional, argChoices }) => ({
      flags: [short, long].filter((flag): flag is string => typeof flag === "string"),
      summary: description,
      takesValue: required || optional,
      choices: argChoices ?? [],
    })),
    argument: {
      dynamic: name === "skill" || name === "task" || name === "peer" ? name : "",
      choices: first?.argChoices ?? [],
    },
  };
  const below = visible.flatMap((child) =>
    describeTree(child, path === "" ? child.name() : `${path} ${child.name()}`),
  );
  return [node, ...below];
}

function globalsOf(command: Command): Command["options"] {
  let root = command;
  while (root.parent !== null) root = root.parent;
  return root.options;
}

export const scripts = { bash, zsh, fish };

function bash(tree: readonly CommandNode[]): string {
  return `# bash completion for errand
_errand() {
  local cur prev at word i
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  at=""
${pathLoop('"${COMP_WORDS[@]:1:COMP_CWORD-1}"', tree)}
  COMPREPLY=()
${candidateCases(tree)}
  if [[ "$_errand_files" == 1 ]]; then
    COMPREPLY=( $(compgen -f -- "$cur") )
  else
    COMPREPLY=( $(compgen -W "$_errand_words" -- "$cur") )
  fi
}
complete -F _errand errand
`;
}

function zsh(tree: readonly CommandNode[]): string {
  return `#compdef errand
_errand() {
  local cur prev at word
  cur="\${words[CURRENT]}"
  prev="\${words[CURRENT-1]}"
  at=""
${pathLoop('"${words[@]:1:$((CURRENT-2))}"', tree)}
${candidateCases(tree)}
  if [[ "$_errand_files" == 1 ]]; then
    _files
  else
    compadd -- \${=_errand_words}
  fi
}
# Sourced, it is registered; found in $fpath, this file is the body of the function at the first completion.
if [[ "$funcstack[1]" == _errand ]]; then _errand "$@"; else compdef _errand errand; fi
`;
}

/** Sets \`at\` to the longest command that the words before the cursor name. (\`path\` would be zsh's own list of folders.) */
function pathLoop(words: string, tree: readonly CommandNode[]): string {
  const paths = tree.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  return `  for word in ${words}; do
    case "\${at:+$at }$word" in
      ${paths.join("|")}) at="\${at:+$at }$word" ;;
    esac
  done`;
}

/** Sets \`_errand_words\` and \`_errand_files\` by \`at\`, \`prev\` and \`cur\`; bash and zsh read it alike. */
function candidateCases(tree: readonly CommandNode[]): string {
  const cases = tree.map((node) => {
    const valued = node.options.filter(({ takesValue }) => takesValue);
    const values = valued.map(
      ({ flags, choices }) =>
        `        ${flags.join("|")}) ${choices.length === 0 ? "_errand_files=1" : `_errand_words=${quote(choices.join(" "))}`} ;;`,
    );
    const flags = quote(node.options.flatMap((option) => option.flags).join(" "));
    return `    ${quote(node.path)})
      case "$prev" in
${values.join("\n")}
        *)
          if [[ "$cur" == -* ]]; then _errand_words=${flags}
          else ${candidates(node)}; fi ;;
      esac ;;`;
  });
  return `  local _errand_words="" _errand_files=0
  case "$at" in
${cases.join("\n")}
  esac`;
}

function candidates({ subcommands, argument }: CommandNode): string {
  if (subcommands.length > 0) return `_errand_words=${quote(subcommands.map(({ name }) => name).join(" "))}`;
  if (argument.choices.length > 0) return `_errand_words=${quote(argument.choices.join(" "))}`;
  if (argument.dynamic === "") return "_errand_files=1";
  // Behind the first argument (the INPUT of a skill) come files.
  return `if [[ "$prev" == "\${at##* }" ]]; then _errand_words="$(errand __complete ${argument.dynamic} 2>/dev/null)"; else _errand_files=1; fi`;
}

function fish(tree: readonly CommandNode[]): string {
  const lines = tree.flatMap((node) => {
    const here = node.path === "" ? "__fish_use_subcommand" : seen(node.path);
    const subcommands = node.subcommands.map(
      ({ name, summary }) =>
        `complete -c errand -f -n ${quote(`${here}${notYet(node)}`)} -a ${quote(name)} -d ${quote(summary)}`,
    );
    const options = node.options.map((option) => fishOption(option, here));
    const { dynamic, choices } = node.argument;
    const source = dynamic === "" ? choices.join(" ") : `(errand __complete ${dynamic} 2>/dev/null)`;
    const argument = source === "" ? [] : [`complete -c errand -n ${quote(here)} -a ${quote(source)}`];
    return [...subcommands, ...options, ...argument];
  });
  return `# fish completion for errand\n${lines.join("\n")}\n`;
}

function seen(path: string): string {
  return path
    .split(" ")
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join("; and ");
}

function notYet({ path, subcommands }: CommandNode): string {
  if (path === "") return "";
  return `; and not __fish_seen_subcommand_from ${subcommands.map(({ name }) => name).join(" ")}`;
}

function fishOption(
  { flags, summary, takesValue, choices }: CommandNode["options"][number],
  here: string,
): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? (choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : " -r") : "";
  return `complete -c errand -n ${quote(here)} ${names.join(" ")} -d ${quote(summary)}${value}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
