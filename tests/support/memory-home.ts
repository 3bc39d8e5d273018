/** One life of a home without sockets: the submitting side of a node over a store and sessions that the test has made. */
import type { Random } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { createResponseVerifier } from "../../src/network/attest.ts";
import type { CardDirectory, KnownCard, Resources } from "../../src/network/card.ts";
import type { FaultProof } from "../../src/network/contradiction.ts";
import type { Session } from "../../src/network/messages.ts";
import type { Network } from "../../src/network/network.ts";
import type { VerificationConfig } from "../../src/node/checking.ts";
import type { Ground } from "../../src/node/ground.ts";
import type { Standing } from "../../src/node/standing.ts";
import { assembleVerification } from "../../src/node/verification.ts";
import { createRouter } from "../../src/routing/router.ts";
import type { Store } from "../../src/storage/store.ts";
import { createAttempts } from "../../src/tasks/attempts.ts";
import { createBudget, hedgeBudget, retryBudget } from "../../src/tasks/budget.ts";
import { createChanges } from "../../src/tasks/changes.ts";
import { createDelegation } from "../../src/tasks/delegate.ts";
import { createHome } from "../../src/tasks/home.ts";
import type { SkillLimit } from "../../src/tasks/keyed-limits.ts";
import { createProbing } from "../../src/tasks/probing.ts";
import { createProviders } from "../../src/tasks/providers.ts";
import { ReadyQueue } from "../../src/tasks/ready-queue.ts";
import type { TaskRecord } from "../../src/tasks/record.ts";
import { createSettlement } from "../../src/tasks/settle.ts";
import { createTaskTable } from "../../src/tasks/table.ts";
import type { Worker } from "../../src/worker/worker.ts";
import type { LifeClock } from "./manual-clock.ts";
import { load, network, noBlobs } from "./memory-worker.ts";

export interface MemoryHomeOptions {
  self: string;
  clock: LifeClock;
  random: Random;
  store: Store;
  directory: CardDirectory;
  skillLimits: Record<string, SkillLimit>;
  leaseEpoch: number;
  current(peer: string): Session | undefined;
  open(peer: string): Promise<Session>;
  isGone(error: unknown): boolean;
  checks?: CheckOptions;
}

/** How answers are verified; not at all when absent. */
export interface CheckOptions {
  settings?: Partial<VerificationConfig>;
  /** Anchors are pinned at 1. */
  pins?: ReadonlyMap<string, number>;
  custom?: (result: unknown) => Promise<unknown>;
  vouches?: (a: string, b: string) => boolean;
  /** Instead of what trust says. */
  probability?: (peer: string) => number;
  spread?: (proof: FaultProof) => void;
}

const resources: Resources = {
  cpuCores: 4,
  memoryBytes: 8e9,
  storageBytes: 1e11,
  gpus: [],
  platform: "linux",
  arch: "x64",
  internet: false,
};
const discoveryWindowMs = 5_000;

export function memoryHome(options: MemoryHomeOptions) {
  const { self, clock, random, store, current } = options;
  const log = silentLog;
  const changes = createChanges();
  const table = createTaskTable({ store, changes, clock, self, log });
  const queue = new ReadyQueue<TaskRecord>(1_000);
  const { checks = {} } = options;
  const { vouches, probability } = checks;
  const router = Object.assign(createRouter({ random, self }), {
    ...(vouches !== undefined && { vouches }),
    ...(probability !== undefined && { verifyProbability: probability }),
  });
  const standing = {
    generation: 0,
    isBlocked: () => false,
    isConnected: () => true,
    pinOf: (peer: string) => checks.pins?.get(peer),
  };
  const worker = { skills: new Map(), load: () => load } as unknown as Worker;
  const checking = assembleVerification({
    settings: { mode: "off", canariesPerHour: 0, anchorPin: 0.9, ...checks.settings },
    ground: { identity: { peer: self }, store, worker } as unknown as Ground,
    network: { cards: options.directory, host: { network } } as unknown as Network,
    standing: standing as unknown as Standing,
    router,
    table,
    blobs: noBlobs,
    custom: checks.custom,
    home: () => home,
    ...(checks.spread !== undefined && { spread: checks.spread }),
    clock,
    random,
    log,
  });
  const { verification } = checking;
  const providers = createProviders({
    self,
    router,
    directory: options.directory,
    standing,
    worker,
    excluded: checking.excluded,
    resources: () => resources,
    role: "",
    tags: [],
    clock,
  });
  const probing = createProbing({ clock, current, open: options.open, probed: providers.probed });
  const attempts = createAttempts({
    clock,
    current,
    open: options.open,
    isGone: options.isGone,
    onReport: probing.onReport,
  });
  const settlement = createSettlement({
    self,
    network,
    table,
    blobs: noBlobs,
    verify: createResponseVerifier(),
    verification,
    acknowledge: (peer, refs) => current(peer)?.send({ kind: "responseAck", attempts: refs }),
    judged: (record, peer, answer, verdict, reason) =>
      providers.judged(record, peer, answer, verdict, reason),
  });
  const delegation = createDelegation({
    table,
    queue,
    attempts,
    providers,
    settlement,
    blobs: noBlobs,
    clock,
    random,
    log,
    leaseEpoch: options.leaseEpoch,
    skillLimits: options.skillLimits,
    discoveryWindowMs,
    verification,
    retries: createBudget(retryBudget),
    hedges: createBudget(hedgeBudget),
    probing,
  });
  const home = createHome({
    self,
    store,
    table,
    queue,
    delegation,
    blobs: noBlobs,
    changes,
    clock,
    log,
    discoveryWindowMs,
    checks: { load: verification.load, holds: verification.holds, verdicts: checking.ledger.of },
  });
  attempts.start();
  return { clock, home, table, attempts, router, checking };
}

export type MemoryHome = ReturnType<typeof memoryHome>;

/** A directory in which all `peers` offer `echo`. */
export function echoDirectory(peers: readonly string[]): { directory: CardDirectory; changed(): void } {
  const known = peers.map(cardOf);
  let generation = 1;
  const directory = {
    get generation() {
      return generation;
    },
    all: () => known,
    get: (peer: string) => known.find((one) => one.card.peer === peer),
    offering: (skill: string) => (skill === "echo" ? known : []),
    async *find() {},
    fetch: () => Promise.reject(new Error("nobody")),
    schema: () => Promise.reject(new Error("none")),
  } as unknown as CardDirectory;
  return { directory, changed: () => void generation++ };
}

function cardOf(peer: string): KnownCard {
  return {
    card: {
      version: 1,
      network,
      peer,
      seq: 1,
      issuedAt: 0,
      expiresAt: 0,
      name: "",
      addresses: [],
      agent: { name: "errand", version: "0", protocols: [] },
      resources,
      role: "worker",
      tags: [],
      tiers: [],
      load,
      skills: [
        {
          id: "echo",
          version: "1.0.0",
          name: "echo",
          description: "",
          tags: [],
          examples: [],
          inputSchemaHash: "",
          outputSchemaHash: "",
          deterministic: true,
          idempotent: true,
          price: 0,
          access: "everyone",
          inputModes: [],
        },
      ],
      tombstone: false,
    },
    signed: new Uint8Array(0),
    heardAt: 0,
  };
}
