/**
 * Protocol ids and topics. Nodes of a network with a name of its own share neither DHT nor gossip with other networks: the
 * name is mixed into the DHT's protocol id and into the topic. The stream protocols need no such thing, for every card and
 * every Hello says its network and is refused elsewhere.
 */
import { ErrandError } from "../core/errors.ts";

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

export function cardTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/cards" : `errand/1/${network}/cards`;
}

export function attestationTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/attestations" : `errand/1/${network}/attestations`;
}

export function alarmTopic(network: string): string {
  return network === defaultNetwork ? "errand/1/alarms" : `errand/1/${network}/alarms`;
}
