/** A node in this process that talks to nobody, for suites that measure the engine alone. */
import { createNode } from "../../src/node/create.ts";
import { resolveConfig } from "../../src/node/config.ts";
import type { ErrandNode } from "../../src/node/node.ts";

export async function startLocalNode(dataDir: string): Promise<ErrandNode> {
  const config = await resolveConfig({
    flags: { data: dataDir, listen: ["/ip4/127.0.0.1/tcp/0"], logLevel: "warn" },
    env: {},
  });
  const node = await createNode(config);
  await node.start();
  return node;
}
