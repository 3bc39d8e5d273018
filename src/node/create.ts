/**
 * Composition: makes every part of a node and hands each what it needs of the others. It decides nothing. Nothing acts
 * before `start()`; `stop()` unwinds in reverse.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, type Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { createLog, type Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import { createResponseSigner, createResponseVerifier } from "../network/attest.ts";
import { loadIdentity } from "../network/identity.ts";
import { isGone } from "../network/libp2p-errors.ts";
import type { MessageHandler, Session } from "../network/messages.ts";
import { createNetwork } from "../network/network.ts";
import { createSessions, type TaskSessions } from "../network/protocols/task.ts";
import { readSwarmKey } from "../network/swarm-key.ts";
import { createRouter } from "../routing/router.ts";
import { loadSkills } from "../skills/load.ts";
import { builtinOffers } from "../skills/registry.ts";
import { openBlobs } from "../storage/blobs.ts";
import { lockDataDir } from "../storage/lock.ts";
import { nextBootEpoch } from "../storage/meta.ts";
import { loadPeers } from "../storage/peers.ts";
import { openStore } from "../storage/sqlite-store.ts";
import { createAttempts } from "../tasks/attempts.ts";
import { createBlobAccess } from "../tasks/blob-access.ts";
import { createChanges } from "../tasks/changes.ts";
import { createDelegation } from "../tasks/delegate.ts";
import { createHome } from "../tasks/home.ts";
import { attachHooks } from "../tasks/hooks/attach.ts";
import { createLocalSession } from "../tasks/local-session.ts";
import { createDeterminism } from "../tasks/determinism.ts";
import { createOutbox } from "../tasks/outbox.ts";
import { createResultCache, type ResultCache } from "../tasks/result-cache.ts";
import { createRetention, type Retention } from "../tasks/retention.ts";
import { createStatistics } from "../tasks/statistics/statistics.ts";
import { createProviders } from "../tasks/providers.ts";
import { ReadyQueue } from "../tasks/ready-queue.ts";
import type { TaskRecord } from "../tasks/record.ts";
import { createGraphs } from "../tasks/graph/graphs.ts";
import { createSchedules } from "../tasks/schedules/schedules.ts";
import { createServing } from "../tasks/serve.ts";
import { createSettlement } from "../tasks/settle.ts";
import { createTaskTable } from "../tasks/table.ts";
import { createExecutors } from "../worker/executors/registry.ts";
import { detectResources } from "../worker/resources.ts";
import { createWorker } from "../worker/worker.ts";
import { keepHouse } from "./housekeeping.ts";
import { keepEvidence } from "./evidence-keeper.ts";
import { createOwnFacts } from "./card-facts.ts";
import type { NodeConfig } from "./config.ts";
import type { ErrandNode } from "./node.ts";
import { createPeers } from "./peers.ts";
import { createSkills } from "./skills.ts";
import { createStanding } from "./standing.ts";
import { cardStore, peerBook } from "./stores.ts";

export interface NodeParts {
  clock?: Clock;
  random?: () => number;
  log?: Log;
}

const discoveryWindowMs = 5_000;
const resourcesEveryMs = 30_000;

/** Throws `Conflict` when the data folder is in use, `InvalidConfig`, `StorageFailed`. */
export async function createNode(config: NodeConfig, parts: NodeParts = {}): Promise<ErrandNode> {
  const { clock = systemClock, random = Math.random, log = createLog(config.logLevel) } = parts;
  await using building = new AsyncDisposableStack();
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDataDir(config.dataDir);
  building.defer(() => lock.release());

  // --- what lasts
  const identity = await loadIdentity(config.dataDir, log);
  const self = identity.peer;
  const store = await openStore({ path: join(config.dataDir, "errand.db"), log });
  building.defer(() => store.close());
  const blobStore = openBlobs(join(config.dataDir, "blobs"), { clock });
  const leaseEpoch = await nextBootEpoch(store);
  const peerRows = await loadPeers(store);

  // --- what works
  const settings = { httpAllow: config.httpExceptions };
  const builtin = builtinOffers(settings).filter(
    ({ definition }) => config.builtinSkills?.includes(definition.id) ?? true,
  );
  const skills = [...builtin, ...(await loadSkills(config.skills, { offered: builtin }))];
  let resources = await detectResources({ dataDir: config.dataDir, internet: config.preset === "public" });
  const worker = createWorker({
    skills,
    executors: createExecutors({ settings, clock, slots: config.workerSlots }),
    slots: config.workerSlots,
    queueLimit: config.workerQueue,
    clock,
    log,
    random,
    scratchRoot: join(config.dataDir, "scratch"),
    profile: () => ({ resources, role: config.role, tags: config.tags }),
  });
  building.defer(() => worker.close());

  // --- the network
  const own = createOwnFacts(
    config,
    worker,
    () => resources,
    () => serving.draining,
  );
  const network = await createNetwork({
    identity,
    network: config.network,
    agentVersion: version,
    listen: config.listen,
    announce: config.announce,
    bootstrap: config.bootstrap,
    mdns: config.mdns,
    ...(config.swarmKeyFile !== undefined && { swarmKey: await readSwarmKey(config.swarmKeyFile) }),
    book: peerBook(store, peerRows),
    cardStore: cardStore(store),
    facts: own.facts,
    schemaText: own.schemaText,
    blobs: blobStore,
    mayRead: (peer, hash) => blobs.mayRead(peer, hash),
    clock,
    random,
    log,
  });
  const { host, cards: directory } = network;
  const standing = createStanding({
    host,
    store,
    rows: peerRows,
    configured: { pins: config.pins, blocked: config.blockedPeers },
  });
  const blobs = createBlobAccess(
    blobStore,
    (peer, ref, signal) => network.fetchBlob(peer, ref, { signal }),
    self,
  );

  // --- the life of a task, at both ends
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
  const providers = createProviders({
    self,
    router,
    directory,
    standing,
    worker,
    resources: () => resources,
    role: config.role,
    tags: config.tags,
    clock,
  });
  const onAnswer: MessageHandler = (message, session) => attempts.onAnswer(message, session);
  const onRequest: MessageHandler = (message, session) => serving.onRequest(message, session);
  const signer = createResponseSigner(identity.signer);
  const local = createLocalSession(self, network.host.network, onAnswer, onRequest);
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
  const attempts = createAttempts({
    clock,
    current: sessionTo,
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
    swept: () => void statistics.rebuild(),
  });
  const evidence = await keepEvidence({ router, store, clock, changed: attached.trust });

  // --- the node
  const startedMs = clock.monotonic();
  const peers = createPeers({ self, host, directory, standing, router, clock });
  const status = (): ReturnType<ErrandNode["status"]> => ({
    peerId: self,
    name: config.name,
    version,
    uptimeMs: clock.monotonic() - startedMs,
    addresses: host.addresses(),
    dataDir: config.dataDir,
    network: host.network,
    peers: { connected: host.peers().length, known: [...directory.all()].length },
    skills: [...worker.skills.keys()],
    load: worker.load(),
    tasks: countStates(table.live.values()),
    draining: serving.draining,
    counters: {
      ...table.counters,
      ...serving.counters,
      ...attempts.counters,
      ...sessions.counters,
      ...schedules.counters,
      ...attached.counters(),
    },
  });
  const running = building.move();
  let life: "new" | "started" | "stopped" = "new";

  async function begin(): Promise<void> {
    await serving.recover();
    // What was begun is ended also when the rest cannot start.
    running.defer(() => network.stop());
    running.defer(() => sessions.close("the node is stopping"));
    running.defer(attached.start());
    await sessions.start();
    await network.start();
    attempts.start();
    serving.start();
    running.defer(evidence.start());
    running.defer(keepHouse({ store, blobs: blobStore, retention, clock, log }));
    running.defer(
      every(resourcesEveryMs, clock, async () => {
        resources = await detectResources({ dataDir: config.dataDir, internet: resources.internet });
      }),
    );
    await cache.start();
    running.defer(() => cache.stop());
    await graphs.load();
    const taken = await home.recover();
    if (taken > 0) log.info({ tasks: taken }, "took up the tasks of the last run");
    running.defer(schedules.start());
    void statistics.rebuild();
    running.defer(() => statistics.stop());
    await graphs.start();
  }

  /** Ends all that runs, at once. */
  async function halt(): Promise<void> {
    life = "stopped";
    home.stop();
    graphs.stop();
    attempts.stop();
    serving.stop();
    local.close();
    await table.committed().catch(() => undefined);
    await running.disposeAsync();
  }

  return {
    peerId: self,
    async start() {
      if (life !== "new") return;
      life = "started";
      try {
        await begin();
      } catch (error) {
        await halt();
        throw error;
      }
    },
    async stop({ graceMs = 5_000 } = {}) {
      if (life === "stopped") return;
      const was = life;
      life = "stopped";
      home.stop();
      graphs.stop();
      if (was === "started") await serving.drain(graceMs);
      await halt();
    },
    status,
    async drain({ graceMs }) {
      const done = serving.drain(graceMs);
      network.publish();
      await done;
    },
    undrain() {
      serving.undrain();
      network.publish();
    },
    tasks: home,
    graphs,
    schedules: schedules.api,
    skills: createSkills({
      self,
      worker,
      directory,
      peer: peers.view,
      own: () => ({ ...peers.view(self), ...ownView(config, status()) }),
    }),
    peers: peers.api,
    stats: (query) => statistics.read(query),
    prune: pruneWith(retention, cache),
    blobs: {
      put: (source, signal) => blobStore.put(source, { signal }),
      async read(hash) {
        if (!(await blobStore.has(hash)))
          throw new ErrandError("NotFound", `there is no blob ${hash.slice(0, 64)} here`);
        return blobStore.read(hash);
      },
    },
  };
}

function pruneWith(retention: Retention, cache: ResultCache): ErrandNode["prune"] {
  return async ({ cache: cached = false, ...options }) => {
    const pruned = await retention.prune(options);
    const cachedResults = !cached ? 0 : options.dryRun === true ? cache.size : await cache.clear();
    return { ...pruned, cachedResults };
  };
}

function countStates(records: Iterable<TaskRecord>): ReturnType<ErrandNode["status"]>["tasks"] {
  const counts: ReturnType<ErrandNode["status"]>["tasks"] = {};
  for (const { state } of records) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** This node in a list of providers. */
function ownView(config: NodeConfig, { addresses, skills, load }: ReturnType<ErrandNode["status"]>) {
  return {
    name: config.name,
    connected: true,
    addresses,
    skills,
    load,
    role: config.role,
    tags: config.tags,
    rttMs: 0,
    lastSeenMs: 0,
  };
}

/** Runs `work` again and again with a pause; the returned function ends that. */
function every(pauseMs: number, clock: Clock, work: () => Promise<void>): () => void {
  let cancel = clock.after(pauseMs, function again() {
    void work().finally(() => (cancel = clock.after(pauseMs, again)));
  });
  return () => cancel();
}
