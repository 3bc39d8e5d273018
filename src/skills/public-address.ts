/**
 * Which addresses a skill may connect to on behalf of strangers: unicast ones of the public internet, and what the
 * operator lists. Everything else (this machine, its network, cloud metadata services) would let a peer reach through
 * this node into places that trust it.
 */
import ipaddr from "ipaddr.js";

export interface AddressRules {
  /** Whether the operator lists this host, so that whatever it resolves to is allowed. */
  allowsHost(host: string, port: number): boolean;
  /** Whether an IP address, as text, may be connected to. */
  allowsAddress(address: string, port: number): boolean;
}

/** Exceptions: `host`, `host:port`, an address, `[address]:port` or a CIDR range. Throws `TypeError` for anything else. */
export function createAddressRules(exceptions: readonly string[]): AddressRules {
  const hosts: { host: string; port: number | undefined }[] = [];
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const text of exceptions) {
    if (ipaddr.isValidCIDR(text)) ranges.push(ipaddr.parseCIDR(text));
    else hosts.push(parseHost(text));
  }
  const listed = (name: string, port: number): boolean =>
    hosts.some((entry) => entry.host === name && (entry.port === undefined || entry.port === port));
  return {
    allowsHost: (host, port) => listed(host.toLowerCase(), port),
    allowsAddress(text, port) {
      if (!ipaddr.isValid(text)) return false;
      // `process` reads ::ffff:127.0.0.1 as the 127.0.0.1 that the system would connect to.
      const address = ipaddr.process(text);
      if (isPublic(address) || listed(address.toString(), port)) return true;
      return ranges.some(
        ([base, bits]) => base.kind() === address.kind() && address.match([base, bits] as never),
      );
    },
  };
}

// IANA has given out 2000::/3 alone as global unicast; ipaddr.js calls whatever it does not know unicast.
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || (address as ipaddr.IPv6).match(globalUnicast);
}

function parseHost(text: string): { host: string; port: number | undefined } {
  if (ipaddr.isValid(text)) return { host: ipaddr.process(text).toString(), port: undefined };
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  if (found === null) throw new TypeError(`"${text}" is no host, address or CIDR range`);
  const host = (found[1] ?? found[2] ?? "").toLowerCase();
  return {
    host: ipaddr.isValid(host) ? ipaddr.process(host).toString() : host,
    port: found[3] === undefined ? undefined : Number(found[3]),
  };
}
