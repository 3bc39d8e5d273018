/** Multiaddrs as people write them: checked before libp2p sees them, with errors that say what to change. */
import type { PeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { ErrandError, type ErrorCode } from "../core/errors.ts";
import { publicKeyOfPeer, type PeerIdText } from "../core/ids.ts";

const example = "/ip4/127.0.0.1/tcp/4781";
const longestAddress = 512;

/** Throws `code` if `text` is not a multiaddr. */
export function parseAddress(text: string, code: ErrorCode = "InvalidInput"): Multiaddr {
  try {
    if (text.length > longestAddress) throw new Error("too long");
    const address = multiaddr(text);
    if (address.getComponents().length === 0) throw new Error("empty");
    return address;
  } catch (cause) {
    throw new ErrandError(code, `"${text.slice(0, 100)}" is not a multiaddr`, {
      hint: `Write it like ${example} or ${example}/p2p/12D3KooW….`,
      cause,
    });
  }
}

/** The peer an address ends at (the last /p2p part, so that a relay's own id is not taken), if it names one. */
export function peerOfAddress(address: Multiaddr): PeerIdText | undefined {
  return address.getComponents().findLast(({ name }) => name === "p2p")?.value;
}

/** Addresses to listen on: TCP or WebSocket over TCP. Throws `InvalidConfig`. */
export function checkListen(texts: readonly string[]): string[] {
  return texts.map((text) => {
    const names = parseAddress(text, "InvalidConfig")
      .getComponents()
      .map(({ name }) => name);
    const shape = names.filter((name) => name !== "ip6zone").join("/");
    if (!/^(ip4|ip6)\/tcp(\/ws)?$/.test(shape)) {
      throw new ErrandError("InvalidConfig", `cannot listen on "${text}"`, {
        hint: `Listen on an IP address and a TCP port, such as ${example} or ${example}/ws.`,
      });
    }
    return text;
  });
}

/** Addresses that other nodes are told. Throws `InvalidConfig`. */
export function checkAnnounce(texts: readonly string[]): string[] {
  return texts.map((text) => parseAddress(text, "InvalidConfig").toString());
}

export interface BootstrapPeer {
  peer: PeerIdText;
  address: Multiaddr;
}

/** Bootstrap peers must name the PeerId, or whoever answers at the address would be believed. Throws `InvalidConfig`. */
export function checkBootstrap(texts: readonly string[]): BootstrapPeer[] {
  return texts.map((text) => {
    const address = parseAddress(text, "InvalidConfig");
    const peer = peerOfAddress(address);
    if (peer === undefined || !isPeerId(peer)) {
      throw new ErrandError("InvalidConfig", `the bootstrap address "${text}" does not name its peer`, {
        hint: `Append the PeerId that \`errand id\` prints there: ${text.replace(/\/p2p\/.*$/, "")}/p2p/12D3KooW….`,
      });
    }
    return { peer, address };
  });
}

/** Whether `text` is a PeerId of an Ed25519 key: the only kind that Errand nodes have. */
export function isPeerId(text: string): boolean {
  return publicKeyOfPeer(text) !== undefined;
}

/** libp2p's form of a PeerId, or undefined if `text` is none. */
export function toPeerId(text: PeerIdText): PeerId | undefined {
  return isPeerId(text) ? peerIdFromString(text) : undefined;
}

/** What to dial: a multiaddr, or a PeerId whose addresses are known or can be found. Throws `InvalidInput`. */
export function parseTarget(text: string): { peer: PeerIdText | undefined; address: Multiaddr | undefined } {
  if (!text.startsWith("/")) {
    if (isPeerId(text)) return { peer: text, address: undefined };
    throw new ErrandError("InvalidInput", `"${text.slice(0, 100)}" is neither a multiaddr nor a PeerId`, {
      hint: `Write an address like ${example}/p2p/12D3KooW…, or a PeerId.`,
    });
  }
  const address = parseAddress(text);
  const peer = peerOfAddress(address);
  if (peer !== undefined && !isPeerId(peer)) {
    throw new ErrandError("InvalidInput", `"${peer.slice(0, 100)}" is not the PeerId of an Ed25519 key`);
  }
  return { peer, address };
}
