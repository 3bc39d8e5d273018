/** Reaching a peer: dialling with a time limit and a clear error, streams over what is open, and the addresses known. */
import type { Connection, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { AddressBook } from "./address-book.ts";
import { parseAddress, parseTarget, toPeerId } from "./addresses.ts";
import type { BlockList } from "./block-list.ts";
import { dialError } from "./libp2p-errors.ts";
import type { Libp2pNode } from "./libp2p-node.ts";
import type { PeerTable } from "./peer-table.ts";

export interface Dialling {
  dial(target: string, signal: AbortSignal): Promise<PeerIdText>;
  newStream(peer: PeerIdText, protocol: string, signal: AbortSignal): Promise<Stream>;
  openConnections(peer: PeerIdText): Connection[];
  addressesOf(peer: PeerIdText): Promise<string[]>;
  learnAddresses(peer: PeerIdText, addresses: readonly string[]): Promise<void>;
}

export function createDialling(options: {
  node: Libp2pNode;
  blocked: BlockList;
  table: PeerTable;
  book: AddressBook;
  /** Aborted when the host stops. */
  stopping: AbortSignal;
}): Dialling {
  const { node, blocked, table, book, stopping } = options;

  const openConnections = (peer: PeerIdText): Connection[] => {
    const id = toPeerId(peer);
    return id === undefined ? [] : node.getConnections(id).filter(({ status }) => status === "open");
  };

  async function connect(target: string, signal: AbortSignal): Promise<Connection> {
    const { peer, address } = parseTarget(target);
    if (peer === node.peerId.toString()) {
      throw new ErrandError("InvalidInput", "that is this node itself");
    }
    if (peer !== undefined && blocked.has(peer)) {
      throw new ErrandError("Unauthorized", `${peer} is blocked by this node`, {
        hint: `\`errand peer unblock ${peer}\` takes that back.`,
      });
    }
    const limited = AbortSignal.any([signal, stopping, AbortSignal.timeout(limits.dialTimeoutMs)]);
    try {
      const connection = await node.dial(address ?? peerIdFromString(peer as string), { signal: limited });
      // One that refuses us closes only after the handshake: a dial has succeeded when the peer has said who it is.
      await table.identified(connection, limited);
      return connection;
    } catch (error) {
      signal.throwIfAborted();
      throw dialError(error, target);
    }
  }

  return {
    openConnections,
    dial: async (target, signal) => (await connect(target, signal)).remotePeer.toString(),
    async newStream(peer, protocol, signal) {
      const connection = openConnections(peer)[0] ?? (await connect(peer, signal));
      try {
        return await connection.newStream(protocol, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(limits.dialTimeoutMs)]),
        });
      } catch (error) {
        signal.throwIfAborted();
        throw dialError(error, peer);
      }
    },
    async addressesOf(peer) {
      const id = toPeerId(peer);
      const known = id === undefined ? undefined : await node.peerStore.get(id).catch(() => undefined);
      const stored = known?.addresses.map(({ multiaddr }) => multiaddr.toString()) ?? [];
      return stored.length > 0 ? stored : [...book.addressesOf(peer)];
    },
    async learnAddresses(peer, addresses) {
      const multiaddrs = addresses.slice(0, limits.addressesPerPeer).flatMap((text) => {
        try {
          return [parseAddress(text)];
        } catch {
          return [];
        }
      });
      const id = toPeerId(peer);
      if (id !== undefined && multiaddrs.length > 0) await node.peerStore.merge(id, { multiaddrs });
    },
  };
}
