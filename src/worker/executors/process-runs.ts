/**
 * The runs that a warm process has: whom its messages are for, and what becomes of them when it ends. Why a run ends decides
 * whether its task is tried again, and at whose cost.
 */
import { ErrandError } from "../../core/errors.ts";
import type { FromProcess, ProcessHello, ProcessResult } from "../../skills/process-messages.ts";

/** What one run hears of its process. */
export interface RunEars {
  progress(fraction: unknown, message: unknown): void;
  log(message: string): void;
}

export interface ActiveRun {
  ears: RunEars;
  reply: PromiseWithResolvers<ProcessResult>;
}

export function deliver(
  message: Exclude<FromProcess, ProcessHello>,
  active: ReadonlyMap<string, ActiveRun>,
): void {
  if (message.type === "log") {
    const ears = message.id === undefined ? active.values().next().value?.ears : active.get(message.id)?.ears;
    return ears?.log(message.message);
  }
  // A run that has ended already may still be spoken of: its cancel and its end crossed.
  const run = active.get(message.id);
  if (run === undefined) return;
  if (message.type === "progress") return run.ears.progress(message.fraction, message.message);
  if (message.type === "result") return run.reply.resolve(message);
  const { code, retryable } = message;
  run.reply.reject(
    new ErrandError(code, message.message, {
      retryable: retryable ?? code === "SkillFailed",
    }),
  );
}

export function skillsOf({ skills }: ProcessHello): Map<string, string> {
  const versions = new Map<string, string>();
  for (const skill of skills) {
    const { id, version } = (skill ?? {}) as { id?: unknown; version?: unknown };
    if (typeof id === "string" && typeof version === "string") versions.set(id, version);
  }
  return versions;
}

export function endRuns(active: Map<string, ActiveRun>, error: ErrandError): void {
  for (const run of active.values()) run.reply.reject(error);
  active.clear();
}

/** "Give it to somebody else": nothing speaks against the task. */
export function lostWith(why: string): ErrandError {
  return new ErrandError("Lost", `the skill's process ended under it: ${why}`);
}

export function memoryError(usedBytes: number, mostBytes: number): ErrandError {
  const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);
  return new ErrandError(
    "LimitExceeded",
    `the skill's process used ${mib(usedBytes)} MiB of memory; ${mib(mostBytes)} are allowed`,
    { hint: "Give it less to do at once." },
  );
}

export function closed(): ErrandError {
  return new ErrandError("ShuttingDown", "this node is shutting down");
}
