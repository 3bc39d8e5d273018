/**
 * A node in memory for tests of what stands on it (API, command line): its tasks run when the test says so (fake-tasks.ts), its
 * peers and skills are made up (fake-views.ts). No network, no disk, no timers.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { peerOfPublicKey } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import type { ErrandNode, PeerView, PruneAnswer, RuleStats } from "../../src/node/node.ts";
import { createSchedules, type Schedules } from "../../src/tasks/schedules/schedules.ts";
import { createStatistics, type Statistics } from "../../src/tasks/statistics/statistics.ts";
import { createFakeTasks, type FakeTasks } from "./fake-tasks.ts";
import { createFakeTrust, type FakeTrust } from "./fake-trust.ts";
import { fakePeer, load, otherPeer, peerView, skillViews, startedAt } from "./fake-views.ts";
import { memoryStore } from "./memory-mesh.ts";

export interface FakeNode extends ErrandNode, Omit<FakeTasks, "api"> {
  /** Connect targets, pins and blocks, in order. */
  readonly decisions: string[];
  started: boolean;
  stops: number;
  blobBytes(hash: string): Buffer | undefined;
  /** Evidence has changed. */
  readonly trustChanged: FakeTrust["changed"];
}

export function createFakeNode(): FakeNode {
  const blobs = new Map<string, Buffer>();
  const decisions: string[] = [];
  const tasks = createFakeTasks({ keep: (bytes) => keep(blobs, bytes), decisions });
  const { submissions, progress, finish, failNextSubmit, watched } = tasks;
  const peers = new Map([fakePeer, otherPeer].map((id, i) => [id, peerView(id, i)]));

  function resolvePeer(text: string): PeerView {
    const ids = [...peers.keys()].filter((id) => id.startsWith(text) || id.endsWith(text));
    if (ids.length > 1) throw new ErrandError("Ambiguous", `${ids.length} peers match ${text}`);
    const peer = peers.get(ids[0] ?? "");
    if (peer === undefined) throw new ErrandError("NotFound", `no known peer is ${text}`);
    return peer;
  }

  const trust = createFakeTrust({
    self: fakePeer,
    trusted: otherPeer,
    liar: peerOfPublicKey(new Uint8Array(32).fill(11)),
    resolve: (id) => resolvePeer(id).id,
    decisions,
  });

  const node: FakeNode = {
    peerId: fakePeer,
    graphs: noGraphs,
    submissions,
    decisions,
    started: false,
    stops: 0,
    async start() {
      this.started = true;
    },
    async stop() {
      this.stops++;
    },
    status: () => ({
      peerId: fakePeer,
      name: "fake",
      version: "0.0.0",
      uptimeMs: 61_000,
      addresses: [`/ip4/127.0.0.1/tcp/4781/p2p/${fakePeer}`],
      dataDir: "",
      network: "errand",
      peers: { connected: 1, known: 2 },
      skills: ["echo", "hold"],
      load,
      tasks: {},
      counters: { submitted: submissions.length },
      draining: decisions.includes("drain") && !decisions.includes("undrain"),
    }),
    async drain() {
      decisions.push("drain");
    },
    undrain: () => void decisions.push("undrain"),
    stats: (query) => Object.assign(noStatistics().read(query), { verification: ruleStats }),
    async prune({ signal: _signal, ...options }) {
      decisions.push(`prune ${JSON.stringify(options)}`);
      return { ...prunedThree, dryRun: options.dryRun ?? false };
    },
    tasks: tasks.api,
    schedules: fakeSchedules((submission) => node.tasks.submit(submission)),
    skills: {
      list: ({ all = false } = {}) => skillViews.filter((skill) => all || skill.local),
      async *find(id) {
        for (const peer of peers.values()) if (peer.skills.includes(id)) yield { ...peer, version: "1.0.0" };
      },
      async get(id) {
        const skill = skillViews.find((view) => view.id === id);
        if (skill === undefined) throw new ErrandError("NotFound", `no known peer offers ${id}`);
        return { ...skill, input: {}, output: true };
      },
    },
    peers: {
      list: () => [...peers.values()],
      get: resolvePeer,
      async connect(target) {
        decisions.push(`connect ${target}`);
        if (target.endsWith("/1")) throw new ErrandError("PeerUnreachable", `cannot reach ${target}`);
        return resolvePeer(otherPeer);
      },
      async pin(id, trust) {
        const peer = { ...resolvePeer(id), pinned: trust };
        decisions.push(`pin ${String(trust)}`);
        peers.set(peer.id, peer);
        return peer;
      },
      block: async (id) => setBlocked(id, true),
      unblock: async (id) => setBlocked(id, false),
      faults: async (id) => [
        {
          peer: id,
          skill: "echo",
          task: "t",
          reason: "it is wrong",
          at: new Date(startedAt).toISOString(),
          proof: {},
        },
      ],
    },
    blobs: {
      put: async (source) => keep(blobs, await buffer(source)),
      async read(hash) {
        const bytes = blobs.get(hash);
        if (bytes === undefined) throw new ErrandError("NotFound", "no such blob");
        return Readable.from([bytes]);
      },
    },
    progress,
    finish,
    failNextSubmit,
    watched,
    blobBytes: (hash) => blobs.get(hash),
    trust: trust.api,
    trustChanged: trust.changed,
  };
  return node;

  function setBlocked(id: string, blocked: boolean): PeerView {
    const peer = { ...resolvePeer(id), blocked };
    decisions.push(blocked ? "block" : "unblock");
    peers.set(peer.id, peer);
    return peer;
  }
}

/** The real ones, but nothing is ever due. */
function fakeSchedules(submit: FakeNode["tasks"]["submit"]): Schedules {
  return createSchedules({
    store: memoryStore(),
    table: { onMove: () => () => true, committed: async () => {}, live: new Map() },
    submit,
    blobs: { putBytes: async (bytes) => ({ hash: "00".repeat(32), sizeBytes: bytes.length }) },
    clock: systemClock,
    log: silentLog,
  }).api;
}

const prunedThree: PruneAnswer = {
  dryRun: false,
  tasks: { completed: 2, failed: 1, cancelled: 0, timeout: 0, rejected: 0 },
  graphs: 0,
  rowBytes: 2_048,
  blobs: 0,
  blobBytes: 0,
  fileBytes: 0,
  cachedResults: 0,
};

/** The real ones, of a node that has done nothing. */
function noStatistics(): Statistics {
  return createStatistics({
    store: memoryStore(),
    table: { live: new Map(), onMove: () => () => undefined, committed: () => Promise.resolve() },
    clock: systemClock,
    log: silentLog,
    onlinePeers: () => 1,
    worker: () => ({ served: 3, refused: 2, duplicates: 1 }),
  });
}

const noGraph = (): Promise<never> => Promise.reject(new ErrandError("NotFound", "no graphs here"));
/** Graphs are tested with the real engine. */
const noGraphs: FakeNode["graphs"] = {
  plan() {
    throw new ErrandError("NotFound", "no graphs here");
  },
  submit: noGraph,
  get: noGraph,
  list: noGraph,
  wait: noGraph,
  cancel: noGraph,
};

const ruleStats: RuleStats[] = [
  { rule: "replicas", checked: 4, passed: 2, failed: 1, undecided: 1, successRate: 2 / 3 },
];

function keep(blobs: Map<string, Buffer>, bytes: Buffer): { hash: string; sizeBytes: number } {
  const hash = createHash("sha256").update(bytes).digest("hex");
  blobs.set(hash, bytes);
  return { hash, sizeBytes: bytes.length };
}
