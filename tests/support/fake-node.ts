/**
 * A node in memory for tests of what stands on it (API, command line): it keeps tasks, runs a few made-up skills and moves
 * them when the test says so. No network, no disk, no timers.
 *
 *     echo   completes with its input           fail      fails with SkillFailed
 *     hold   runs until `finish` or cancel      nobody    fails: no capable peer
 *     bytes  completes with a blob (text)       late      ends as timeout
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { newTaskId, peerOfPublicKey } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import {
  isTerminal,
  type ErrandNode,
  type PeerView,
  type PruneAnswer,
  type RuleStats,
  type SkillView,
  type Submission,
  type TaskChange,
  type TaskState,
  type TaskView,
} from "../../src/node/node.ts";
import { createSchedules, type Schedules } from "../../src/tasks/schedules/schedules.ts";
import { createStatistics, type Statistics } from "../../src/tasks/statistics/statistics.ts";
import { createFakeTrust, type FakeTrust } from "./fake-trust.ts";
import { memoryStore } from "./memory-mesh.ts";

export interface FakeNode extends ErrandNode {
  readonly submissions: Submission[];
  /** Connect targets, pins and blocks, in order. */
  readonly decisions: string[];
  started: boolean;
  stops: number;
  progress(id: string, fraction: number, message: string): void;
  finish(id: string, output: unknown): void;
  /** The next call of `submit` throws this. */
  failNextSubmit(error: Error): void;
  /** Resolves when somebody watches, from this call on. */
  watched(): Promise<void>;
  blobBytes(hash: string): Buffer | undefined;
  /** Evidence has changed. */
  readonly trustChanged: FakeTrust["changed"];
}

export const fakePeer = peerOfPublicKey(new Uint8Array(32).fill(7));
export const otherPeer = peerOfPublicKey(new Uint8Array(32).fill(9));
const startedAt = Date.parse("2025-06-01T00:00:00Z");
const load = { running: 0, slots: 2, queued: 0, serviceMs: 12 };

interface Watcher {
  id: string | undefined;
  queue: TaskChange[];
  wake: () => void;
}

