/**
 * The contract of everything that can run a skill. An executor turns one input into one output inside its own
 * isolation, and leaves nothing behind. It knows no peers, no leases and no wire; tests/contracts holds for each.
 */
import type { Body } from "../core/body.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import type { Grant } from "./policy.ts";

/** One run of one skill. */
export interface Execution {
  /** For logs and for the scratch folder's name: task id and attempt. */
  id: string;
  skill: OfferedSkill;
  /** `bytes`, or a blob that `inputPath` holds. */
  input: Body;
  /** Where the blob's bytes are, when the input is a blob. Read-only. */
  inputPath?: string;
  /** Largest output, bytes. */
  outputBytes: number;
  /** What the submitter asked to use; absent or zero: nothing was said. */
  asked?: { cpuCores?: number; memoryBytes?: number };
  /** What the operator lets a run of this skill use; absent: what skills of his own may. */
  grant?: Grant;
  /** Numbers of the machine's GPUs that this run has for itself; absent: none. */
  gpus?: readonly number[];
  /** The input's value, when the caller has parsed it and found it to meet the schema already. */
  checked?: { value: unknown };
}

export interface ExecutionContext {
  /** Aborted on cancel and at the deadline. The executor answers within `limits.cancelGraceMs`, whatever the code does. */
  signal: AbortSignal;
  /** Milliseconds since the Unix epoch. */
  deadline: number;
  /** This run's own folder. Not there yet: whoever needs it makes it (mode 0700). The caller removes it. */
  readonly scratchDir: string;
  progress(fraction: number, message: string): void;
  log(message: string): void;
}

/** What a run used. Zero where it cannot be measured. */
export interface ResourceUsage {
  wallMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
}

/** `file` is inside the scratch folder: the caller moves it away before the folder goes. */
export type ExecutionOutput =
  | { bytes: Uint8Array; file?: undefined; type: string }
  | { file: string; bytes?: undefined; type: string };

export interface ExecutionResult {
  output: ExecutionOutput;
  usage: ResourceUsage;
}

export interface Executor {
  readonly name: string;
  /** Larger inputs, and blobs, are for another executor. Absent: any size. */
  readonly largestInputBytes?: number;
  /** A run takes no slot: it is over before anything else could begin. */
  readonly slotless?: boolean;
  canExecute(skill: OfferedSkill): boolean;
  /** Whether the next run of the skill finds its code loaded and waiting. Absent: a run costs the same each time. */
  isWarm?(skill: OfferedSkill): boolean;
  /**
   * Runs to the end. Throws an `ErrandError`: `InvalidInput` (does not meet the skill's schema), `SkillFailed` (the code
   * threw, or its output breaks the schema), `LimitExceeded` (output or memory), or the reason of `signal` when aborted.
   */
  execute(execution: Execution, context: ExecutionContext): Promise<ExecutionResult>;
  /** Ends what still runs. Tolerates never-started and closed-twice. */
  close(): Promise<void>;
}
