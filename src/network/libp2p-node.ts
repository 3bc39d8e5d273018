/**
 * The libp2p node and its settings. Every number here was measured (on two shared cores, among 10 to 100 nodes); where it
 * differs from libp2p's default, the comment says what the default did.
 */
import { bootstrap } from "@libp2p/bootstrap";
import { gossipsub, type GossipSub } from "@libp2p/gossipsub";
import { identify, identifyPush, type Identify, type IdentifyPush } from "@libp2p/identify";
import type { ConnectionGater, Libp2p, PeerDiscovery, PeerInfo } from "@libp2p/interface";
import { kadDHT, passthroughMapper, type KadDHT } from "@libp2p/kad-dht";
import { mdns, type MulticastDNSComponents } from "@libp2p/mdns";
import { ping, type Ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { limits } from "../core/limits.ts";
import type { Identity } from "./identity.ts";
import type { RelayLimit } from "./gossip/relay-limit.ts";
import { createMuxer } from "./muxer.ts";
import { createNoise } from "./noise.ts";
import { alarmTopic, attestationTopic, cardTopic, dhtProtocol } from "./names.ts";
import { createWebSockets } from "./websockets.ts";

// A type, not an interface: libp2p wants an index signature.
export type Services = {
  identify: Identify;
  identifyPush: IdentifyPush;
  ping: Ping;
  dht: KadDHT;
  pubsub: GossipSub;
};
export type Libp2pNode = Libp2p<Services>;

export interface NodeSettings {
  identity: Identity;
  network: string;
  agentVersion: string;
  listen: string[];
  announce: string[];
  /** Addresses with /p2p; the own one left out. */
  bootstrap: string[];
  /** Set to look for neighbours by multicast DNS; called each time one is heard of. */
  onNeighbor: ((neighbor: PeerInfo) => void) | undefined;
  swarmKey: Uint8Array | undefined;
  gater: ConnectionGater;
  relayLimit: RelayLimit;
}

/** A node that is not started. */
export function createLibp2pNode(settings: NodeSettings): Promise<Libp2pNode> {
  const discovery = [];
  // The list is tagged keep-alive, so that a lost bootstrap peer is redialled at once; redial.ts goes on where that gives up.
  if (settings.bootstrap.length > 0) {
    discovery.push(bootstrap({ list: settings.bootstrap, timeout: 1, tagName: "keep-alive-bootstrap" }));
  }
  if (settings.onNeighbor !== undefined) discovery.push(neighbors(settings.network, settings.onNeighbor));
  const { network, relayLimit } = settings;
  const topics = [cardTopic(network), attestationTopic(network), alarmTopic(network)];
  return createLibp2p<Services>({
    start: false,
    privateKey: settings.identity.privateKey,
    nodeInfo: {
      name: "errand",
      version: settings.agentVersion,
      userAgent: `errand/${settings.agentVersion}`,
    },
    addresses: { listen: settings.listen, announce: settings.announce },
    transports: [tcp(), createWebSockets()],
    connectionEncrypters: [createNoise()],
    streamMuxers: [createMuxer()],
    ...(settings.swarmKey !== undefined && {
      connectionProtector: preSharedKey({ psk: settings.swarmKey, timeout: 3_000 }),
    }),
    connectionGater: settings.gater,
    connectionManager: {
      maxConnections: limits.connections,
      // Per host and second; the default of 5 refused 15 of 20 nodes that started together on one machine.
      inboundConnectionThreshold: 1_000,
      maxIncomingPendingConnections: 100,
      inboundUpgradeTimeout: limits.dialTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: 2_000,
    },
    // A cable cut is noticed in 2.8 to 4.5 s, against 11 s by default; yamux's own keepalive never notices.
    connectionMonitor: { pingInterval: 2_000, pingTimeout: { minTimeout: 2_500, maxTimeout: 3_000 } },
    peerDiscovery: discovery,
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      // With the default of one stream the DHT's pings collide with the monitor's, which then kills healthy connections.
      ping: ping({ maxInboundStreams: 32, maxOutboundStreams: 32 }),
      dht: kadDHT({
        protocol: dhtProtocol(settings.network),
        clientMode: false,
        // The default strips private addresses, and with them every node of a home or an office.
        peerInfoMapper: passthroughMapper,
        kBucketSize: 8,
        alpha: 3,
        disjointPaths: 3,
        initialQuerySelfInterval: 50,
        // 300 s by default: a mesh that was cut in two took as long to heal.
        querySelfInterval: 60_000,
        networkDialTimeout: { minTimeout: 1_000, maxTimeout: 2_000 },
        // Far below one hour: a provider whose addresses have expired spoils the answer for its key.
        reprovide: { interval: 30_000, validity: 300_000, threshold: 180_000 },
      }),
      pubsub: relayLimit.around(
        gossipsub({
          allowPublishToZeroTopicPeers: true,
          globalSignaturePolicy: "StrictSign",
          floodPublish: false,
          idontwantMinDataSize: 65_536,
          maxInboundDataLength: 2 * limits.cardBytes,
          allowedTopics: topics,
          // Known again before its signature is checked: each message comes from several sides. A signature that was found valid
          // belongs to one message, and whoever puts it to another has that one dropped.
          fastMsgIdFn: ({ signature }) => Buffer.from(signature ?? []).toString("latin1"),
          scoreParams: {
            // The default drops everything once more than ten peers share one address.
            IPColocationFactorWeight: 0,
            appSpecificScore: (peer) => relayLimit.score(peer),
            topics: Object.fromEntries(topics.map((topic) => [topic, topicScore])),
          },
        }),
      ),
    },
  });
}

/** Multicast DNS. libp2p tells only of peers that it has never heard of, and a neighbour that was away has to be found again. */
function neighbors(
  network: string,
  onNeighbor: (neighbor: PeerInfo) => void,
): (components: MulticastDNSComponents) => PeerDiscovery {
  return (components) => {
    const service = mdns({ serviceTag: `_errand-${network}._udp.local` })(components);
    service.addEventListener("peer", ({ detail }) => onNeighbor(detail));
    return service;
  };
}

/** Only invalid messages count: ours come too rarely for delivery rates to mean anything. Five rejects graylist a peer, for 20 s. */
const topicScore = {
  topicWeight: 0.5,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 1_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.9,
};
