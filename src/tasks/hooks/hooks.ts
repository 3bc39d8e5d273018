/**
 * What an operator's hooks module exports: functions that are told what happens, and one that is asked. They run in a thread
 * of their own (hook-thread.ts), so what they are given is a copy.
 */
import type { ErrorJson } from "../../core/errors.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { TaskState } from "../states.ts";
import type { Submission, TaskView } from "../task.ts";

/** One execution at this node, for this node's tasks and for others'. */
export interface HookRun {
  taskId: TaskId;
  attempt: number;
  skill: string;
  submitter: PeerIdText;
}

export interface HookRunEnd extends HookRun {
  outcome: "completed" | "failed" | "cancelled" | "timeout";
  error: ErrorJson | null;
  durationMs: number;
}

/** An answer to be verified; JSON, or null where it is none. */
export interface HookResult {
  skill: string;
  input: unknown;
  output: unknown;
  args: unknown;
  peer: PeerIdText;
}

type Answer<T = void> = T | Promise<T>;

export interface Hooks {
  /**
   * Before a task of this node is taken on. What it returns is submitted instead (nothing: what it was given, as it has
   * changed it); throwing refuses the task. `idempotencyKey`, `parentId` and `graph` stay as they were. Has 1 s.
   */
  // oxlint-disable-next-line typescript/no-invalid-void-type -- a function that returns nothing is one
  beforeSubmit?(submission: Submission): Answer<Submission | void>;
  /** After a change of state of this node's tasks; an end is told after its commit. */
  onChange?(change: { task: TaskView; from: TaskState; to: TaskState }): Answer;
  beforeRun?(run: HookRun): Answer;
  afterRun?(run: HookRunEnd): Answer;
  onPeer?(change: { peer: PeerIdText; event: "joined" | "left" }): Answer;
  /** Whether a result is right, for tasks whose `verify.custom` names no skill; `args` is what they say there. Has 5 s. */
  verifyResult?(result: HookResult): Answer<{ ok: boolean; reason?: string; rating?: number }>;
}

export type HookName = keyof Hooks;

export const HOOK_NAMES = [
  "beforeSubmit",
  "onChange",
  "beforeRun",
  "afterRun",
  "onPeer",
  "verifyResult",
] as const satisfies readonly HookName[];

/** Calls that somebody waits for. */
export type AskedName = "beforeSubmit" | "verifyResult";
/** Calls that tell and wait for nothing. */
export type NoticeName = Exclude<HookName, AskedName>;
export type Notice<Name extends NoticeName> = Parameters<NonNullable<Hooks[Name]>>[0];

// --- what goes between the node and the thread

export type ToHooks = { kind: "call"; id: number; name: HookName; argument: unknown } | { kind: "ping" };

export type FromHooks =
  | { kind: "ready"; names: HookName[] }
  | { kind: "broken"; message: string }
  | { kind: "done"; id: number; value?: unknown }
  | { kind: "threw"; id: number; message: string; code?: string }
  | { kind: "pong" };
