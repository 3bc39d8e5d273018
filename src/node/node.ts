/**
 * The node as its users see it: the API, gateways, tests and programs that embed Errand. `create.ts` makes one.
 * Every method that waits takes a signal; every failure is an `ErrandError`.
 */
import type { Readable } from "node:stream";
import type { Body, BlobHash, BlobRef } from "../core/body.ts";
import type { ErrandError } from "../core/errors.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { Load } from "../network/messages.ts";
import type { Resources, SkillAccess } from "../network/card.ts";
import type { TaskState } from "../tasks/states.ts";
import type { Grant } from "../worker/policy.ts";
import type { Graphs } from "../tasks/graph/graphs.ts";
import type { PruneOptions, PruneResult } from "../tasks/retention.ts";
import type { StatsQuery, StatsView } from "../tasks/statistics/statistics.ts";
import type { Schedules } from "../tasks/schedules/schedules.ts";
import type { AttemptRecord, HistoryEntry, Submission, TaskChange, TaskView } from "../tasks/task.ts";
import type { TrustApi } from "./trust-views.ts";
import type { FaultView } from "../tasks/verification/faults.ts";
import type { RuleStats, VerificationView } from "../tasks/verification/ledger.ts";

// What a user of the node needs to name: the API may import this folder and core alone.
export { isTerminal, TASK_STATES, TERMINAL_STATES } from "../tasks/states.ts";
export { STATS_WINDOWS, type StatsWindow } from "../tasks/statistics/series.ts";
export type { DurationsView } from "../tasks/statistics/durations.ts";
export type { TallyView } from "../tasks/statistics/tally.ts";
export type { StatsView };
export type { AttemptRecord, HistoryEntry, Submission, TaskChange, TaskState, TaskView };
export { GRAPH_STATES, type GraphState } from "../tasks/graph/run.ts";
export type { GraphLook } from "../tasks/graph/graphs.ts";
export type { GraphSpec } from "../tasks/graph/spec.ts";
export type { GraphNodeView, GraphPlan, GraphView } from "../tasks/graph/view.ts";
export { COMPARATORS, type VerifyPolicy } from "../tasks/verification/policy.ts";
export type { FaultView } from "../tasks/verification/faults.ts";
export type { RuleStats, VerificationView } from "../tasks/verification/ledger.ts";
export { MISSED_POLICIES } from "../tasks/schedules/due.ts";
export { OVERLAP_POLICIES } from "../tasks/schedules/schedule.ts";
export type { ScheduleRequest, ScheduleView } from "../tasks/schedules/schedule.ts";
export type {
  TrustChange,
  TrustExport,
  TrustGraph,
  TrustImport,
  TrustImported,
  TrustOverview,
  TrustPeerExplanation,
  TrustPeerView,
} from "./trust-views.ts";

/** With `cache` the results that are kept for reuse go too. */
export type PruneRequest = PruneOptions & { cache?: boolean };
export type PruneAnswer = PruneResult & { cachedResults: number };

export interface NodeStatus {
  peerId: PeerIdText;
  name: string;
  version: string;
  uptimeMs: number;
  addresses: string[];
  dataDir: string;
  network: string;
  /** Connected peers and cards known. */
  peers: { connected: number; known: number };
  skills: string[];
  load: Load;
  /** Tasks of this home, by state, for those not terminal; counted from the table. */
  tasks: Partial<Record<TaskState, number>>;
  counters: Record<string, number>;
  draining: boolean;
}

export interface PeerView {
  id: PeerIdText;
  name: string;
  connected: boolean;
  addresses: string[];
  role: string;
  tags: string[];
  skills: string[];
  load: Load | null;
  resources: Resources | null;
  /** Sandbox tiers that it says it has. */
  tiers: string[];
  agent: string;
  /** ms; null before the first measurement. */
  rttMs: number | null;
  /** Operator's pin 0–1, or null. */
  pinned: number | null;
  blocked: boolean;
  /** Mean and lower bound of trust over all skills, and what they rest on. */
  trust: { mean: number; lower: number; good: number; bad: number; reliability: number };
  /** ms since it was last heard of. */
  lastSeenMs: number | null;
}

export interface SkillView {
  id: string;
  version: string;
  name: string;
  description: string;
  tags: string[];
  examples: unknown[];
  inputModes: string[];
  deterministic: boolean;
  idempotent: boolean;
  price: number;
  /** Who may call it; `nobody` is said of this node's own skills alone. */
  access: SkillAccess | "nobody";
  /** Of this node's own skills: the peers that are listed, the trust that is needed, and what a run may use. */
  policy?: { peers?: string[]; minTrust?: number } & Pick<Grant, "limits" | "network" | "mounts" | "gpu">;
  providers: PeerIdText[];
  local: boolean;
  /** Only from `skills.get`. */
  input?: unknown;
  output?: unknown;
}

export interface Explanation {
  id: TaskId;
  status: TaskState;
  /** One paragraph for people: why the task is where it is. */
  summary: string;
  /** Per attempt: who was considered, each score's parts, and why each other was refused. */
  attempts: AttemptRecord[];
  /** What each rule said of each answer, and who else was asked. */
  verification: VerificationView[];
  history: HistoryEntry[];
}

