/** The command line's entry: parses, runs one command, turns every failure into a message and an exit code. */
import { CommanderError } from "commander";
import { ErrandError, toErrandError } from "../src/core/errors.ts";
import { exitCodeOfError, exitCodes } from "./exit-codes.ts";
import { print, printError, printJson, printJsonLine } from "./output.ts";
import { buildProgram } from "./program.ts";

const argv = process.argv.slice(2);

// A reader that has seen enough (`errand task watch | head`) is no failure, and no reason for a node to end.
for (const output of [process.stdout, process.stderr]) {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!argv.includes("up")) process.exit();
  });
}

/** Known before the parser is, which may be what fails. */
function wantsJson(): boolean {
  return argv.some(
    (word, i) =>
      /^(-ojson|-o=json|--output=json)$/.test(word) ||
      (word === "json" && /^(-o|--output)$/.test(argv[i - 1] ?? "")),
  );
}

async function main(): Promise<void> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    const { version } = await import("../src/core/version.ts");
    print(version);
    return;
  }
  const program = await buildProgram(argv);
  // The parser's words go to standard error after we know what they are: `report` prints them once, in our form.
  silence(program);
  program.on("option:version", () => undefined);
  if (argv.length === 0) {
    program.outputHelp();
    process.exitCode = exitCodes.usage;
    return;
  }
  await program.parseAsync(argv, { from: "user" });
}

function silence(command: Awaited<ReturnType<typeof buildProgram>>): void {
  command.configureOutput({ outputError: () => undefined }).exitOverride();
  for (const child of command.commands) silence(child);
}

function report(thrown: unknown): void {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return;
    process.exitCode = exitCodes.usage;
    // Help that was shown because a subcommand is missing has said enough.
    if (thrown.code === "commander.help" && !wantsJson()) return;
    reportError(usageError(thrown));
    return;
  }
  const error = toErrandError(thrown);
  process.exitCode = exitCodeOfError(error);
  reportError(error);
  if (error.code === "Internal" && process.env["ERRAND_DEBUG"] !== undefined) {
    process.stderr.write(`${String((error.cause as Error | undefined)?.stack ?? error.stack)}\n`);
  }
}

function usageError({ message }: CommanderError): ErrandError {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const suggestion = rest
    .join(" ")
    .replace(/^\(|\)$/g, "")
    .trim();
  return new ErrandError("InvalidInput", first === "(outputHelp)" ? "a subcommand is missing" : first, {
    hint: suggestion === "" ? "`errand help` and `errand COMMAND --help` show what there is." : suggestion,
  });
}

function reportError(error: ErrandError): void {
  if (wantsJson()) (streams() ? printJsonLine : printJson)({ error: error.toJSON() });
  printError(error);
}

/** Commands whose output is one JSON document for each line. */
function streams(): boolean {
  return argv.includes("up") || argv.includes("watch");
}

try {
  await main();
} catch (error) {
  report(error);
  // A node that failed half way may have left something open: a command that failed ends, whatever that is.
  process.stdout.write("", () => process.stderr.write("", () => process.exit()));
}
