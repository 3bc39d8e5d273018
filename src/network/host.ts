/**
 * This node on the network: connections, streams, and who is there. It owns the libp2p object, which stays inside
 * src/network/, and knows nothing of cards, tasks or blobs: those register their protocols here.
 */
import type { GossipSub } from "@libp2p/gossipsub";
import type { PeerInfo, Stream } from "@libp2p/interface";
import type { KadDHT } from "@libp2p/kad-dht";
import { systemClock, type Clock, type Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { createAddressBook, type AddressBook, type PeerBook } from "./address-book.ts";
import { checkAnnounce, checkBootstrap, checkListen, type BootstrapPeer } from "./addresses.ts";
import { createBlockList } from "./block-list.ts";
import { createDialling } from "./dialling.ts";
import { createRelayLimit } from "./gossip/relay-limit.ts";
import { createPeerTable, type PeerTable, type PeerWatcher } from "./peer-table.ts";
import { createLibp2pNode, type Libp2pNode } from "./libp2p-node.ts";
import { alarmTopic, attestationTopic, checkNetworkName, otherNetwork } from "./names.ts";
import { joinKnownPeers } from "./join.ts";
import { createMissedReport, keepDialling } from "./redial.ts";
import { startError } from "./libp2p-errors.ts";
import type { Identity } from "./identity.ts";

export interface HostOptions {
  identity: Identity;
  /** Default: `defaultNetwork` of names.ts. */
  network: string;
  agentVersion: string;
  /** Multiaddrs; port 0 takes a free one. */
  listen: readonly string[];
  /** Multiaddrs told to others instead of those listened on; for a node behind a NAT or on a public address. */
  announce?: readonly string[];
  /** Multiaddrs with /p2p. */
  bootstrap?: readonly string[];
  mdns?: boolean;
  /** As `readSwarmKey` returns it. */
  swarmKey?: Uint8Array;
  blocked?: Iterable<PeerIdText>;
  book?: PeerBook;
  clock?: Clock;
  random?: Random;
  log: Log;
}

/** Called synchronously: attach the stream's `message` listener before the first await, or data is lost at 4 MiB. */
export type StreamHandler = (stream: Stream, peer: PeerIdText) => void | Promise<void>;

export interface StreamLimits {
  /** Per connection; a peer may have `limits.connectionsPerPeer` of those. */
  maxInboundStreams?: number;
  maxOutboundStreams?: number;
}

export interface Host {
  readonly peer: PeerIdText;
  readonly network: string;
  readonly dht: KadDHT;
  readonly pubsub: GossipSub;
  /** Gossip about trust that was dropped unread, because its relayer brought too much. */
  readonly droppedGossip: number;
  /** Throws `Conflict` if a port is in use, `InvalidConfig` if an address cannot be listened on. Tolerates started-twice. */
  start(): Promise<void>;
  /** Bounded in time. Tolerates never-started and stopped-twice. */
  stop(): Promise<void>;
  /** Multiaddrs with /p2p that others are told. */
  addresses(): string[];
  peers(): PeerIdText[];
  isConnected(peer: PeerIdText): boolean;
  /** Whether this node dialled one of the open connections; then it is the one to speak first. */
  dialled(peer: PeerIdText): boolean;
  /** Whether the peer said in identify that it speaks `protocol`. */
  speaks(peer: PeerIdText, protocol: string): boolean;
  /** The network it says it is of; undefined for a peer that said nothing of it. */
  networkOf(peer: PeerIdText): string | undefined;
  /** Round trip, ms, smoothed; undefined before the first measurement, about two seconds after connecting. */
  rttMs(peer: PeerIdText): number | undefined;
  /** Known addresses of a peer, connected or not. */
  addressesOf(peer: PeerIdText): Promise<string[]>;
  /** Adds addresses to dial `peer` at, from its card say. What is no multiaddr is left out. */
  learnAddresses(peer: PeerIdText, addresses: readonly string[]): Promise<void>;
  /**
   * Connects to a multiaddr or PeerId and waits until the peer has identified itself, for one that refuses us closes only
   * after the handshake. Throws `InvalidInput`, `PeerUnreachable`, `Unauthorized` (blocked here) or the signal's reason.
   */
  dial(target: string, signal: AbortSignal): Promise<PeerIdText>;
  /** A stream over the open connection, or over a new one. Throws `PeerUnreachable` or the signal's reason. */
  newStream(peer: PeerIdText, protocol: string, signal: AbortSignal): Promise<Stream>;
  handle(protocol: string, handler: StreamHandler, streamLimits?: StreamLimits): Promise<void>;
  unhandle(protocol: string): Promise<void>;
  /** Returns a function that takes the watcher away. */
  onPeer(watcher: PeerWatcher): () => void;
  /** Closes the peer's connections and refuses new ones, both ways. */
  block(peer: PeerIdText): void;
  unblock(peer: PeerIdText): void;
  isBlocked(peer: PeerIdText): boolean;
}

const stopTimeoutMs = 3_000;

/** A host that does nothing before `start()`. Throws `InvalidConfig`. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { identity, log, clock = systemClock } = options;
  const network = checkNetworkName(options.network);
  const bootstrap = checkBootstrap(options.bootstrap ?? []).filter(({ peer }) => peer !== identity.peer);
  const blocked = createBlockList(options.blocked ?? [], (peer) => dialling.openConnections(peer));
  const relayLimit = createRelayLimit([attestationTopic(network), alarmTopic(network)], clock);
  // They are heard of as soon as libp2p runs, and dialled from then on.
  let onNeighbor = (_neighbor: PeerInfo): void => {};
  const node = await createLibp2pNode({
    identity,
    network,
    agentVersion: options.agentVersion,
    listen: checkListen(options.listen),
    announce: checkAnnounce(options.announce ?? []),
    bootstrap: bootstrap.map(({ address }) => address.toString()),
    onNeighbor: options.mdns === true ? (neighbor) => onNeighbor(neighbor) : undefined,
    swarmKey: options.swarmKey,
    gater: blocked.gater,
    relayLimit,
  });
  const book = createAddressBook(options.book ?? { load: async () => [], save() {} }, clock, log);
  const table = createPeerTable(node, { clock, log, book });
  const stopping = new AbortController();
  const dialling = createDialling({ node, blocked, table, book, stopping: stopping.signal });

  const host: Host = {
    peer: identity.peer,
    network,
    dht: node.services.dht,
    pubsub: node.services.pubsub,
    get droppedGossip() {
      return relayLimit.dropped;
    },
    addresses: () => node.getMultiaddrs().map((address) => withPeer(address.toString(), identity.peer)),
    peers: () => node.getPeers().map(String),
    isConnected: (peer) => dialling.openConnections(peer).length > 0,
    dialled: (peer) => dialling.openConnections(peer).some(({ direction }) => direction === "outbound"),
    speaks: (peer, protocol) => table.speaks(peer, protocol),
    networkOf: (peer) => table.networkOf(peer),
    rttMs: (peer) => table.rttMs(peer),
    addressesOf: (peer) => dialling.addressesOf(peer),
    learnAddresses: (peer, addresses) => dialling.learnAddresses(peer, addresses),
    dial: (target, signal) => dialling.dial(target, signal),
    newStream: (peer, protocol, signal) => dialling.newStream(peer, protocol, signal),
    handle: (protocol, handler, streamLimits = {}) =>
      node.handle(
        protocol,
        (stream, connection) => handler(stream, connection.remotePeer.toString()),
        streamLimits,
      ),
    unhandle: (protocol) => node.unhandle(protocol),
    onPeer: (watcher) => table.watch(watcher),
    block: (peer) => blocked.add(peer),
    unblock: (peer) => blocked.remove(peer),
    isBlocked: (peer) => blocked.has(peer),
    ...lifecycle({
      options,
      node,
      book,
      table,
      bootstrap,
      stopping,
      host: () => host,
      hearNeighbors: (listener) => (onNeighbor = listener),
    }),
  };
  return host;
}

/** Starting and stopping, in order: listeners first, for peers may come at once; then libp2p; then what dials. */
function lifecycle(parts: {
  options: HostOptions;
  node: Libp2pNode;
  book: AddressBook;
  table: PeerTable;
  bootstrap: BootstrapPeer[];
  stopping: AbortController;
  host: () => Host;
  hearNeighbors(listener: (neighbor: PeerInfo) => void): void;
}): Pick<Host, "start" | "stop"> {
  const { options, node, book, table, bootstrap, stopping } = parts;
  const { log, clock = systemClock, random = Math.random } = options;
  const cleanUp: (() => void)[] = [];
  let state: "new" | "started" | "stopped" = "new";

  async function stop(): Promise<void> {
    if (state === "stopped") return;
    const running = state === "started";
    state = "stopped";
    stopping.abort(new ErrandError("ShuttingDown", "the node is stopping"));
    for (const run of cleanUp.splice(0).toReversed()) run();
    await book.flush();
    if (running) await bounded(Promise.resolve(node.stop()), stopTimeoutMs, clock);
  }

  return {
    stop,
    async start() {
      if (state !== "new") return;
      state = "started";
      cleanUp.push(table.start());
      try {
        await node.start();
      } catch (error) {
        await stop();
        throw startError(error);
      }
      if (stopping.signal.aborted) return;
      const host = parts.host();
      const { missed, reached } = createMissedReport(bootstrap, log);
      cleanUp.push(
        table.watch({
          identified(peer) {
            const theirs = host.networkOf(peer) ?? host.network;
            if (theirs === host.network) reached(peer);
            else missed(peer, otherNetwork(peer, theirs, host.network));
          },
        }),
        keepDialling({
          peers: bootstrap,
          isConnected: (peer) => host.isConnected(peer),
          dial: ({ address }, signal) => host.dial(address.toString(), signal),
          missed,
          clock,
          random,
        }),
        joinKnownPeers({
          node,
          book,
          host,
          bootstrap,
          signal: stopping.signal,
          missed,
          hearNeighbors: parts.hearNeighbors,
          log,
        }),
      );
    },
  };
}

/** Waits for `promise`, whatever it brings, at most `timeoutMs`: a peer that does not answer may hold a graceful close. */
async function bounded(promise: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(timeoutMs, resolve);
  await Promise.race([Promise.allSettled([promise]), timeout]);
  cancel();
}

function withPeer(address: string, peer: PeerIdText): string {
  return address.includes("/p2p/") ? address : `${address}/p2p/${peer}`;
}