export function createFakeNode(): FakeNode {
  const tasks = new Map<string, TaskView>();
  const outputs = new Map<string, Body>();
  const blobs = new Map<string, Buffer>();
  const watchers = new Set<Watcher>();
  const submissions: Submission[] = [];
  const decisions: string[] = [];
  let seq = 0;
  let submitError: Error | undefined;
  let onWatch: (() => void)[] = [];
  const peers = new Map([fakePeer, otherPeer].map((id, i) => [id, peerView(id, i)]));

  function change(id: string, event: TaskChange["event"], patch: Partial<TaskView>): TaskView {
    const task = { ...found(tasks.get(id), id), ...patch };
    if (isTerminal(task.status)) task.finishedAt = new Date(startedAt + 1_000).toISOString();
    tasks.set(id, task);
    seq++;
    for (const watcher of watchers) {
      if (watcher.id !== undefined && watcher.id !== id) continue;
      watcher.queue.push({ seq, event, task });
      watcher.wake();
    }
    return task;
  }

  function complete(id: string, body: Body): TaskView {
    outputs.set(id, body);
    const inline = body.bytes !== undefined && body.type === "application/json";
    return change(id, "TaskCompleted", {
      status: "completed",
      progress: 1,
      output: inline ? JSON.parse(Buffer.from(body.bytes).toString()) : null,
      outputRef: body.blob === undefined ? null : { ...body.blob, type: body.type },
      usage: { wallMs: 5, cpuMs: 4, peakMemoryBytes: 1024 },
    });
  }

  function fail(id: string, status: TaskState, reason: string, error: ErrandError): TaskView {
    return change(id, "TaskFailed", { status, reason, error: error.toJSON() });
  }

  function run(id: string, { skill, input }: Submission): TaskView {
    change(id, "TaskAssigned", { status: "running", peer: otherPeer, attempts: 1 });
    switch (skill) {
      case "echo":
        return complete(id, input);
      case "bytes":
        return complete(id, { blob: keep(blobs, Buffer.from("plain text\n")), type: "text/plain" });
      case "fail":
        return fail(id, "failed", "error", new ErrandError("SkillFailed", "the skill threw: no luck"));
      case "late":
        return fail(id, "timeout", "expired", new ErrandError("TaskTimeout", "no result within 1 s"));
      case "nobody": {
        const error = new ErrandError("NoCapablePeer", "no known peer offers it", {
          hint: "Start one that does.",
        });
        return fail(id, "failed", "no-capable-peer", error);
      }
      default:
        return found(tasks.get(id), id);
    }
  }

  function resolveTask(text: string): TaskView {
    const ids = [...tasks.keys()].filter((id) => id.startsWith(text) || id.endsWith(text));
    if (ids.length > 1) throw new ErrandError("Ambiguous", `${ids.length} tasks match ${text}`);
    return found(tasks.get(ids[0] ?? ""), text);
  }

  function resolvePeer(text: string): PeerView {
    const ids = [...peers.keys()].filter((id) => id.startsWith(text) || id.endsWith(text));
    if (ids.length > 1) throw new ErrandError("Ambiguous", `${ids.length} peers match ${text}`);
    const peer = peers.get(ids[0] ?? "");
    if (peer === undefined) throw new ErrandError("NotFound", `no known peer is ${text}`);
    return peer;
  }

  async function* watch(options: { id?: string; signal: AbortSignal }): AsyncGenerator<TaskChange> {
    const watcher: Watcher = { id: options.id, queue: [], wake: () => undefined };
    watchers.add(watcher);
    for (const tell of onWatch) tell();
    onWatch = [];
    const wake = (): void => watcher.wake();
    options.signal.addEventListener("abort", wake);
    try {
      while (!options.signal.aborted) {
        const next = watcher.queue.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
      }
    } finally {
      options.signal.removeEventListener("abort", wake);
      watchers.delete(watcher);
    }
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
    tasks: {
      async submit(submission) {
        if (submitError !== undefined) {
          const error = submitError;
          submitError = undefined;
          throw error;
        }
        submissions.push(submission);
        const view = taskView(newTaskId(), submission);
        tasks.set(view.id, view);
        change(view.id, "TaskSubmitted", {});
        return run(view.id, submission);
      },
      async wait(id, { signal } = {}) {
        const ended = new AbortController();
        const until = AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]);
        const changes = watch({ id, signal: until });
        const next = changes.next();
        try {
          const now = found(tasks.get(id), id);
          if (isTerminal(now.status)) return now;
          for (let change = await next; change.done !== true; change = await changes.next()) {
            if (isTerminal(change.value.task.status)) return change.value.task;
          }
        } finally {
          ended.abort();
        }
        throw signal?.reason;
      },
      get: async (id) => resolveTask(id),
      list: async ({ states, skill, peer, label, limit = 50, before }) =>
        [...tasks.values()]
          .toReversed()
          .filter((task) => states?.includes(task.status) ?? true)
          .filter((task) => skill === undefined || task.skill === skill)
          .filter((task) => peer === undefined || task.peer === peer)
          .filter((task) => label === undefined || task.labels[label[0]] === label[1])
          .filter((task) => before === undefined || task.id < before)
          .slice(0, limit),
      async cancel(id, reason) {
        const task = resolveTask(id);
        if (isTerminal(task.status)) throw new ErrandError("Conflict", `the task is ${task.status} already`);
        return change(task.id, "TaskCancelled", { status: "cancelled", reason });
      },
      submitMany: (all) => Promise.all(all.map((one) => node.tasks.submit(one))),
      pause: async (id) => change(resolveTask(id).id, "TaskState", { status: "paused" }),
      resume: async (id) => change(resolveTask(id).id, "TaskState", { status: "queued" }),
      retry: async (id) => node.tasks.submit(submissionOf(resolveTask(id))),
      rerun: async (id) => node.tasks.submit(submissionOf(resolveTask(id))),
      async move(id, peer) {
        decisions.push(`move ${peer ?? "anywhere"}`);
        return resolveTask(id);
      },
      async history(id) {
        const task = resolveTask(id);
        return [{ at: startedAt, from: "pending", to: task.status, attempt: 0, peer: "", reason: "" }];
      },
      async explain(id) {
        const task = resolveTask(id);
        return {
          id: task.id,
          status: task.status,
          summary: "It ran where it was fastest.",
          ...explained(task),
        };
      },
      async output(id) {
        const task = resolveTask(id);
        const body = outputs.get(task.id);
        if (body === undefined) throw new ErrandError("NotFound", "the task has no output");
        return body;
      },
      watch,
    },
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
    progress: (id, fraction, message) =>
      void change(id, "TaskProgress", { progress: fraction, progressMessage: message }),
    finish: (id, output) => void complete(id, jsonBody(output)),
    failNextSubmit(error) {
      submitError = error;
    },
    watched: () => new Promise((resolve) => onWatch.push(resolve)),
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

