/** `errand __complete skill|task|peer`: what completion scripts ask the running node. Silent when there is none. */
import type { Command } from "commander";
import type { PeerView, SkillView, TaskView } from "../../src/node/node.ts";
import { withNode, type Cli } from "../cli.ts";
import { print } from "../output.ts";

// Somebody waits at the keyboard.
const timeoutMs = 1_000;

const lists: Record<string, (client: Cli["client"]) => Promise<string[]>> = {
  async skill(client) {
    const { skills } = await client.call<{ skills: SkillView[] }>("GET", "/v1/skills", {
      query: { all: true },
      timeoutMs,
    });
    return skills.map(({ id }) => id);
  },
  async task(client) {
    const { tasks } = await client.call<{ tasks: TaskView[] }>("GET", "/v1/tasks", { timeoutMs });
    return tasks.map(({ id }) => id);
  },
  async peer(client) {
    return (await client.call<{ peers: PeerView[] }>("GET", "/v1/peers", { timeoutMs })).peers.map(
      ({ id }) => id,
    );
  },
};

export function register(program: Command): void {
  program
    .command("__complete", { hidden: true })
    .argument("<kind>")
    .action(async (kind: string, _options: unknown, command: Command) => {
      try {
        await withNode(command, async ({ client }) => {
          // Ids end up in a shell's line: nothing but what ids are made of may pass.
          const ids = new Set((await lists[kind]?.(client)) ?? []);
          for (const id of ids) if (/^[\w.-]+$/.test(id)) print(id);
        });
      } catch {
        // No node, no suggestions: an error message in the middle of a line being typed helps nobody.
      }
    });
}
