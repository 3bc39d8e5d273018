/** libp2p's own ping: a new stream on the open connection, 32 random bytes there and back. */
import type { Contender } from "./contender.ts";
import { createRawNode, dialRaw, servingOf } from "./raw-libp2p.ts";

export const ping: Contender = {
  serve: async () => servingOf(await createRawNode()),
  async connect(address) {
    const { node, connection } = await dialRaw(address);
    return {
      stop: async () => node.stop(),
      async request() {
        await node.services.ping.ping(connection.remotePeer);
      },
    };
  },
};