function found(task: TaskView | undefined, id: string): TaskView {
  if (task === undefined) throw new ErrandError("NotFound", `there is no task ${id}`);
  return task;
}

function keep(blobs: Map<string, Buffer>, bytes: Buffer): { hash: string; sizeBytes: number } {
  const hash = createHash("sha256").update(bytes).digest("hex");
  blobs.set(hash, bytes);
  return { hash, sizeBytes: bytes.length };
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

function submissionOf(task: TaskView): Submission {
  return { skill: task.skill, input: { bytes: Buffer.from("{}"), type: "application/json" } };
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

function taskView(id: string, submission: Submission): TaskView {
  const at = new Date(startedAt).toISOString();
  return {
    id,
    skill: submission.skill,
    skillVersion: submission.skillVersion ?? "",
    status: "queued",
    reason: "",
    priority: submission.priority ?? 96,
    peer: "",
    local: false,
    attempts: 0,
    progress: 0,
    progressMessage: "",
    createdAt: at,
    updatedAt: at,
    finishedAt: null,
    durationMs: 1_000,
    output: null,
    outputRef: null,
    error: null,
    usage: null,
    labels: submission.labels ?? {},
    notBefore: null,
    parentId: null,
    graph: null,
    cached: false,
  };
}

const ruleStats: RuleStats[] = [
  { rule: "replicas", checked: 4, passed: 2, failed: 1, undecided: 1, successRate: 2 / 3 },
];

function explained(task: TaskView) {
  const score = { rttMs: 1, serviceMs: 20, unreliabilityMs: 0, distrustMs: 3, priceMs: 0, totalMs: 24 };
  const considered = { trustMean: 0.9, trustLower: 0.8, reliability: 1, inFlight: 0, load };
  const decision = {
    order: [otherPeer],
    how: "best",
    considered: [
      { peer: otherPeer, local: false, ...considered, score, refused: "" },
      { peer: fakePeer, local: true, ...considered, score: null, refused: "does not offer the skill" },
    ],
    omitted: 0,
  };
  return {
    attempts: [
      { attempt: 1, peer: otherPeer, startedAt, finishedAt: startedAt + 5, outcome: "completed", decision },
    ],
    verification: [
      {
        attempt: 1,
        peer: otherPeer,
        rule: "replicas" as const,
        verdict: "passed" as const,
        grounded: false,
        reason: "2 of 2 agree",
        others: [{ peer: fakePeer, agreed: true }],
        at: new Date(startedAt).toISOString(),
      },
    ],
    history: [
      { at: startedAt, from: "" as const, to: "queued" as const, attempt: 0, peer: "", reason: "" },
      {
        at: startedAt + 5,
        from: "queued" as const,
        to: task.status,
        attempt: 1,
        peer: otherPeer,
        reason: "",
      },
    ],
  };
}

function peerView(id: string, index: number): PeerView {
  return {
    id,
    name: `peer-${index}`,
    connected: index === 1,
    addresses: [`/ip4/127.0.0.1/tcp/${4781 + index}/p2p/${id}`],
    role: "worker",
    tags: [],
    skills: ["echo", "text.stats"],
    load,
    resources: null,
    tiers: [],
    agent: "errand/0.0.0",
    rttMs: 1.5,
    pinned: null,
    blocked: false,
    trust: { mean: 0.5, lower: 0.3, good: 0, bad: 0, reliability: 1 },
    lastSeenMs: 10,
  };
}

const skillViews: SkillView[] = [
  skillView("echo", [], true),
  skillView("hold", [], true),
  skillView("text.stats", ["text/plain"], false),
  skillView("text.keywords", ["text/plain"], false),
  skillView("hash.file", ["*/*"], false),
];

function skillView(id: string, inputModes: string[], local: boolean): SkillView {
  return {
    id,
    version: "1.0.0",
    name: id,
    description: `What ${id} does.`,
    tags: [],
    examples: [],
    inputModes,
    deterministic: true,
    idempotent: true,
    price: 0,
    access: "everyone",
    providers: [fakePeer],
    local,
  };
}
