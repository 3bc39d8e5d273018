/**
 * The tree of commands. Only the command that was typed is loaded: the others are known by name and summary, which is all
 * that help and suggestions need.
 */
import { Command, Option } from "commander";

interface CommandModule {
  /** Adds the command to the program. */
  register(program: Command): void;
}

interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<CommandModule>;
  hidden?: boolean;
}

/** In the order of the help. */
const entries: readonly CommandEntry[] = [
  { name: "up", summary: "start a node and stay in the foreground", load: () => import("./commands/up.ts") },
  { name: "down", summary: "stop the running node", load: () => import("./commands/down.ts") },
  { name: "drain", summary: "take no new work, finish what runs", load: () => import("./commands/drain.ts") },
  { name: "status", summary: "how the node is", load: () => import("./commands/status.ts") },
  { name: "id", summary: "print the node's PeerId", load: () => import("./commands/id.ts") },
  { name: "doctor", summary: "look for what is wrong", load: () => import("./commands/doctor.ts") },
  {
    name: "run",
    summary: "submit a task, wait, print its output",
    load: () => import("./commands/run.ts"),
  },
  { name: "submit", summary: "submit a task, print its id", load: () => import("./commands/submit.ts") },
  {
    name: "task",
    summary: "list, get, wait for, watch, cancel, explain tasks",
    load: () => import("./commands/task.ts"),
  },
  {
    name: "schedule",
    summary: "submit again and again: add, list, get, remove, enable, disable, trigger, next",
    load: () => import("./commands/schedule.ts"),
  },
  {
    name: "batch",
    summary: "run a file of submissions, resumable",
    load: () => import("./commands/batch.ts"),
  },
  {
    name: "map",
    summary: "run a skill on each of many files",
    load: () => import("./commands/map.ts"),
  },
  {
    name: "graph",
    summary: "plan, run, show, list, wait for, cancel graphs of tasks",
    load: () => import("./commands/graph.ts"),
  },
  {
    name: "skill",
    summary: "list, find, get skills; init, test, run one's own",
    load: () => import("./commands/skill.ts"),
  },
  {
    name: "peer",
    summary: "list, get, connect, pin, block, unblock peers",
    load: () => import("./commands/peer.ts"),
  },
  {
    name: "trust",
    summary: "show, explain, graph, pin, block, revoke, export, import trust in peers",
    load: () => import("./commands/trust.ts"),
  },
  { name: "stats", summary: "counts, rates and durations", load: () => import("./commands/stats.ts") },
  { name: "prune", summary: "remove tasks that ended long ago", load: () => import("./commands/prune.ts") },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "__complete",
    summary: "",
    hidden: true,
    load: () => import("./commands/complete.ts"),
  },
];

const examples = `
Examples:
  $ errand up                                    start a node on this machine
  $ errand up --preset lan                       … that neighbours can find
  $ errand up --bootstrap /ip4/…/p2p/12D3KooW…   … that joins others
  $ errand run echo '{"hello": "world"}'         run a task, print its output
  $ errand run text.stats @report.txt            … on a file
  $ errand task list                             what became of my tasks

Exit codes: 0 done, 1 failure, 2 usage, 3 node unreachable, 4 not authorised, 5 the wait timed out,
10 task failed, 11 task timed out, 12 cancelled, 13 no capable peer.
`;

/** The program for `argv`, or with `all` the whole tree. */
export async function buildProgram(argv: readonly string[], all = false): Promise<Command> {
  const [wanted, second] = wantedCommands(argv);
  // The one command that draws: an option of its own would be hidden by the program's.
  const drawings = wanted === "trust" && second === "graph" ? ["dot", "svg"] : [];
  const program = new Command("errand")
    .description("Run tasks on a peer-to-peer network of agents, and run theirs.")
    .addOption(
      new Option("-o, --output <format>", "format of standard output")
        .choices(["text", "json", ...drawings])
        .default("text"),
    )
    .option("--data <dir>", "data folder of the node (ERRAND_DATA)")
    .option("--api <address>", "address of the node's API, HOST:PORT or URL (ERRAND_API)")
    .option("-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
    .addHelpText("after", examples)
    .exitOverride();
  for (const { name, summary, load, hidden = false } of entries) {
    if (all || name === wanted) (await load()).register(program);
    else program.command(name, { hidden }).description(summary);
  }
  return program;
}

/** The first words that are not an option or an option's value; after `help`, the next. */
function wantedCommands(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (["-o", "--output", "--data", "--api"].includes(word)) i++;
    else if (!word.startsWith("-")) words.push(word);
  }
  return words[0] === "help" ? words.slice(1) : words;
}
