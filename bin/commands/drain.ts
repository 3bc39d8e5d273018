/** `errand drain`: the node takes no new work, and what runs finishes or is handed back. */
import type { Command } from "commander";
import type { NodeStatus } from "../../src/node/node.ts";
import { seconds, withNode } from "../cli.ts";
import { note, print, printJson } from "../output.ts";

const defaultGraceSeconds = 60;

export function register(program: Command): void {
  program
    .command("drain")
    .description("take no new work; wait until what runs here has finished, or hand it back")
    .option(
      "--grace <seconds>",
      `hand back what still runs after so long (default ${defaultGraceSeconds})`,
      seconds,
    )
    .option("--off", "take new work again")
    .action(
      ({ grace = defaultGraceSeconds, off = false }: { grace?: number; off?: boolean }, command: Command) =>
        withNode(command, async ({ client, json }) => {
          if (off) {
            const status = await client.call<NodeStatus>("DELETE", "/v1/drain");
            if (json) printJson(status);
            else print("The node takes new work.");
            return;
          }
          const graceMs = Math.round(grace * 1_000);
          if (!json) note("Draining: no new work is taken.");
          // The answer comes when nothing runs any more: the grace time, and a little for the handing back.
          const status = await client.call<NodeStatus>("POST", "/v1/drain", {
            body: { graceMs },
            timeoutMs: graceMs + 30_000,
          });
          if (json) printJson(status);
          else
            print(
              "Drained: nothing of others runs here. `errand drain --off` takes that back, `errand down` stops the node.",
            );
        }),
    );
}
