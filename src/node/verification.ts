/** Verification put together: what it asks, whom it tells, and what it keeps. Wires and decides nothing, as `engine.ts`. */
import { limits } from "../core/limits.ts";
import type { FaultProof } from "../network/contradiction.ts";
import type { Network } from "../network/network.ts";
import type { Router } from "../routing/router.ts";
import type { BlobAccess } from "../tasks/blob-access.ts";
import type { Home } from "../tasks/home.ts";
import type { TaskTable } from "../tasks/table.ts";
import { createAsking } from "../tasks/verification/asking.ts";
import { createCanaries } from "../tasks/verification/canaries.ts";
import { createFaults } from "../tasks/verification/faults.ts";
import { createLedger } from "../tasks/verification/ledger.ts";
import { createOthers } from "../tasks/verification/others.ts";
import type { TrustSource } from "../tasks/verification/blame.ts";
import { createVerification } from "../tasks/verification/verification.ts";
import type { VerificationConfig } from "./checking.ts";
import type { Ground, Surroundings } from "./ground.ts";
import type { Standing } from "./standing.ts";

export interface VerificationParts extends Surroundings {
  settings: VerificationConfig;
  ground: Ground;
  network: Network;
  standing: Standing;
  router: Router;
  table: TaskTable;
  blobs: BlobAccess;
  /** The operator's function. */
  custom: ((result: unknown) => Promise<unknown>) | undefined;
  /** Where checks are submitted: without the operator's hook, which is asked about tasks of users. */
  home(): Pick<Home, "submit" | "cancel">;
  /** Tells other nodes of a result that its worker signed and that is wrong. */
  spread?(proof: FaultProof): void;
}

export function assembleVerification(parts: VerificationParts) {
  const { settings, ground, network, standing, router, table, clock, random, log } = parts;
  const { store, worker } = ground;
  const self = ground.identity.peer;
  const { cards: directory, host } = network;
  const trust: TrustSource = {
    probability: (peer, skill) => router.verifyProbability(peer, skill, clock.now()),
    vouches: (a, b) => router.vouches(a, b),
    verdict(peer, skill, verdict, reason, taskId) {
      if (verdict === "good") router.onUnproved(peer, skill, clock.now());
      else router.onVerdict(peer, skill, verdict === "grounded", { reason, taskId }, clock.now());
    },
    rated: (peer, skill, rating) => router.onRated(peer, skill, rating),
    // As an alarm of another node would.
    suspect: (peer, skill) => router.onAlarm(peer, skill, clock.now() + limits.alarmForcesMs),
  };
  const { anchorPin, ...rest } = settings;
  const others = createOthers({ self, worker, directory, standing, vouches: trust.vouches, anchorPin });
  const asking = createAsking({
    store,
    table,
    clock,
    submit: (submission) => parts.home().submit(submission),
    cancel: (id, reason) => parts.home().cancel(id, reason),
  });
  const { spread } = parts;
  const faults = createFaults({
    self,
    network: host.network,
    store,
    ...(spread !== undefined && { spread }),
  });
  const ledger = createLedger(store, log);
  const canaries = createCanaries({
    self,
    perHour: settings.canariesPerHour,
    table,
    asking,
    others,
    trust,
    faults,
    ledger,
    directory,
    standing,
    clock,
    random,
  });
  const verification = createVerification({
    self,
    settings: rest,
    store,
    table,
    blobs: parts.blobs,
    asking,
    others,
    trust,
    faults,
    ledger,
    ...(parts.custom !== undefined && { custom: parts.custom }),
    known: canaries.learn,
    clock,
    random,
    log,
  });
  /** Who must not get a task that checks another: those that had the question, and their friends. */
  const excluded: typeof asking.excluded = (record) => {
    const asked = asking.excluded(record);
    if (asked === undefined || record.spec.peer !== undefined) return asked;
    return others.withFriends(record.spec.skill, asked);
  };
  return { verification, canaries, faults, ledger, excluded };
}
