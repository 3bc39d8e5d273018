/**
 * Exchanges cards with each peer as it connects: the side that dialled asks, and tells its own card on the way, so one round
 * trip brings a newcomer the whole directory and its peer the newcomer.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Host } from "./host.ts";
import { askForCards, cardProtocol } from "./protocols/card.ts";

export interface CardSync {
  /** The peer's card, and up to `known` that it knows, through `heard`. Throws `PeerUnreachable` or the signal's reason. */
  ask(peer: PeerIdText, known: number, signal: AbortSignal): Promise<void>;
  /** Begins with the peers that connect from now on; the returned function ends it. */
  start(): () => void;
}

// The first few peers are asked for all they know, the later ones for their own card alone: gossip has the rest by then.
const fullSyncs = 3;
const fullAgainMs = 300_000;
// A peer that dialled us speaks first; if it does not, we do.
const passiveMs = 2_000;

export function createCardSync(options: {
  host: Host;
  /** This node's signed card. */
  own: () => Uint8Array;
  /** A signed card, unchecked, that came over `peer`'s connection. */
  heard: (signed: Uint8Array, peer: PeerIdText) => void;
  isKnown: (peer: PeerIdText) => boolean;
  clock: Clock;
  /** Aborted when the node stops. */
  stopping: AbortSignal;
  log: Log;
}): CardSync {
  const { host, clock, stopping, log } = options;
  let done = 0;
  let lastFull = -Infinity;

  async function ask(peer: PeerIdText, known: number, signal: AbortSignal): Promise<void> {
    const limited = AbortSignal.any([signal, stopping]);
    const answer = await askForCards(host, peer, { own: options.own(), known }, limited);
    if (answer.own !== undefined) options.heard(answer.own, peer);
    for (const signed of answer.known) options.heard(signed, peer);
  }

  async function sync(peer: PeerIdText): Promise<void> {
    const now = clock.monotonic();
    const full = done < fullSyncs || now - lastFull > fullAgainMs;
    if (full) {
      done++;
      lastFull = now;
    }
    try {
      await ask(peer, full ? limits.cardsPerSync : 0, stopping);
    } catch (error) {
      // What brought nothing does not count, or three dead peers would leave us without a directory.
      if (full) done--;
      log.debug({ peer, error: String(error) }, "no cards from peer");
    }
  }

  return {
    ask,
    start() {
      const waiting = new Set<() => void>();
      const stopWatching = host.onPeer({
        identified(peer) {
          if (!host.speaks(peer, cardProtocol)) return;
          if (host.dialled(peer)) {
            void sync(peer);
            return;
          }
          const cancel = clock.after(passiveMs, () => {
            waiting.delete(cancel);
            if (!options.isKnown(peer) && host.isConnected(peer)) void sync(peer);
          });
          waiting.add(cancel);
        },
      });
      return () => {
        stopWatching();
        for (const cancel of waiting) cancel();
      };
    },
  };
}
