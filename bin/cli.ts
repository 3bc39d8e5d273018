/** What every command is given: the global options, the client of the node, and where the exit code goes. */
import { InvalidArgumentError, type Command } from "commander";
import { createClient, type ApiClient } from "../src/api/client.ts";
import { dataFolder, findEndpoint } from "../src/api/endpoint.ts";

export interface GlobalOptions {
  output: "text" | "json";
  data?: string;
  api?: string;
}

export interface Cli {
  json: boolean;
  options: GlobalOptions;
  dataDir: string;
  /** The global options as they were typed, to append to a command that is suggested. */
  sameNode: string;
  client: ApiClient;
}

/** Runs `action` with the node's client, and closes it. Throws `NodeUnreachable` when there is none. */
export async function withNode(command: Command, action: (cli: Cli) => Promise<void>): Promise<void> {
  const options = globalOptions(command);
  const client = createClient(await findEndpoint({ ...options, env: process.env }));
  try {
    await action({
      json: options.output === "json",
      options,
      dataDir: dataFolder(options.data, process.env),
      sameNode: `${flag("data", options.data)}${flag("api", options.api)}`,
      client,
    });
  } finally {
    client.close();
  }
}

function flag(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  return ` --${name} ${/^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`;
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** An id of a path: whatever was typed reaches the API as one segment. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}

/** Parsers of option values: what is wrong is a usage error. `time`: ms since the epoch, local time unless a zone is given. */
export function time(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new InvalidArgumentError("It must be a time such as 2026-12-24T18:00 or 2026-12-24T18:00:00Z.");
  return at;
}

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("It must be a number of seconds above 0.");
  }
  return value;
}

export function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("It must be a number of at least 0.");
  }
  return value;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be a number from 0 to 1.");
  }
  return value;
}

export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
