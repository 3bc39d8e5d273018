/** libp2p's errors, which are many, as the few that a user can act on. */
import { ErrandError, toErrandError } from "../core/errors.ts";

/** An error of starting to listen. */
export function startError(error: unknown): ErrandError {
  const text = error instanceof Error ? error.message : String(error);
  const address = /^\s*(\/\S+): /m.exec(text)?.[1] ?? "the listen address";
  if (text.includes("EADDRINUSE")) {
    return new ErrandError("Conflict", `cannot listen on ${address}: the port is in use`, {
      hint: "Another node may be running (`errand status`); choose another port with --listen, port 0 takes a free one.",
      cause: error,
    });
  }
  if (text.includes("EACCES")) {
    return new ErrandError("InvalidConfig", `cannot listen on ${address}: not permitted`, {
      hint: "Ports below 1024 need privileges; choose a higher one.",
      cause: error,
    });
  }
  if (text.includes("EADDRNOTAVAIL") || text.includes("UnsupportedListenAddress")) {
    return new ErrandError("InvalidConfig", `cannot listen on ${address}: this machine has no such address`, {
      hint: "Use /ip4/0.0.0.0/tcp/PORT for every interface, or /ip4/127.0.0.1/tcp/PORT for this machine alone.",
      cause: error,
    });
  }
  return toErrandError(error);
}

/** An error of dialling `target` or of opening a stream to it. */
export function dialError(error: unknown, target: string): ErrandError {
  if (error instanceof ErrandError) return error;
  if (error instanceof Error && error.name === "UnsupportedProtocolError") {
    return new ErrandError("PeerUnreachable", `${target} does not speak this protocol`, {
      hint: "It may run another version of errand, or be no errand node.",
      retryable: false,
      cause: error,
    });
  }
  const found = new Set(each(error).map(reasonOf));
  const [reason, hint] = reasons.find(([one]) => found.has(one)) ?? [String(error).slice(0, 200)];
  return new ErrandError("PeerUnreachable", `cannot reach ${target}: ${reason}`, {
    hint: hint ?? anyHint,
    cause: error,
  });
}

const anyHint =
  "Check that the node runs, that its address is right, that it has not blocked this node, and that both use the same swarm key or none.";

/** What each address of a peer may answer; of several answers the first of these says most. */
const reasons = [
  [
    "no handshake, as with another swarm key",
    "Give both nodes the same swarm key, or none; and check that it is an Errand node that listens at this address.",
  ],
  ["no answer in time"],
  ["connection refused"],
  ["it closed the connection"],
  ["another node listens there", "Check the address and the PeerId: `errand id` prints that of a node."],
  ["no address is known"],
] as const;
type Reason = (typeof reasons)[number][0];

function each(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors : [error];
}

function reasonOf(error: unknown): Reason | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? String(error.cause) : "";
  const text = `${String(error)} ${cause}`;
  if (text.includes("does not match expected remote identity key")) return "another node listens there";
  // The keys of a private swarm lie around the handshake: under another one, or none, its first bytes make no sense, or are taken
  // for the length of something that never comes.
  if (text.includes("EncryptionFailedError")) return "no handshake, as with another swarm key";
  if (/TimeoutError|AbortError|aborted/.test(text)) return "no answer in time";
  if (text.includes("ECONNREFUSED")) return "connection refused";
  if (/no valid addresses|NoValidAddresses/.test(text)) return "no address is known";
  return /ECONNRESET|closed|reset|Unexpected end|invalid/i.test(text)
    ? "it closed the connection"
    : undefined;
}

/**
 * Whether a failed dial says that the peer runs no more: at every address the connection was refused, or taken by somebody else
 * (at its loopback address that is mostly this node itself). A cut cable or a host that is down gives no answer instead, and may
 * come back with all it was running.
 */
export function isGone(error: unknown): boolean {
  const all = each(error instanceof ErrandError ? error.cause : error).map(reasonOf);
  return (
    all.length > 0 &&
    all.every((reason) => reason === "connection refused" || reason === "another node listens there")
  );
}
