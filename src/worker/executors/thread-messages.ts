/** What the node's thread and a worker thread say to each other about one run. Plain data: it is cloned on the way. */
import type { MessagePort } from "node:worker_threads";
import type { Body } from "../../core/body.ts";
import type { ErrorJson } from "../../core/errors.ts";
import type { OfferedSkill, SkillDefinition } from "../../skills/skill.ts";
import type { ExecutionOutput, ResourceUsage } from "../executor.ts";

export type ThreadRequest =
  | {
      kind: "run";
      skill: OfferedSkill;
      input: Body;
      inputPath: string | undefined;
      outputBytes: number;
      deadline: number;
      scratchDir: string;
      /** Progress and log come out of it, the cancel goes in. */
      port: MessagePort;
    }
  /** Only the parsing and checking, for a command whose input or output is too large for the node's own thread. */
  | {
      kind: "input";
      definition: SkillDefinition;
      input: Body;
      inputPath: string | undefined;
      scratchDir: string;
    }
  | { kind: "output"; definition: SkillDefinition; bytes: Uint8Array; outputBytes: number };

export type ThreadReply = { output: ExecutionOutput; usage: ResourceUsage } | { error: ErrorJson };

/** From the thread. */
export type ThreadReport = { progress: number; message: string } | { log: string };

/** To the thread: the run is over, for this reason. */
export interface ThreadAbort {
  abort: ErrorJson;
}
