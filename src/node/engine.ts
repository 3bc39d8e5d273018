/**
 * The life of a task at both ends, put together: routing, the home's engine, the worker's serving, and what watches them.
 * Wires and decides nothing, as `create.ts`.
 */
import { limits } from "../core/limits.ts";
import { createResponseSigner, createResponseVerifier } from "../network/attest.ts";
import { isGone } from "../network/libp2p-errors.ts";
import type { MessageHandler, Session } from "../network/messages.ts";
import type { FaultProof } from "../network/contradiction.ts";
import type { Network } from "../network/network.ts";
import { createSessions, type TaskSessions } from "../network/protocols/task.ts";
import { createRouter } from "../routing/router.ts";
import { createAttempts } from "../tasks/attempts.ts";
import type { BlobAccess } from "../tasks/blob-access.ts";
import { createBudget, hedgeBudget, retryBudget } from "../tasks/budget.ts";
import { createChanges } from "../tasks/changes.ts";
import { createDelegation } from "../tasks/delegate.ts";
import { createDeterminism } from "../tasks/determinism.ts";
import { createGraphs } from "../tasks/graph/graphs.ts";
import { createHome } from "../tasks/home.ts";
import { attachHooks } from "../tasks/hooks/attach.ts";
import { createLocalSession } from "../tasks/local-session.ts";
import { createOutbox } from "../tasks/outbox.ts";
import { createProbing } from "../tasks/probing.ts";
import { createProviders } from "../tasks/providers.ts";
import { ReadyQueue } from "../tasks/ready-queue.ts";
import type { TaskRecord } from "../tasks/record.ts";
import { createResultCache } from "../tasks/result-cache.ts";
import { createRetention } from "../tasks/retention.ts";
import { createSchedules } from "../tasks/schedules/schedules.ts";
import { createServing } from "../tasks/serve.ts";
import { createSettlement } from "../tasks/settle.ts";
import { createStatistics } from "../tasks/statistics/statistics.ts";
import { createTaskTable } from "../tasks/table.ts";
import type { NodeConfig } from "./config.ts";
import type { Ground, Surroundings } from "./ground.ts";
import type { Standing } from "./standing.ts";
import { assembleVerification } from "./verification.ts";

export interface EngineOptions extends Surroundings {
  config: NodeConfig;
  ground: Ground;
  network: Network;
  standing: Standing;
  blobs: BlobAccess;
  building: AsyncDisposableStack;
  /** Tells other nodes of a result that its worker signed and that is wrong. */
  raiseAlarm?(proof: FaultProof): void;
}

const discoveryWindowMs = 5_000;

