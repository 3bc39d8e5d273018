/**
 * A task as its home keeps it: what was asked (fixed at submission), where it stands, and how it ended. The home
 * is the only writer. The store's rows are made from this and nothing else.
 */
import type { Body } from "../core/body.ts";
import type { ErrorJson } from "../core/errors.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { Requirements, RunLimits, Usage } from "../network/messages.ts";
import type { TaskState } from "./states.ts";
import type { VerifyPolicy } from "./verification/policy.ts";

/** Tasks that this node makes to check others: the same once more, a verifier skill, or one with a known answer. */
export type CheckRole = "replica" | "judge" | "canary";

export interface RetryPolicy {
  /** Attempts after the first that a failing task gets. */
  retries: number;
  strategy: "none" | "immediate" | "fixed" | "exponential" | "fibonacci";
  /** d of the strategy, ms. */
  delayMs: number;
  capMs?: number;
  /** 0–1: share of the delay that is random. */
  jitter?: number;
}

/** What a user asks for. Everything but `skill` and `input` has a default. */
export interface Submission {
  skill: string;
  /** Semver range; "" for any. */
  skillVersion?: string;
  input: Body;
  /** 0–255. */
  priority?: number;
  requirements?: Requirements;
  /** What the run uses: its worker keeps so much free for it, and takes no larger output. */
  limits?: RunLimits;
  /** Only this peer. */
  peer?: PeerIdText;
  /** 0–1: least lower bound of trust. */
  minTrust?: number;
  maxPrice?: number;
  retry?: Partial<RetryPolicy>;
  /** One attempt, ms. */
  attemptTimeoutMs?: number;
  /** The whole task from submission, ms. */
  taskTimeoutMs?: number;
  /** Waiting in the queue, ms. */
  queueTimeoutMs?: number;
  /** Safe to run twice; allows hedging. Default: as the skill says. */
  idempotent?: boolean;
  /** `fail`: a lost attempt ends the task instead of going elsewhere: at most one start with retries 0. */
  onLost?: "retry" | "fail";
  labels?: Record<string, string>;
  traceparent?: string;
  /** Not sent before this time, ms since the epoch. */
  notBefore?: number;
  /** A cancel of that task of this home cancels this one too. */
  parentId?: TaskId;
  /** The graph this task is a node of; said by the graph's engine. */
  graph?: { id: string; node: string };
  /** The same key again is the same task: the first is returned. At most 128 characters. */
  idempotencyKey?: string;
  /** `false`: takes no result from the cache, leaves none, and shares no equal task in flight. Default true. */
  cache?: boolean;
  /** At most `concurrency` (default 1) tasks with the same key are out at once. At most 128 characters. */
  concurrencyKey?: string;
  concurrency?: number;
  /** How the result is verified before it counts; absent: as this node's configuration says. */
  verify?: VerifyPolicy;
  /** Said by verification: the task exists to check another. */
  check?: CheckRole;
}

/** A submission with its defaults filled in; never changes. */
export type TaskSpec = Omit<Submission, "input" | "retry" | DefaultedField> &
  Required<Pick<Submission, DefaultedField>> & { retry: RetryPolicy };

type DefaultedField =
  | "skill"
  | "skillVersion"
  | "priority"
  | "requirements"
  | "minTrust"
  | "attemptTimeoutMs"
  | "onLost"
  | "labels"
  | "cache";

/** One entry of a task's history. */
export interface HistoryEntry {
  /** ms since the epoch. */
  at: number;
  from: TaskState | "";
  to: TaskState;
  attempt: number;
  peer: PeerIdText | "";
  reason: string;
}

/** One attempt as shown and stored. Times are ms since the epoch. */
export interface AttemptRecord {
  attempt: number;
  peer: PeerIdText;
  startedAt: number;
  finishedAt: number;
  /** completed, failed, cancelled, timeout, refused, lost. */
  outcome: string;
  error?: ErrorJson;
  usage?: Usage;
  /** The routing decision, see routing/explain.ts. */
  decision?: unknown;
}

/** JSON shape of a task in the API and in `-o json`. */
export interface TaskView {
  id: TaskId;
  skill: string;
  skillVersion: string;
  status: TaskState;
  reason: string;
  priority: number;
  /** The worker, while assigned and after the end; "" before. */
  peer: PeerIdText | "";
  local: boolean;
  attempts: number;
  /** 0–1. */
  progress: number;
  progressMessage: string;
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
  finishedAt: string | null;
  /** From submission to the end, or to now. */
  durationMs: number;
  /** Parsed JSON when the output is JSON and inline; else null, see `outputRef`. */
  output: unknown;
  /** Set when the output is not inline JSON: fetch it by `GET /v1/tasks/ID/output`. */
  outputRef: { type: string; sizeBytes: number; hash: string } | null;
  error: ErrorJson | null;
  usage: Usage | null;
  labels: Record<string, string>;
  /** ISO 8601; when a scheduled or retrying task goes on, else null. */
  notBefore: string | null;
  parentId: TaskId | null;
  graph: { id: string; node: string } | null;
  /** Its output came from the cache or from an equal task: nothing ran for it. */
  cached: boolean;
}

/** One change, as watchers see it. */
export interface TaskChange {
  /** Grows by one for each change of this node's tasks; SSE ids. */
  seq: number;
  event:
    | "TaskSubmitted"
    | "TaskAssigned"
    | "TaskProgress"
    | "TaskCompleted"
    | "TaskFailed"
    | "TaskCancelled"
    | "TaskState";
  task: TaskView;
}
