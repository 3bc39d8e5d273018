/** One attempt that a home has out: what is known of it, what is heard, and how it can end. */
import type { ErrandError, ErrorCode } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { AttemptRef, Load, Session, TaskAck, TaskProgress, TaskResponse } from "../network/messages.ts";

export type AttemptOutcome =
  /** The worker said no; nothing ran. */
  | { kind: "refused"; code: ErrorCode; message: string; retryAfterMs: number }
  /** No session could be opened: nothing was sent. */
  | { kind: "unreachable"; error: ErrandError }
  /** Sent, and no word came in time: it may be running. */
  | { kind: "silent"; reason: string }
  /** Accepted, and then the worker went away or fell silent. */
  | {
      kind: "lost";
      reason: string;
      /** It had said that it was about to go. */
      announced?: boolean;
    }
  /** The worker did not end at its deadline. */
  | { kind: "expired" }
  /** `ranMs`: from the start, or what is known of it, to the answer, as measured here. */
  | { kind: "answered"; response: TaskResponse; ranMs: number }
  /** Nobody wanted it any more when the session was open: nothing was sent. */
  | { kind: "unsent" }
  /** Its task was cancelled or moved, and the worker did not say in time that it stopped. */
  | { kind: "abandoned" }
  /** Another attempt of its task gave the result; this one was cancelled, and its answer is not waited for. */
  | { kind: "overtaken"; ranMs: number };

/** What whoever waits for an attempt hears: its outcome, or that the one beside it has come to an end first. */
export type AttemptNews = AttemptOutcome | { kind: "beside" };

/** What the delegation hears while an attempt is out. */
export interface AttemptEvents {
  /** The worker has it: said by its ack, or by anything that it says first. Called once. */
  accepted(): void;
  /** `rttMs`: from the request to its ack. */
  acked(ack: TaskAck, rttMs: number): void;
  started(): void;
  /** Without an outcome at `lateMs`. Called once. */
  late?(): void;
  progress(progress: TaskProgress): void;
  load(load: Load): void;
}

export interface Attempt extends AttemptRef {
  readonly peer: PeerIdText;
  readonly leaseEpoch: number;
  readonly leaseMs: number;
  readonly events: AttemptEvents;
  readonly timeoutMs: number;
  session: Session | undefined;
  sentMs: number;
  ackedMs: number | undefined;
  startedMs: number | undefined;
  heardMs: number;
  seq: number;
  cancelledMs: number | undefined;
  /** When `late` is called, monotonic; Infinity for never. */
  lateMs: number;
  /** A second attempt of the same task, out beside this one. Only the first has one. */
  twin: Attempt | undefined;
  /** Tells whoever waits for the outcome. */
  resolve: (news: AttemptNews) => void;
  readonly settle: (outcome: AttemptOutcome) => void;
}
