/**
 * Holds on to the bootstrap peers for ever: whoever is not connected is dialled again every ten seconds or so. libp2p gives
 * up after some retries, and a node whose only link was the bootstrap peer would stay alone after that peer's restart.
 */
import type { Clock, Random } from "../core/clock.ts";
import { toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { BootstrapPeer } from "./addresses.ts";

export interface RedialOptions {
  peers: readonly BootstrapPeer[];
  isConnected(peer: string): boolean;
  /** Rejects when the peer is away, after `limits.dialTimeoutMs` at most. */
  dial(target: BootstrapPeer, signal: AbortSignal): Promise<unknown>;
  missed(peer: PeerIdText, error: unknown): void;
  clock: Clock;
  random: Random;
}

/** Between 80 % and 120 % of the interval, so that nodes that lost the same peer do not come back in step. */
export function redialDelayMs(random: Random): number {
  return limits.redialMs * (0.8 + 0.4 * random());
}

/** Starts the timer; the returned function stops it and the dials under way. */
export function keepDialling(options: RedialOptions): () => void {
  const { peers, clock, random } = options;
  if (peers.length === 0) return () => {};
  const stopping = new AbortController();
  let cancel = (): void => {};
  const round = async (): Promise<void> => {
    const { signal } = stopping;
    const missing = peers.filter(({ peer }) => !options.isConnected(peer));
    await Promise.all(
      missing.map((target) =>
        options.dial(target, signal).catch((error: unknown) => {
          if (!signal.aborted) options.missed(target.peer, error);
        }),
      ),
    );
    if (!signal.aborted) arm();
  };
  const arm = (): void => {
    cancel = clock.after(redialDelayMs(random), () => void round());
  };
  arm();
  return () => {
    stopping.abort();
    cancel();
  };
}

/**
 * Who is not reached, for the operator: a node that cannot join says nothing else. Each bootstrap peer once, with the reason,
 * until it has been reached again; others are nobody's business.
 */
export function createMissedReport(
  bootstrap: readonly BootstrapPeer[],
  log: Log,
): { missed(peer: PeerIdText, error: unknown): void; reached(peer: PeerIdText): void } {
  const named = new Set(bootstrap.map(({ peer }) => peer));
  const told = new Set<PeerIdText>();
  return {
    missed(peer, error) {
      const { message, hint } = toErrandError(error);
      if (!named.has(peer) || told.has(peer)) log.debug({ peer, error: message }, "peer not reached");
      else log.warn({ peer, error: message, hint }, "a bootstrap peer is not reached; it is tried again");
      if (named.has(peer)) told.add(peer);
    },
    reached(peer) {
      if (told.delete(peer)) log.warn({ peer }, "the bootstrap peer is reached");
    },
  };
}
