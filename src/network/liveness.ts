/**
 * Weeds the directory of peers that are gone. A connection that ends without a goodbye makes its peer a suspect, and so does a
 * card that does not come when it should: the peer is dialled, and forgotten if it cannot be reached. Together with the
 * connection monitor a killed peer is out in milliseconds, one behind a cut cable within ten seconds, and one that was never
 * connected within its own interval and a dial.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { CardTable } from "./card-table.ts";
import type { Host } from "./host.ts";

export interface Liveness {
  /** Whether the peer can be reached; dials if it is not connected. Forgets it if not. Calls for one peer share one dial. */
  verify(peer: PeerIdText): Promise<boolean>;
  /** Heard of lately or connected, or reached now. */
  isThere(peer: PeerIdText): boolean | Promise<boolean>;
  /** Begins to watch; the returned function ends it. */
  start(): () => void;
}

const sweepMs = 5_000;
// Dials at once for peers that nobody is waiting for.
const backgroundDials = 4;

export function createLiveness(options: {
  host: Host;
  table: CardTable;
  clock: Clock;
  signal: AbortSignal;
  log: Log;
}): Liveness {
  const { host, table, clock, signal, log } = options;
  const running = new Map<PeerIdText, Promise<boolean>>();

  const reach = async (peer: PeerIdText): Promise<boolean> => {
    const known = table.get(peer);
    if (known === undefined) return false;
    try {
      await host.learnAddresses(peer, known.card.addresses);
      await host.dial(peer, signal);
      table.touch(peer);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      table.forget(peer);
      log.info({ peer, reason: String(error) }, "peer is gone");
      return false;
    } finally {
      running.delete(peer);
    }
  };

  const verify = (peer: PeerIdText): Promise<boolean> => {
    const under = running.get(peer);
    if (under !== undefined) return under;
    const started = reach(peer);
    running.set(peer, started);
    return started;
  };

  const onDisconnected = (peer: PeerIdText): void => {
    if (table.get(peer) === undefined) return;
    // Near the bound libp2p closes connections by itself; dialling back would only have others closed. Silence decides then.
    if (host.peers().length > 0.8 * limits.connections) return;
    table.suspect(peer);
    void verify(peer);
  };

  const sweep = (): void => {
    table.expire();
    for (const peer of table.overdue()) {
      if (host.isConnected(peer)) table.touch(peer);
      else if (running.size < backgroundDials) void verify(peer);
    }
  };

  return {
    verify,
    isThere(peer) {
      const known = table.get(peer);
      if (known === undefined) return false;
      const silentMs = clock.monotonic() - known.heardAt;
      const sure = host.isConnected(peer) || (silentMs <= limits.cardSilenceMs && !table.isSuspect(peer));
      return sure || verify(peer);
    },
    start() {
      const stopWatching = host.onPeer({
        // It is there: a suspect that came back by itself.
        identified: (peer) => table.touch(peer),
        disconnected: onDisconnected,
      });
      let cancel = clock.after(sweepMs, function again() {
        sweep();
        cancel = clock.after(sweepMs, again);
      });
      return () => {
        cancel();
        stopWatching();
      };
    },
  };
}
