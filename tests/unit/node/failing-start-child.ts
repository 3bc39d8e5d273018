/** Makes a node whose port is taken, and does nothing more. Arguments: the data folder, the port. Says the code of the failure. */
import { resolveConfig } from "../../../src/node/config.ts";
import { createNode } from "../../../src/node/create.ts";

const [data = "", port = ""] = process.argv.slice(2);
const config = await resolveConfig({
  flags: { data, api: "127.0.0.1:0", listen: [`/ip4/127.0.0.1/tcp/${port}`], logLevel: "silent" },
  env: {},
});
const node = await createNode(config);
try {
  await node.start();
} catch (error) {
  console.log((error as { code: string }).code);
}
