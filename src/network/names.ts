/**
 * Protocol ids and topics. Nodes of a network with a name of its own share neither DHT nor gossip with other networks: the
 * name is mixed into the DHT's protocol id and into the topic. The stream protocols need no such thing, for every card and
 * every Hello says its network and is refused elsewhere.
 */
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";

export const defaultNetwork = "errand";

/** Throws `InvalidConfig`: the name becomes part of protocol ids. */
export function checkNetworkName(name: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) return name;
  throw new ErrandError("InvalidConfig", `"${name.slice(0, 64)}" is not a network name`, {
    hint: "Use 1 to 32 lower-case letters, digits and dashes.",
  });
}

export function dhtProtocol(network: string): string {
  return network === defaultNetwork ? "/errand/kad/1.0.0" : `/errand/${network}/kad/1.0.0`;
}

/** The network of a peer that speaks `protocols`; undefined when it takes no part in a DHT of ours. */
export function networkOf(protocols: Iterable<string>): string | undefined {
  for (const protocol of protocols) {
    const match = /^\/errand\/(?:([a-z0-9-]+)\/)?kad\/1\.0\.0$/.exec(protocol);
    if (match !== null) return match[1] ?? defaultNetwork;
  }
  return undefined;
}

/** Why nothing follows from a connection with a peer of another network, for who made it. */
export function otherNetwork(peer: PeerIdText, theirs: string, ours: string): ErrandError {
  return new ErrandError("PeerUnreachable", `${peer} is of the network "${theirs}", this node of "${ours}"`, {
    hint: "Start both with the same --network: nodes of different networks do not see each other.",
    retryable: false,
  });
}

export function cardTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/cards" : `errand/1/${network}/cards`;
}

export function attestationTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/attestations" : `errand/1/${network}/attestations`;
}

export function alarmTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/alarms" : `errand/1/${network}/alarms`;
}
