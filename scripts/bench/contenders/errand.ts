/**
 * Errand as its users have it: a task is submitted, is on disk, goes to the other node by way of routing, is run there,
 * comes back signed, is checked, and its end is on disk before the wait ends.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonBody } from "../../../src/core/body.ts";
import { resolveConfig } from "../../../src/node/config.ts";
import { createNode } from "../../../src/node/create.ts";
import type { ErrandNode } from "../../../src/node/node.ts";
import { payload, type Contender } from "./contender.ts";

async function startNode(flags: {
  bootstrap: string[];
  builtinSkills: string[];
}): Promise<{ node: ErrandNode; stop(): Promise<void> }> {
  const data = await mkdtemp(join(tmpdir(), "errand-bench-"));
  const listen = ["/ip4/127.0.0.1/tcp/0"];
  const node = await createNode(await resolveConfig({ flags: { data, listen, ...flags }, env: {} }));
  await node.start();
  return {
    node,
    async stop() {
      await node.stop({ graceMs: 0 });
      await rm(data, { recursive: true, force: true });
    },
  };
}

export const errand: Contender = {
  async serve() {
    const { node, stop } = await startNode({ bootstrap: [], builtinSkills: ["echo"] });
    const [address] = node.status().addresses;
    if (address === undefined) throw new Error("the serving node listens nowhere");
    return { address, stop };
  },
  async connect(address) {
    const { node, stop } = await startNode({ bootstrap: [address], builtinSkills: [] });
    let sent = 0;
    return {
      stop,
      async request() {
        const asked = payload(++sent);
        const { id } = await node.tasks.submit({ skill: "echo", input: jsonBody(asked) });
        const { status, output, error } = await node.tasks.wait(id);
        if (status !== "completed") throw new Error(`a task ended as ${status}: ${error?.message}`);
        if ((output as typeof asked).number !== asked.number)
          throw new Error(`not the answer to ${JSON.stringify(asked)}`);
      },
    };
  },
};
