/**
 * Holds on to the bootstrap peers for ever: whoever is not connected is dialled again every ten seconds or so. libp2p gives
 * up after some retries, and a node whose only link was the bootstrap peer would stay alone after that peer's restart.
 */
import type { Clock, Random } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { BootstrapPeer } from "./addresses.ts";

export interface RedialOptions {
  peers: readonly BootstrapPeer[];
  isConnected(peer: string): boolean;
  /** Rejects when the peer is away; the error is of no further use. */
  dial(target: BootstrapPeer, signal: AbortSignal): Promise<unknown>;
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
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(limits.dialTimeoutMs)]);
    const missing = peers.filter(({ peer }) => !options.isConnected(peer));
    await Promise.allSettled(missing.map((target) => options.dial(target, signal)));
    if (!stopping.signal.aborted) arm();
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
