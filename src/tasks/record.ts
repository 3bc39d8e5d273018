/**
 * A live task in its home's memory: the specification and everything that changes, plus what a crash may forget.
 *
 * Times: `…At` are wall-clock ms for people and the store; `…Ms` are monotonic and die with the process.
 */
import { bodySizeBytes, type Body } from "../core/body.ts";
import { ErrandError, type ErrorJson } from "../core/errors.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import type { Usage } from "../network/messages.ts";
import { bodyHash } from "../network/attest.ts";
import type { Decision } from "../routing/candidate.ts";
import type { Hedge } from "./hedging.ts";
import { isTerminal, type TaskState } from "./states.ts";
import type { AttemptRecord, HistoryEntry, TaskSpec, TaskView } from "./task.ts";

export interface TaskRecord {
  readonly id: TaskId;
  readonly spec: TaskSpec;
  readonly priority: number;
  readonly input: Body;
  readonly inputHash: Uint8Array;
  readonly createdAt: number;
  /** Deadline of the whole task, wall-clock ms, or undefined. */
  readonly deadlineAt: number | undefined;

  state: TaskState;
  /** Why it is in this state: a reason code at the end, a short text before. */
  reason: string;
  updatedAt: number;
  finishedAt: number | undefined;
  /** Number of the current or last attempt: what fences answers. */
  attempt: number;
  /** Attempts that a worker accepted. */
  attemptsMade: number;
  retriesMade: number;
  lossesMade: number;
  peer: PeerIdText | "";
  /** When the current attempt was sent. */
  startedAt: number;
  /** The life of this home that sent the current attempt. */
  sentEpoch: number;
  progress: number;
  progressMessage: string;

  output: Body | undefined;
  outputHash: Uint8Array | undefined;
  error: ErrorJson | undefined;
  usage: Usage | undefined;
  executedVersion: string;
  /** The worker's signature and its place in the tree (settle.ts); the rest of the statement is in the record. */
  evidence: Uint8Array | undefined;

  /** When a scheduled or retrying task goes on, wall-clock ms. */
  notBefore: number | undefined;
  /** The output is another task's: nothing ran. */
  cached: boolean;

  /** Not yet in the store. */
  fresh: boolean;
  /** Entries of the history that the store does not have yet. */
  unsavedHistory: HistoryEntry[];
  /** Number of entries that the store has; undefined for a task that was taken up from there. */
  savedHistory: number | undefined;
  unsavedAttempts: AttemptRecord[];
  /** Aborted at the task's end; made when somebody first asks for it (`stopSignalOf`). */
  stop: AbortController | undefined;
  /** Called once at the terminal state, after its commit; with an error when the store failed. */
  waiters: ((error?: Error) => void)[] | undefined;

  // --- what the delegation remembers of this task (delegate.ts)
  /** Peers that failed or lost it: asked again only when nobody else is left. With those ruled out. */
  tried: ReadonlySet<PeerIdText>;
  /** Peers that said they never will, and what they said: the skill, the caller or the input is not for them. */
  ruledOut: ReadonlyMap<PeerIdText, string>;
  /** Somebody may have begun the current attempt, so the next one needs a number of its own. */
  attemptUsed: boolean;
  /** The second attempt while two are out (hedging.ts). */
  hedge: Hedge | undefined;
  /** Number of the last second attempt; the next attempt's is above it. */
  hedgedAs: number;
  /** A step of the delegation is under way: whoever wants something of the task leaves a wish, and the step ends with it. */
  out: boolean;
  /** Times that a worker gave it back without being asked to. */
  handBacks: number;
  /** Paused as soon as its step ends. */
  pauseWanted: boolean;
  /** It was taken from its worker to go elsewhere: to this peer, or to any other. */
  moving: { to: PeerIdText | undefined } | undefined;
  /** Rounds in which everybody was full. */
  refusedRounds: number;
  /** Since when nobody capable is known, monotonic ms. */
  searchingSinceMs: number | undefined;
  /** Since when nobody who is known can be reached, monotonic ms. */
  unreachableSinceMs: number | undefined;
  /** Takes back the timer that brings the task back into the queue. */
  cancelWake: (() => void) | undefined;
  /** The last routing decision, for `explain` of a task that waits. */
  lastDecision: Decision | undefined;
}

// Most tasks are tried once: what they do not need is shared, so that a waiting task stays small.
const nobody: ReadonlySet<PeerIdText> = new Set();
const nothingSaid: ReadonlyMap<PeerIdText, string> = new Map();

/** In the queue, not on the wire: the result of a task hangs on them. */
const checksPriority = 255;

