/** What a node stands on: its data folder, identity, store and blobs, and the skills it runs. No peers here. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Random } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { loadIdentity, type Identity } from "../network/identity.ts";
import { loadServers, loadSkills } from "../skills/load.ts";
import { builtinOffers } from "../skills/registry.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { openBlobs, type BlobStore } from "../storage/blobs.ts";
import { lockDataDir } from "../storage/lock.ts";
import { nextBootEpoch } from "../storage/meta.ts";
import { loadPeers, type PeerRow } from "../storage/peers.ts";
import { openStore } from "../storage/sqlite-store.ts";
import type { Store } from "../storage/store.ts";
import { createMcpExecutor, type McpExecutor } from "../worker/executors/mcp.ts";
import { createExecutors } from "../worker/executors/registry.ts";
import { memoryForTasks } from "../worker/ledger.ts";
import { detectResources, type MachineResources } from "../worker/resources.ts";
import { createSandboxes, type Sandboxes } from "../worker/sandbox/sandboxes.ts";
import { createWorker, type Worker } from "../worker/worker.ts";
import { createCallers, type Callers } from "./callers.ts";
import type { NodeConfig } from "./config.ts";
import { openLent, type Lent } from "./lent.ts";

/** Where time, chance and messages come from and go to. */
export interface Surroundings {
  clock: Clock;
  random: Random;
  log: Log;
}

export interface Ground {
  identity: Identity;
  store: Store;
  blobStore: BlobStore;
  /** The count of this node's starts. */
  leaseEpoch: number;
  peerRows: readonly PeerRow[];
  worker: Worker;
  /** Closed with the worker. */
  sandboxes: Sandboxes;
  lent: Lent;
  /** MCP servers whose tools are skills here. */
  servers: McpExecutor;
  callers: Callers;
  /** As last looked at; of memory, what there is for tasks. */
  resources(): MachineResources;
  /** Looks at the machine again. */
  detect(): Promise<void>;
}

/** What was opened is closed by `building`. Throws `Conflict` when the folder is in use, `InvalidConfig`, `StorageFailed`. */
export async function openGround(
  config: NodeConfig,
  around: Surroundings,
  building: AsyncDisposableStack,
): Promise<Ground> {
  const { clock, log } = around;
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDataDir(config.dataDir);
  building.defer(() => lock.release());
  const identity = await loadIdentity(config.dataDir, log);
  const store = await openStore({ path: join(config.dataDir, "errand.db"), log });
  building.defer(() => store.close());
  const look = (): Promise<MachineResources> =>
    detectResources({ dataDir: config.dataDir, internet: config.internet });
  let resources = await look();
  const servers = createMcpExecutor({ servers: await loadServers(config.skills), clock, log });
  const callers = createCallers(identity.peer);
  const settings = { httpAllow: config.httpExceptions };
  const builtin = builtinOffers(settings).filter(
    ({ definition }) => config.builtinSkills?.includes(definition.id) ?? true,
  );
  const own = await loadSkills(config.skills, { offered: builtin });
  const lent = openLent(config, identity.peer, own, around, () => sandboxes.tiers);
  const sandboxes = createSandboxes({ clock, log, commands: config.commands, more: [lent.tier] });
  const skills = [...builtin, ...own, ...lent.skills].filter((skill) => !lent.inContainers.includes(skill));
  const parts = { skills, servers, lent, callers, sandboxes, machine: () => resources };
  const worker = openWorker(config, around, parts);
  building.defer(() => worker.close());
  return {
    identity,
    store,
    blobStore: openBlobs(join(config.dataDir, "blobs"), { clock }),
    leaseEpoch: await nextBootEpoch(store),
    peerRows: await loadPeers(store),
    worker,
    sandboxes,
    lent,
    servers,
    callers,
    resources: () => resources,
    async detect() {
      const found = await look();
      const held = worker.held().memoryBytes;
      const memoryBytes = memoryForTasks(resources.memoryBytes, found.memoryBytes, held);
      resources = { ...found, memoryBytes };
    },
  };
}

interface WorkerParts {
  skills: readonly OfferedSkill[];
  lent: Lent;
  servers: McpExecutor;
  callers: Callers;
  sandboxes: Sandboxes;
  machine: () => MachineResources;
}

function openWorker(
  config: NodeConfig,
  { clock, random, log }: Surroundings,
  { skills, lent, servers, callers, sandboxes, machine }: WorkerParts,
): Worker {
  const settings = { httpAllow: config.httpExceptions };
  const slots = config.workerSlots === undefined ? {} : { slots: config.workerSlots };
  return createWorker({
    skills,
    executors: [...createExecutors({ settings, clock, sandboxes, ...slots }), servers, ...lent.executors],
    ...slots,
    queueLimit: config.workerQueue,
    clock,
    log,
    random,
    scratchRoot: join(config.dataDir, "scratch"),
    profile: () => ({ resources: machine(), role: config.role, tags: config.tags }),
    access: { skills: config.access, code: config.allowCode },
    callerOf: callers.of,
  });
}
