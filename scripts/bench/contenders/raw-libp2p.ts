/** A bare libp2p node with the transports and settings of Errand's own (src/network/libp2p-node.ts), and nothing above them. */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify, type Identify } from "@libp2p/identify";
import type { Connection, Libp2p } from "@libp2p/interface";
import { ping, type Ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { limits } from "../../../src/core/limits.ts";
import type { Serving } from "./contender.ts";

export type RawNode = Libp2p<{ identify: Identify; ping: Ping }>;

/** Streams of one protocol that a connection may have open: libp2p's default of 32 would refuse most of 256. */
export const streamLimits = {
  maxInboundStreams: limits.streamsPerConnection,
  maxOutboundStreams: limits.streamsPerConnection,
};

export function createRawNode(): Promise<RawNode> {
  return createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(streamLimits)],
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: 32, maxOutboundStreams: 32 }),
    },
  });
}

export function servingOf(node: RawNode): Serving {
  const [address] = node.getMultiaddrs();
  if (address === undefined) throw new Error("the serving node listens nowhere");
  return { address: address.toString(), stop: async () => node.stop() };
}

export async function dialRaw(address: string): Promise<{ node: RawNode; connection: Connection }> {
  const node = await createRawNode();
  return { node, connection: await node.dial(multiaddr(address)) };
}