export function newRecord(
  id: TaskId,
  spec: TaskSpec,
  input: Body,
  nowAt: number,
  inputHash: Uint8Array = bodyHash(input),
): TaskRecord {
  return {
    id,
    spec,
    priority: spec.check === undefined ? spec.priority : checksPriority,
    input,
    inputHash,
    createdAt: nowAt,
    deadlineAt: spec.taskTimeoutMs === undefined ? undefined : nowAt + spec.taskTimeoutMs,
    state: "pending",
    reason: "",
    updatedAt: nowAt,
    finishedAt: undefined,
    attempt: 0,
    attemptsMade: 0,
    retriesMade: 0,
    lossesMade: 0,
    peer: "",
    startedAt: 0,
    sentEpoch: 0,
    progress: 0,
    progressMessage: "",
    output: undefined,
    outputHash: undefined,
    error: undefined,
    usage: undefined,
    executedVersion: "",
    evidence: undefined,
    notBefore: spec.notBefore,
    cached: false,
    fresh: true,
    unsavedHistory: [],
    savedHistory: 0,
    unsavedAttempts: [],
    stop: undefined,
    waiters: undefined,
    tried: nobody,
    ruledOut: nothingSaid,
    attemptUsed: false,
    hedge: undefined,
    hedgedAs: 0,
    out: false,
    handBacks: 0,
    pauseWanted: false,
    moving: undefined,
    refusedRounds: 0,
    searchingSinceMs: undefined,
    unreachableSinceMs: undefined,
    cancelWake: undefined,
    lastDecision: undefined,
  };
}

// One for all: a reason of its own for each, with a stack, would be a large part of a task's cost.
const taskEnded = new ErrandError("Cancelled", "the task has ended");

/** Aborted when the task has ended. */
export function stopSignalOf(r: TaskRecord): AbortSignal {
  r.stop ??= new AbortController();
  if (isTerminal(r.state) && !r.stop.signal.aborted) r.stop.abort(taskEnded);
  return r.stop.signal;
}

/** To be called at the end of the task. */
export function stopRecord(r: TaskRecord): void {
  r.stop?.abort(taskEnded);
}

/** The task was tried at `peer`; one that said why it never will is not asked again, however few are left. */
export function markTried(r: TaskRecord, peer: PeerIdText, said?: string): void {
  r.tried = new Set(r.tried).add(peer);
  if (said !== undefined) r.ruledOut = new Map(r.ruledOut).set(peer, said);
}

// Outputs up to here are shown in a view; larger ones are fetched on their own.
const shownOutputBytes = 256 * 1024;

/** The task as the API shows it. `self` is this node's id. */
export function viewOf(r: TaskRecord, self: PeerIdText, nowAt: number): TaskView {
  const { output } = r;
  const shown =
    output?.bytes !== undefined &&
    output.type === "application/json" &&
    output.bytes.length <= shownOutputBytes;
  return {
    id: r.id,
    skill: r.spec.skill,
    skillVersion: r.executedVersion,
    status: r.state,
    reason: r.reason,
    priority: r.priority,
    peer: r.peer,
    local: r.peer === self,
    attempts: r.attemptsMade,
    progress: r.progress,
    progressMessage: r.progressMessage,
    createdAt: isoDate(r.createdAt),
    updatedAt: isoDate(r.updatedAt),
    finishedAt: r.finishedAt === undefined ? null : isoDate(r.finishedAt),
    durationMs: Math.max(0, (r.finishedAt ?? nowAt) - r.createdAt),
    output: shown ? parseOutput(output.bytes) : null,
    outputRef:
      output === undefined || shown
        ? null
        : {
            type: output.type,
            sizeBytes: bodySizeBytes(output),
            hash: output.blob?.hash ?? Buffer.from(r.outputHash ?? new Uint8Array()).toString("hex"),
          },
    error: r.error ?? null,
    usage: r.usage ?? null,
    labels: r.spec.labels,
    notBefore:
      r.notBefore === undefined || r.finishedAt !== undefined ? null : new Date(r.notBefore).toISOString(),
    parentId: r.spec.parentId ?? null,
    graph: r.spec.graph ?? null,
    cached: r.cached,
  };
}

// Many tasks share a millisecond, and writing dates costs more than the rest of a view.
const dates = new Map<number, string>();
const datesKept = 256;

let [lastAt, lastDate] = [Number.NaN, ""];

function isoDate(at: number): string {
  if (at === lastAt) return lastDate;
  let text = dates.get(at);
  if (text === undefined) {
    if (dates.size >= datesKept) dates.clear();
    text = new Date(at).toISOString();
    dates.set(at, text);
  }
  [lastAt, lastDate] = [at, text];
  return text;
}

function parseOutput(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch {
    return null;
  }
}
