/**
 * The messages of a session as the rest of the node sees them: plain data, ids as text, bodies as `Body`. The
 * generated wire types stop at `task-encode.ts` and `task-decode.ts`. No message names its sender: that is the session's peer.
 */
import type { Body } from "../core/body.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";

/** What a worker says of itself with every answer. Piggybacked, so that routing needs no round trip. */
export interface Load {
  running: number;
  slots: number;
  queued: number;
  /** Moving average of one attempt's run time, ms; 0 before the first. */
  serviceMs: number;
}

/** What a worker must have; absent means any. */
export interface Requirements {
  minCpuCores?: number;
  minMemoryGb?: number;
  minStorageGb?: number;
  gpu?: boolean;
  internet?: boolean;
  platform?: string;
  role?: string;
  tags?: string[];
}

export interface RunLimits {
  cpuCores?: number;
  memoryBytes?: number;
  outputBytes?: number;
}

export interface AttemptRef {
  taskId: TaskId;
  attempt: number;
}

export interface TaskRequest extends AttemptRef {
  /** The home's count of its own starts: fences attempts of a former life. */
  leaseEpoch: number;
  skill: string;
  /** A version range the worker must satisfy, or "" for any. */
  skillVersion: string;
  /** 0–255. */
  priority: number;
  /** From receipt, ms. */
  deadlineMs: number;
  /** Silence after which the attempt is lost, ms. */
  leaseMs: number;
  input: Body;
  requirements?: Requirements;
  limits?: RunLimits;
  deterministic: boolean;
  idempotent: boolean;
  parentId?: TaskId;
  traceparent?: string;
  labels?: Record<string, string>;
}

export type Verdict = "accepted" | "queued" | "duplicate" | "refused";

export interface TaskAck extends AttemptRef {
  verdict: Verdict;
  /** Place in the worker's queue, from 1, when queued. */
  position: number;
  /** When refused. */
  code?: ErrorCode;
  message?: string;
  retryAfterMs?: number;
  load: Load;
}

export interface TaskProgress extends AttemptRef {
  /** Strictly increasing within an attempt. */
  seq: number;
  /** 0–1; NaN-free. */
  fraction: number;
  message: string;
  chunk?: Uint8Array;
  load?: Load;
}

export type ResponseStatus = "completed" | "failed" | "cancelled" | "timeout";

export interface Usage {
  wallMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
}

export interface WireTaskError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

/** A worker's signature over the Merkle root of the statements it signed together, and this one's place in the tree. */
export interface Attest {
  signature: Uint8Array;
  leafIndex: number;
  treeSize: number;
  proof: Uint8Array[];
}

export interface TaskResponse extends AttemptRef {
  leaseEpoch: number;
  status: ResponseStatus;
  output?: Body;
  /** SHA-256 of the output's bytes; empty without output. */
  outputHash: Uint8Array;
  error?: WireTaskError;
  usage: Usage;
  executedSkillVersion: string;
  load?: Load;
  attest?: Attest;
}

export type AttemptState = "unknown" | "waiting" | "running" | "answered";

export type Message =
  | { kind: "request"; request: TaskRequest }
  | { kind: "ack"; ack: TaskAck }
  | { kind: "progress"; progress: TaskProgress }
  | { kind: "response"; response: TaskResponse }
  | { kind: "responseAck"; attempts: AttemptRef[] }
  | { kind: "cancel"; cancel: AttemptRef & { reason: string } }
  | { kind: "pause"; pause: AttemptRef }
  | { kind: "resume"; resume: AttemptRef }
  | { kind: "query"; query: AttemptRef }
  | { kind: "status"; status: AttemptRef & { state: AttemptState } }
  | { kind: "probe"; nonce: number }
  | { kind: "loadReport"; nonce: number; load: Load }
  | { kind: "credit"; tasks: number; bytes: number }
  | { kind: "goAway"; reason: string; graceMs: number };

/** The first message of both sides. */
export interface Hello {
  version: number;
  network: string;
  capabilities: string[];
  /** Attempts that the submitter still waits for. */
  resume: AttemptRef[];
}

/** One session as its user sees it: this node submits over `direction: "out"` and works over `"in"`. */
export interface Session {
  readonly peer: string;
  readonly direction: "in" | "out";
  readonly remote: Hello;
  /** Aborted when the session has ended, for whatever reason. */
  readonly closed: AbortSignal;
  /** Bytes accepted by `send` and not yet taken by the connection. */
  readonly bufferedBytes: number;
  /** Queues a message; all of one turn leave in one write. Dropped silently once closed. */
  send(message: Message): void;
  /** Counts a message that decoded but made no sense; too many close the session. */
  complain(reason: string): void;
  close(reason: string): void;
}

/** Called for every message of a session, in order, synchronously. */
export type MessageHandler = (message: Message, session: Session) => void;

export interface Sessions {
  /**
   * The session this node submits over, opened if there is none. Throws `PeerUnreachable`, or `ProtocolViolation` while the
   * peer cools down. `resume` is said in the Hello when a new session is opened.
   */
  open(peer: string, signal: AbortSignal): Promise<Session>;
  /** The open outgoing session to `peer`, if there is one: the synchronous path of a warm pair. */
  current(peer: string): Session | undefined;
  close(reason: string): Promise<void>;
}