/** With what verification found: each rule that was applied. */
export type NodeStats = StatsView & { verification: RuleStats[] };

export interface TaskFilter {
  states?: TaskState[];
  skill?: string;
  peer?: PeerIdText;
  label?: [string, string];
  /** Reason code: `dead-letter`. */
  reason?: string;
  /** Newest first; at most 1,000, default 50. */
  limit?: number;
  /** Ids below this one: the last id of the page before. */
  before?: TaskId;
}

export interface ErrandNode {
  readonly peerId: PeerIdText;
  start(): Promise<void>;
  /** Tolerates never-started and stopped-twice. Waits up to `graceMs` for running attempts of others. */
  stop(options?: { graceMs?: number }): Promise<void>;
  status(): NodeStatus;
  /**
   * Takes no new work and offers no skills; what runs finishes or, after `graceMs`, is handed back, which uses up no attempt.
   * Resolves when nothing runs any more. Tasks of this home go on. `undrain` takes it back.
   */
  drain(options: { graceMs: number }): Promise<void>;
  undrain(): void;
  readonly tasks: {
    /** Resolves once the task is on disk. Throws `InvalidInput`, `QueueFull`, `StorageFailed`, `ShuttingDown`. */
    submit(submission: Submission): Promise<TaskView>;
    /** The terminal view. Throws `WaitTimeout` or the signal's reason; the task goes on. */
    wait(id: TaskId, options?: { signal?: AbortSignal }): Promise<TaskView>;
    /** Throws `NotFound`. Accepts a unique prefix or ending of an id; `Ambiguous` otherwise. */
    get(id: TaskId): Promise<TaskView>;
    list(filter: TaskFilter): Promise<TaskView[]>;
    cancel(id: TaskId, reason: string): Promise<TaskView>;
    /** All in one commit; what cannot be taken on is an error in its place. */
    submitMany(submissions: readonly Submission[]): Promise<(TaskView | ErrandError)[]>;
    /** Held until `resume`: at once while it waits; when its worker gives it back while it is out. Throws `Conflict` at its end. */
    pause(id: TaskId): Promise<TaskView>;
    resume(id: TaskId): Promise<TaskView>;
    /** A new task like one that failed, timed out or was cancelled. Throws `Conflict` for others. */
    retry(id: TaskId): Promise<TaskView>;
    /** A new task like one that has ended, never from the cache. */
    rerun(id: TaskId): Promise<TaskView>;
    /** Takes the task from its worker to `peer`, or to any other. No attempt is used up. */
    move(id: TaskId, peer?: PeerIdText): Promise<TaskView>;
    history(id: TaskId): Promise<HistoryEntry[]>;
    explain(id: TaskId): Promise<Explanation>;
    /** The output as stored. Throws `NotFound` before the end or without output. */
    output(id: TaskId): Promise<Body>;
    /** Changes from now on, of one task or of all; a slow reader loses the oldest progress first, never a state. */
    watch(options: { id?: TaskId; signal: AbortSignal }): AsyncIterable<TaskChange>;
  };
  /** Tasks that depend on one another. */
  readonly graphs: Graphs;
  /** Submissions that are made again and again. */
  readonly schedules: Schedules;
  readonly skills: {
    /** Of this node, and with `all` of every known peer. */
    list(options?: { all?: boolean }): SkillView[];
    /** Providers as they are found: local cards, then the DHT. */
    find(
      id: string,
      options: { signal: AbortSignal; limit?: number },
    ): AsyncIterable<PeerView & { version: string }>;
    get(id: string, options: { signal: AbortSignal }): Promise<SkillView>;
  };
  readonly peers: {
    list(): PeerView[];
    /** Accepts a unique shortened id. */
    get(id: string): PeerView;
    /** By multiaddr or by a known peer's id. */
    connect(target: string, signal: AbortSignal): Promise<PeerView>;
    /** 0–1, or null to take the pin back. */
    pin(id: string, trust: number | null): Promise<PeerView>;
    block(id: string): Promise<PeerView>;
    unblock(id: string): Promise<PeerView>;
    /** Results that it signed and that proved wrong, newest first, each with the proof. */
    faults(id: string): Promise<FaultView[]>;
  };
  /** Who is trusted how far and why, and what is said of whom. */
  readonly trust: TrustApi;
  /** What became of the tasks of this home, counted from those that are kept. Throws `InvalidInput`. */
  stats(query?: StatsQuery): NodeStats;
  /** Removes tasks that ended long ago: by the retention of the configuration, or as `options` say. Also done every hour. */
  prune(options: PruneRequest): Promise<PruneAnswer>;
  readonly blobs: {
    /** Streams bytes into the blob store and hashes them on the way. Throws `LimitExceeded`. */
    put(source: Readable, signal: AbortSignal): Promise<BlobRef>;
    /** Throws `NotFound`. */
    read(hash: BlobHash): Promise<Readable>;
  };
}
