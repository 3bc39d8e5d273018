/** Peers as the API shows them: card, connection, the operator's word and the router's measurements in one view. */
import { ErrandError } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";
import { publicKeyOfPeer, type PeerIdText } from "../core/ids.ts";
import type { CardDirectory } from "../network/card.ts";
import type { Host } from "../network/host.ts";
import { otherNetwork } from "../network/names.ts";
import type { Router } from "../routing/router.ts";
import type { ErrandNode, PeerView } from "./node.ts";
import type { FaultView } from "../tasks/verification/faults.ts";
import type { Standing } from "./standing.ts";

export interface PeersOptions {
  self: PeerIdText;
  host: Host;
  directory: CardDirectory;
  standing: Standing;
  router: Router;
  clock: Clock;
  faults(peer: PeerIdText): Promise<FaultView[]>;
}

export interface Peers {
  api: ErrandNode["peers"];
  view(peer: PeerIdText): PeerView;
  /** The full id of a possibly shortened one; with `strangersToo` also of a peer never heard of. Throws `NotFound`, `Ambiguous`. */
  resolve(id: string, strangersToo?: boolean): PeerIdText;
}

/** What is no PeerId, nor a part of one, is an address, however it is written. */
function isAddress(target: string): boolean {
  return /[^1-9A-HJ-NP-Za-km-z…]/.test(target);
}

export function createPeers({ self, host, directory, standing, router, clock, faults }: PeersOptions): Peers {
  function known(): Set<PeerIdText> {
    const all = new Set([...host.peers(), ...standing.pins().keys(), ...standing.blocked()]);
    for (const { card } of directory.all()) all.add(card.peer);
    all.delete(self);
    return all;
  }

  function view(peer: PeerIdText): PeerView {
    const entry = directory.get(peer);
    const card = entry?.card;
    const now = clock.monotonic();
    const { mean, lower, good, bad, reliability } = router.trustOf(peer, now, standing.pinOf(peer));
    const connected = host.isConnected(peer);
    return {
      id: peer,
      name: card?.name ?? "",
      connected,
      addresses: card?.addresses ?? [],
      role: card?.role ?? "",
      tags: card?.tags ?? [],
      skills: card?.skills.map((skill) => skill.id) ?? [],
      load: card?.load ?? null,
      resources: card?.resources ?? null,
      tiers: card?.tiers ?? [],
      agent: card === undefined ? "" : `${card.agent.name}/${card.agent.version}`,
      rttMs: host.rttMs(peer) ?? null,
      pinned: standing.pinOf(peer) ?? null,
      blocked: standing.isBlocked(peer),
      trust: { mean, lower, good, bad, reliability },
      lastSeenMs: connected ? 0 : entry === undefined ? null : now - entry.heardAt,
    };
  }

  /** The full id of a possibly shortened one: its beginning or, since they all begin alike, its end. */
  function resolve(id: string, strangersToo = false): PeerIdText {
    if (publicKeyOfPeer(id) !== undefined && (strangersToo || known().has(id))) return id;
    const text = id.replace(/^…/, "");
    const matches = [...known()].filter(
      (peer) => text.length >= 4 && (peer.endsWith(text) || peer.startsWith(text)),
    );
    if (matches.length === 1) return matches[0] as PeerIdText;
    if (matches.length > 1) {
      throw new ErrandError("Ambiguous", `"${id}" fits ${matches.length} peers`, {
        hint: "Give more characters of the id's end.",
        details: { ids: matches.slice(0, 10) },
      });
    }
    throw new ErrandError("NotFound", `no known peer has the id "${id.slice(0, 80)}"`, {
      hint: "`errand peer list` shows the peers that are known; at least four characters of an id's end are needed.",
    });
  }

  return {
    view,
    resolve,
    api: {
      list: () =>
        [...known()]
          .map(view)
          .toSorted(
            (a, b) =>
              Number(b.connected) - Number(a.connected) ||
              a.name.localeCompare(b.name) ||
              a.id.localeCompare(b.id),
          ),
      get: (id) => view(resolve(id)),
      async connect(target, signal) {
        const peer = await host.dial(isAddress(target) ? target : resolve(target, true), signal);
        const theirs = host.networkOf(peer);
        if (theirs !== undefined && theirs !== host.network) throw otherNetwork(peer, theirs, host.network);
        // The card comes with the connection; a peer without one is a peer all the same.
        await directory
          .fetch(peer, AbortSignal.any([signal, AbortSignal.timeout(2_000)]))
          .catch(() => undefined);
        return view(peer);
      },
      async pin(id, trust) {
        if (trust !== null && !(trust >= 0 && trust <= 1))
          throw new ErrandError("InvalidInput", "trust must be a number from 0 to 1");
        const peer = resolve(id, true);
        await standing.pin(peer, trust);
        return view(peer);
      },
      async block(id) {
        const peer = resolve(id, true);
        if (peer === self) throw new ErrandError("InvalidInput", "a node cannot block itself");
        await standing.block(peer, true);
        return view(peer);
      },
      faults: async (id) => faults(resolve(id, true)),
      async unblock(id) {
        const peer = resolve(id, true);
        await standing.block(peer, false);
        return view(peer);
      },
    },
  };
}
