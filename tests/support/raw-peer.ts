/**
 * A libp2p peer made by hand, to do what no Errand node does: it opens any protocol, sends any bytes, and says of itself whatever
 * a test wants. Everything is in this process; only the node under test is a real one.
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, Stream } from "@libp2p/interface";
import { kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { createSigner, type Signer } from "../../src/core/signatures.ts";
import { skillCid } from "../../src/network/dht/skill-records.ts";
import { cardTopic, defaultNetwork, dhtProtocol } from "../../src/network/names.ts";

export interface RawPeer extends AsyncDisposable {
  readonly peerId: string;
  /** Signs as this peer. */
  readonly signer: Signer;
  connect(address: string): Promise<Connection>;
  /** What the DHT says of who offers a skill. */
  providers(skillId: string): Promise<string[]>;
  /** Gossips bytes on the topic of cards, in this peer's own envelope. */
  publish(bytes: Uint8Array): Promise<void>;
  /** Whether somebody listens to what this peer gossips. */
  heard(): boolean;
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>;
  stop(): Promise<void>;
}

export interface RawPeerOptions {
  dht?: boolean;
  gossip?: boolean;
}

const unbounded = 100_000;

export async function createRawPeer({ dht = false, gossip = false }: RawPeerOptions = {}): Promise<RawPeer> {
  const privateKey = await generateKeyPair("Ed25519");
  const services = {
    identify: identify(),
    ping: ping({ maxInboundStreams: 32, maxOutboundStreams: 32 }),
    ...(gossip && {
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, scoreParams: { IPColocationFactorWeight: 0 } }),
    }),
    ...(dht && {
      dht: kadDHT({
        protocol: dhtProtocol(defaultNetwork),
        clientMode: true,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
      }),
    }),
  };
  const node = await createLibp2p({
    privateKey,
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: unbounded, maxOutboundStreams: unbounded })],
    services,
  });
  const made = node.services as unknown as {
    dht: ReturnType<ReturnType<typeof kadDHT>>;
    pubsub: ReturnType<ReturnType<typeof gossipsub>>;
  };
  const topic = cardTopic(defaultNetwork);
  if (gossip) made.pubsub.subscribe(topic);
  const peerId = node.peerId.toString();
  const stop = async (): Promise<void> => {
    await node.stop();
  };

  return {
    peerId,
    signer: createSigner(peerId, privateKey.raw.subarray(0, 32)),
    connect: (address) => node.dial(multiaddr(address), { signal: AbortSignal.timeout(10_000) }),
    async providers(skillId) {
      const found = new Set<string>();
      const signal = AbortSignal.timeout(10_000);
      for await (const event of made.dht.findProviders(skillCid(skillId), { signal })) {
        if (event.name !== "PEER_RESPONSE" && event.name !== "PROVIDER") continue;
        for (const { id } of event.providers) found.add(id.toString());
      }
      return [...found];
    },
    async publish(bytes) {
      await made.pubsub.publish(topic, bytes);
    },
    heard: () => made.pubsub.getSubscribers(topic).length > 0,
    handle: (protocol, handler) => node.handle(protocol, (stream) => handler(stream)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
