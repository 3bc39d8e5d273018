/** libp2p's errors, which are many, as the few that a user can act on. */
import { ErrandError, toErrandError } from "../core/errors.ts";

/** An error of starting to listen. */
export function startError(error: unknown): ErrandError {
  const text = error instanceof Error ? error.message : String(error);
  const address = /^\s*(\/\S+): /m.exec(text)?.[1] ?? "the listen address";
  if (text.includes("EADDRINUSE")) {
    return new ErrandError("InvalidConfig", `cannot listen on ${address}: the port is in use`, {
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
  const name = error instanceof Error ? error.name : "";
  const all = error instanceof AggregateError ? error.errors.map(String).join("; ") : String(error);
  if (name === "UnsupportedProtocolError") {
    return new ErrandError("PeerUnreachable", `${target} does not speak this protocol`, {
      hint: "It may run another version of errand, or be no errand node.",
      retryable: false,
      cause: error,
    });
  }
  // The keys of a private swarm lie around the handshake: with another one, or none, its first bytes make no sense.
  if (name === "EncryptionFailedError" || all.includes("EncryptionFailedError")) {
    return new ErrandError(
      "PeerUnreachable",
      `cannot reach ${target}: no handshake, as with another swarm key`,
      {
        hint: "Give both nodes the same swarm key, or none; and check that it is an Errand node that listens at this address.",
        cause: error,
      },
    );
  }
  const reason = /TimeoutError|AbortError/.test(`${name} ${all}`)
    ? "no answer in time"
    : all.includes("ECONNREFUSED")
      ? "connection refused"
      : /ECONNRESET|closed|reset|Unexpected end|invalid/i.test(all)
        ? "it closed the connection"
        : all.includes("no valid addresses") || all.includes("NoValidAddresses")
          ? "no address is known"
          : all.slice(0, 200);
  return new ErrandError("PeerUnreachable", `cannot reach ${target}: ${reason}`, {
    hint: "Check that the node runs, that its address is right, that it has not blocked this node, and that both use the same swarm key or none.",
    cause: error,
  });
}

/**
 * Whether a failed dial says that nobody listens there any more: every address refused the connection. A cut cable or a
 * host that is down gives no answer instead, and may come back with all it was running.
 */
export function isGone(error: unknown): boolean {
  const cause = error instanceof ErrandError ? error.cause : error;
  const all: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return (
    all.length > 0 &&
    all.every(
      (one) =>
        String(one).includes("ECONNREFUSED") ||
        (one instanceof Error && String(one.cause).includes("ECONNREFUSED")),
    )
  );
}