export async function createEngine(options: EngineOptions) {
  const { config, ground, network, standing, blobs, building, clock, random, log } = options;
  const { identity, store, blobStore, worker, leaseEpoch } = ground;
  const { host, cards: directory } = network;
  const self = identity.peer;
  const router = createRouter({ random, self });
  const changes = createChanges();
  const table = createTaskTable({ store, changes, clock, self, log });
  const attached = await attachHooks({
    hooks: config.hooks,
    webhooks: config.webhooks,
    self,
    store,
    table,
    changes,
    clock,
    random,
    log,
  });
  building.defer(() => attached.close());
  building.defer(host.onPeer(attached.peers));
  const queue = new ReadyQueue<TaskRecord>(config.queuePerBand);
  const checking = assembleVerification({
    settings: config.verification,
    ground,
    network,
    standing,
    router,
    table,
    blobs,
    custom: attached.verifyResult,
    home: () => plainHome,
    ...(options.raiseAlarm !== undefined && { spread: options.raiseAlarm }),
    clock,
    random,
    log,
  });
  const { verification } = checking;
  const providers = createProviders({
    self,
    router,
    directory,
    standing,
    worker,
    resources: () => ground.resources(),
    role: config.role,
    tags: config.tags,
    excluded: checking.excluded,
    clock,
  });
  const onAnswer: MessageHandler = (message, session) => attempts.onAnswer(message, session);
  const onRequest: MessageHandler = (message, session) => serving.onRequest(message, session);
  const signer = createResponseSigner(identity.signer);
  const local = createLocalSession(self, network.host.network, onAnswer, onRequest, log);
  const sessions: TaskSessions = createSessions({
    host,
    network: host.network,
    clock,
    log,
    onAnswer,
    onRequest,
    onOpen: (session) =>
      session.direction === "out" ? attempts.onSessionOpen(session) : serving.onSessionOpen(session),
    onClose: (session) =>
      session.direction === "out" ? attempts.onSessionClosed(session) : serving.onSessionClosed(session),
    onTurnEnd: () => signer.flush(),
    resume: (peer) => attempts.resume(peer),
  });
  const sessionTo = (peer: string): Session | undefined =>
    peer === self ? local.submitting : sessions.current(peer);
  const probing = createProbing({
    clock,
    current: sessionTo,
    open: (peer, signal) => sessions.open(peer, signal),
    probed: (peer, rttMs, load) => providers.probed(peer, rttMs, load),
  });
  const attempts = createAttempts({
    clock,
    current: sessionTo,
    onReport: (nonce, load, session) => probing.onReport(nonce, load, session),
    open: (peer, signal) => sessions.open(peer, signal),
    isGone,
  });
  const outbox = createOutbox({ store, clock, log });
  const serving = createServing({
    self,
    network: host.network,
    worker: attached.worker(worker),
    signer,
    blobs,
    outbox,
    clock,
    log,
  });
  const settlement = createSettlement({
    self,
    network: host.network,
    table,
    blobs,
    verify: createResponseVerifier(),
    verification,
    acknowledge: (peer, refs) => sessionTo(peer)?.send({ kind: "responseAck", attempts: refs }),
    judged: (record, peer, answer, verdict, reason) =>
      providers.judged(record, peer, answer, verdict, reason),
  });
  const delegation = createDelegation({
    table,
    queue,
    attempts,
    providers,
    settlement,
    blobs,
    clock,
    random,
    log,
    leaseEpoch,
    skillLimits: config.skillLimits,
    discoveryWindowMs,
    verification,
    retries: createBudget(retryBudget),
    hedges: createBudget(hedgeBudget),
    probing,
  });
  const cache = createResultCache({
    store,
    table,
    versions: createDeterminism({
      local: worker,
      directory,
      isBlocked: (peer) => standing.isBlocked(peer),
    }),
    worthMs: limits.cacheWorthMs,
    expectedMs: (skill) => router.skillMs(skill),
    isBlocked: (peer) => standing.isBlocked(peer),
    hasBlob: (hash) => blobStore.has(hash),
    clock,
    log,
    ...config.cache,
  });
  const plainHome = createHome({
    before: attached.before,
    self,
    store,
    table,
    queue,
    delegation,
    blobs,
    cache,
    changes,
    clock,
    log,
    discoveryWindowMs,
    checks: { load: verification.load, holds: verification.holds, verdicts: checking.ledger.of },
  });
  const home = attached.home(plainHome);
  const schedules = createSchedules({ store, table, submit: home.submit, blobs, clock, log });
  await schedules.load();
  const graphs = createGraphs({
    self,
    store,
    table,
    blobs,
    clock,
    log,
    submit: home.submit,
    cancel: home.cancel,
  });
  const statistics = createStatistics({
    store,
    table,
    clock,
    log,
    onlinePeers: () => host.peers().length,
    worker: () => serving.counters,
  });
  const retention = createRetention({
    store,
    blobs: blobStore,
    policy: config.retention,
    clock,
    removed: (ids) => ids.forEach((id) => table.forget(id)),
    swept() {
      void statistics.rebuild();
      void checking.ledger.rebuild();
    },
  });
  return {
    router,
    table,
    attempts,
    serving,
    sessions,
    local,
    attached,
    checking,
    cache,
    home,
    schedules,
    graphs,
    statistics,
    retention,
  };
}
