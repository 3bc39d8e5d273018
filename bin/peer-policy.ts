/** What the operator decides about peers, for `errand peer` and `errand trust` alike. */
import { InvalidArgumentError, type Command } from "commander";
import type { PeerView } from "../src/node/node.ts";
import { fraction, segment, withNode } from "./cli.ts";
import { print, printJson } from "./output.ts";

export const peerText = "PeerId; a unique beginning or end is enough";

/** Adds `pin`. */
export function registerPin(parent: Command): void {
  parent
    .command("pin")
    .description("say how much you trust a peer: routing starts from it")
    .argument("<peer>", peerText)
    .argument("<trust>", "0 to 1, or none to take the pin back", (text: string) =>
      text === "none" ? null : pinValue(text),
    )
    .action((id: string, trust: number | null, _options: unknown, command: Command) =>
      pin(command, id, trust),
    );
}

/** `null` takes the pin back. */
export function pin(command: Command, id: string, trust: number | null): Promise<void> {
  return withNode(command, async ({ client, json }) => {
    const path = `/v1/peers/${segment(id)}/pin`;
    const view =
      trust === null
        ? await client.call<PeerView>("DELETE", path)
        : await client.call<PeerView>("PUT", path, { body: { trust } });
    if (json) printJson(view);
    else
      print(
        view.pinned === null ? `${view.id} is no longer pinned.` : `${view.id} is pinned at ${view.pinned}.`,
      );
  });
}

/** Adds `block` and `unblock`; `show` says what a peer is like now. */
export function registerBlock(parent: Command, show: (view: PeerView) => void): void {
  const one = (name: string, method: string, description: string): void => {
    parent
      .command(name)
      .description(description)
      .argument("<peer>", peerText)
      .action((id: string, _options: unknown, command: Command) =>
        withNode(command, async ({ client, json }) => {
          const view = await client.call<PeerView>(method, `/v1/peers/${segment(id)}/block`);
          if (json) printJson(view);
          else show(view);
        }),
      );
  };
  one("block", "PUT", "no connection to this peer, no task from it or for it");
  one("unblock", "DELETE", "take a block back");
}

function pinValue(text: string): number {
  try {
    return fraction(text);
  } catch {
    throw new InvalidArgumentError('It must be a number from 0 to 1, or "none".');
  }
}
