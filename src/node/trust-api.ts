/** Trust for its users: the router's numbers, what was signed, and the operator's word in one view. */
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Attestation } from "../network/attestation.ts";
import type { Router } from "../routing/router.ts";
import type { Store } from "../storage/store.ts";
import type { Peers } from "./peers.ts";
import type { Standing } from "./standing.ts";
import { exportTrust, importTrust } from "./trust-transfer.ts";
import type { AttestationView, TrustApi, TrustOverview, TrustPeerView } from "./trust-views.ts";
import type { AssembledTrust } from "./trust.ts";

export interface TrustApiOptions {
  self: PeerIdText;
  networkName: string;
  trust: AssembledTrust;
  router: Router;
  standing: Standing;
  peers: Peers;
  store: Store;
  clock: Clock;
}

export function createTrustApi(options: TrustApiOptions): TrustApi {
  const { self, trust, router, peers, clock } = options;
  const { book } = trust.network;

  const alarms = (): Map<PeerIdText, TrustPeerView["alarms"]> => {
    const byPeer = new Map<PeerIdText, TrustPeerView["alarms"]>();
    for (const { peer, skill, reporter, until } of trust.network.alarmsInForce()) {
      if (until <= clock.now()) continue;
      const alarm = { skill, reporter, until: new Date(until).toISOString() };
      byPeer.set(peer, [...(byPeer.get(peer) ?? []), alarm]);
    }
    return byPeer;
  };

  const said = (issuer: PeerIdText): AttestationView | null => {
    const held = book.get(issuer);
    return held === undefined ? null : viewOf(held.attestation);
  };

  function overview(): TrustOverview {
    const { nodes } = router.trustGraph(clock.now());
    const weights = new Map(nodes.map(({ peer, weight }) => [peer, weight]));
    const all = new Set([...peers.api.list().map(({ id }) => id), ...weights.keys()]);
    all.delete(self);
    const raised = alarms();
    const views = Array.from(all, (peer): TrustPeerView => {
      const { name, pinned, blocked } = peers.view(peer);
      const { own, posterior, credibility, equivocated } = router.explainTrust(peer, undefined, clock.now());
      const { mean, lower, reliability } = posterior;
      return {
        peer,
        name,
        trust: { mean, lower, good: own.good, bad: own.bad, reliability },
        credibility,
        weight: weights.get(peer) ?? 0,
        pinned,
        blocked,
        equivocated,
        alarms: raised.get(peer) ?? [],
        attestation: said(peer),
      };
    });
    const own = book.get(self)?.attestation;
    return {
      peers: views.toSorted((a, b) => b.trust.lower - a.trust.lower || (a.peer < b.peer ? -1 : 1)),
      own:
        own === undefined
          ? null
          : {
              ...viewOf(own),
              about: own.claims.map(({ subject, skill, pos, neg }) => ({ subject, skill, pos, neg })),
            },
      withheld: [...trust.withheld],
      held: { issuers: book.size, claims: book.claims, silenced: [...book.proofs()].length },
    };
  }

  return {
    overview,
    explain(id, skill) {
      const peer = peers.resolve(id, true);
      if (peer === self)
        throw new ErrandError("InvalidInput", "this node trusts itself: there is nothing to explain");
      const { name, blocked } = peers.view(peer);
      return {
        ...router.explainTrust(peer, skill, clock.now()),
        name,
        blocked,
        alarms: alarms().get(peer) ?? [],
        attestation: said(peer),
      };
    },
    graph(most = limits.trustGraphNodes) {
      const { nodes, ...rest } = router.trustGraph(clock.now(), most);
      return {
        ...rest,
        nodes: nodes.map((node) => Object.assign(node, { name: peers.view(node.peer).name })),
      };
    },
    export: () => exportTrust(options),
    import: (given, how) => importTrust(options, given, how),
    async revoke(ids, { undo }) {
      const subjects = ids.map((id) => (id === "*" ? id : peers.resolve(id, true)));
      await trust.withhold(subjects, !undo);
      return overview();
    },
    watch: (signal) => trust.changes.watch(signal),
  };
}

function viewOf({ seq, issuedAt, expiresAt, claims }: Attestation): AttestationView {
  return {
    seq,
    issuedAt: new Date(issuedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    claims: claims.length,
  };
}
