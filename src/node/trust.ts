/**
 * Trust put together: what peers say of peers goes from the network to the router, what this node has to say from the router to the
 * network, and the operator's pins and blocks to both. Wires and decides nothing, as `engine.ts`.
 */
import type { PeerIdText } from "../core/ids.ts";
import { createTrustNetwork, type TrustNetwork } from "../network/trust.ts";
import type { Network } from "../network/network.ts";
import type { Router } from "../routing/router.ts";
import { loadWithheld, saveWithheld } from "../storage/attestations.ts";
import type { EvidenceRow } from "../storage/evidence.ts";
import type { Ground, Surroundings } from "./ground.ts";
import type { Standing } from "./standing.ts";
import { attestationStore } from "./stores.ts";
import { createTrustChanges, type TrustChanges } from "./trust-changes.ts";

export interface TrustParts extends Surroundings {
  ground: Ground;
  network: Network;
  standing: Standing;
  router: Router;
}

export interface AssembledTrust extends Pick<
  TrustNetwork,
  "raiseAlarm" | "counters" | "serve" | "start" | "stop"
> {
  readonly network: TrustNetwork;
  readonly changes: TrustChanges;
  /** Peers of whom nothing is said; "*" for all. */
  readonly withheld: ReadonlySet<string>;
  /** On disk when it resolves. */
  withhold(subjects: readonly string[], withheld: boolean): Promise<void>;
  /** A row of this node's evidence was saved. */
  changed(row: EvidenceRow): void;
}

/** All that is stored goes into the router before it returns. */
export async function assembleTrust({
  ground,
  network,
  standing,
  router,
  clock,
  random,
  log,
}: TrustParts): Promise<AssembledTrust> {
  const { store, identity } = ground;
  const { host, cards } = network;
  const withheld = new Set(await loadWithheld(store));
  const changes = createTrustChanges();
  router.setPins(standing.pins());
  const isPinned = (peer: PeerIdText): boolean => (standing.pinOf(peer) ?? 0) >= 0.5;

  // What comes from the disk was told when it was found out.
  let loading = true;

  const trust = await createTrustNetwork({
    host,
    signer: identity.signer,
    store: attestationStore(store, identity.peer),
    claims: () => router.claims(clock.now()),
    said: () => router.onSaid(),
    isWithheld: (subject) => withheld.has("*") || withheld.has(subject),
    worth: (issuer) => (isPinned(issuer) ? 2 : router.isHeard(issuer) ? 1 : 0),
    isBlocked: (peer) => standing.isBlocked(peer),
    meshSize: () => [...cards.all()].length + 1,
    heard: {
      attestation: (attestation) => void router.onAttestation(attestation, clock.now()),
      dropped: (issuer) => router.dropIssuer(issuer),
      equivocation({ issuer }) {
        if (!loading)
          log.warn(
            { peer: issuer },
            "a peer signed two attestations under one number; it is not heard any more",
          );
        router.onEquivocation(issuer);
      },
      alarm({ peer, skill, reporter, until }) {
        log.info(
          { peer, skill, reporter },
          "somebody showed a wrong result of a peer; its next ones are checked",
        );
        router.onAlarm(peer, skill, until);
      },
    },
    clock,
    random,
    log,
  });
  loading = false;
  standing.onPolicy((peer) => {
    router.setPins(standing.pins());
    if (standing.isBlocked(peer)) trust.book.forget(peer);
  });

  return {
    network: trust,
    changes,
    withheld,
    raiseAlarm: (fault) => trust.raiseAlarm(fault),
    counters: () => trust.counters(),
    serve: () => trust.serve(),
    start: () => trust.start(),
    stop: () => trust.stop(),
    async withhold(subjects, hold) {
      for (const subject of subjects) {
        if (hold) withheld.add(subject);
        else withheld.delete(subject);
      }
      saveWithheld(store, [...withheld]);
      await store.committed();
      await trust.own.issue();
    },
    changed({ peer, skill, good, bad, reliability }) {
      // The row of first encounters is nobody's.
      if (peer !== "") changes.publish({ event: "TrustChanged", peer, skill, good, bad, reliability });
    },
  };
}
