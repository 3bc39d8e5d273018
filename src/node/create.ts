/**
 * Composition: makes every part of a node and hands each what it needs of the others. It decides nothing. Nothing acts
 * before `start()`; `stop()` unwinds in reverse.
 */
import { systemClock, type Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { createLog, type Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import { createNetwork } from "../network/network.ts";
import { readSwarmKey } from "../network/swarm-key.ts";
import { createBlobAccess } from "../tasks/blob-access.ts";
import { createBlobTransfers } from "../tasks/blob-transfers.ts";
import type { ResultCache } from "../tasks/result-cache.ts";
import type { Retention } from "../tasks/retention.ts";
import type { TaskRecord } from "../tasks/record.ts";
import { keepHouse } from "./housekeeping.ts";
import { keepEvidence } from "./evidence-keeper.ts";
import { createEngine } from "./engine.ts";
import { openGround, type Surroundings } from "./ground.ts";
import { createOwnFacts } from "./card-facts.ts";
import { offerCode } from "./code.ts";
import type { NodeConfig } from "./config.ts";
import type { ErrandNode } from "./node.ts";
import { createPeers } from "./peers.ts";
import { createSkills } from "./skills.ts";
import { createStanding } from "./standing.ts";
import { cardStore, peerBook } from "./stores.ts";
import { createTrustApi } from "./trust-api.ts";
import { assembleTrust } from "./trust.ts";

export interface NodeParts {
  clock?: Clock;
  random?: () => number;
  log?: Log;
}

const resourcesEveryMs = 30_000;

/** Throws `Conflict` when the data folder is in use, `InvalidConfig`, `StorageFailed`. */
export async function createNode(config: NodeConfig, parts: NodeParts = {}): Promise<ErrandNode> {
  const { clock = systemClock, random = Math.random, log = createLog(config.logLevel) } = parts;
  await using building = new AsyncDisposableStack();
  const around: Surroundings = { clock, random, log };
  const ground = await openGround(config, around, building);
  const { identity, store, blobStore, worker, peerRows } = ground;
  const self = identity.peer;

  // --- the network
  const own = createOwnFacts(
    config,
    worker,
    () => ground.resources(),
    () => engine.serving.draining,
    () => ground.sandboxes.tiers.passed(),
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
  const transfers = createBlobTransfers({ host, sink: blobStore, clock, random });
  const blobs = createBlobAccess(blobStore, transfers, self);

  const engine = await createEngine({
    config,
    ground,
    network,
    standing,
    blobs,
    building,
    raiseAlarm: (proof) => void trust.raiseAlarm(proof),
    ...around,
  });
  const {
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
  } = engine;
  ground.callers.know((peer) => {
    const pin = standing.pinOf(peer);
    return { pin, trust: router.trustOf(peer, clock.monotonic(), pin).lower };
  });
  const trust = await assembleTrust({ ground, network, standing, router, ...around });
  const evidence = await keepEvidence({
    router,
    store,
    clock,
    changed(row) {
      attached.trust(row);
      trust.changed(row);
    },
  });

  // --- the node
  const startedMs = clock.monotonic();
  const peers = createPeers({
    self,
    host,
    directory,
    standing,
    router,
    clock,
    faults: checking.faults.of,
  });
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
      ...trust.counters(),
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
    running.defer(() => trust.stop());
    await trust.serve();
    await network.start();
    trust.start();
    attempts.start();
    serving.start();
    ground.servers.start((server, skills) => {
      const taken = worker.offerFrom(`mcp.${server}`, skills);
      if (taken.length > 0) log.warn({ server, skills: taken }, "these ids are taken by other skills");
      network.publish();
    });
    offerCode(ground, config, () => network.publish());
    running.defer(evidence.start());
    running.defer(keepHouse({ store, blobs: blobStore, retention, clock, log }));
    running.defer(every(resourcesEveryMs, clock, () => ground.detect()));
    await cache.start();
    running.defer(() => cache.stop());
    await graphs.load();
    const taken = await home.recover();
    if (taken > 0) log.info({ tasks: taken }, "took up the tasks of the last run");
    running.defer(schedules.start());
    void statistics.rebuild();
    void checking.ledger.rebuild();
    running.defer(checking.canaries.start());
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
    trust: createTrustApi({ self, networkName: host.network, trust, router, standing, peers, store, clock }),
    stats: (query) => Object.assign(statistics.read(query), { verification: checking.ledger.stats() }),
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
