/** `errand prune`: remove tasks that ended long ago, and what is theirs. The node does it by itself every hour. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { parseDuration } from "../../src/core/clock.ts";
import type { PruneAnswer } from "../../src/node/node.ts";
import { collect, withNode } from "../cli.ts";
import { bytes, print, printJson } from "../output.ts";

// The node works in small groups with pauses, so that nobody else waits: a million tasks take some minutes.
const timeoutMs = 30 * 60_000;

const examples = `
Examples:
  $ errand prune                                  what the configuration's retention says, now
  $ errand prune --older-than 1h --dry-run        how much would go
  $ errand prune --older-than 2d --state failed   failures of the day before yesterday and older
  $ errand prune --cache                          also the results kept for reuse
`;

interface PruneFlags {
  olderThan?: number;
  state?: string[];
  dryRun?: boolean;
  cache?: boolean;
}

export function register(program: Command): void {
  program
    .command("prune")
    .description("remove tasks that ended long ago, with their history, attempts and blobs")
    .option("--older-than <duration>", "ended longer ago: 90m, 24h, 7d; by retention when absent", olderThan)
    .addOption(
      new Option(
        "--state <state>",
        "only these: completed, failed, cancelled, timeout, rejected; repeatable",
      ).argParser(collect),
    )
    .option("--dry-run", "count, and remove nothing")
    .option("--cache", "also the results kept for reuse")
    .addHelpText("after", examples)
    .action(({ olderThan: olderThanMs, state: states, dryRun, cache }: PruneFlags, command: Command) =>
      withNode(command, async ({ client, json }) => {
        const body = { olderThanMs, states, dryRun, cache };
        const answer = await client.call<PruneAnswer>("POST", "/v1/prune", { body, timeoutMs });
        if (json) printJson(answer);
        else show(answer);
      }),
    );
}

function olderThan(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a duration such as 90m, 24h or 7d.");
  return ms;
}

function show({ dryRun, tasks, graphs, blobs, cachedResults, ...freed }: PruneAnswer): void {
  const parts = Object.entries(tasks)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  const sum = Object.values(tasks).reduce((total, count) => total + count, 0);
  const states = parts.length > 0 ? ` (${parts.join(", ")})` : "";
  const more = [
    ...(graphs > 0 ? [`${graphs} graphs`] : []),
    ...(blobs > 0 ? [`${blobs} blobs of ${bytes(freed.blobBytes)}`] : []),
    ...(cachedResults > 0 ? [`${cachedResults} cached results`] : []),
  ];
  print(`${dryRun ? "Would remove" : "Removed"} ${[`${sum} tasks${states}`, ...more].join(", ")}.`);
  if (sum > 0)
    print(`${bytes(freed.rowBytes)} of the database ${dryRun ? "would be" : "are"} free for new tasks.`);
  if (freed.fileBytes > 0) print(`The database became ${bytes(freed.fileBytes)} smaller.`);
}
