/** Exit codes: part of the interface, listed in README.md of this folder. */
import type { ErrorCode, ErrorJson } from "../src/core/errors.ts";
import type { TaskView } from "../src/node/node.ts";

export const exitCodes = {
  done: 0,
  failure: 1,
  usage: 2,
  nodeUnreachable: 3,
  unauthorized: 4,
  waitTimeout: 5,
  taskFailed: 10,
  taskTimeout: 11,
  cancelled: 12,
  noCapablePeer: 13,
  /** As shells say: ended by SIGINT. The task goes on. */
  interrupted: 130,
} as const;

const byError: Partial<Record<ErrorCode, number>> = {
  InvalidInput: exitCodes.usage,
  InvalidConfig: exitCodes.usage,
  NodeUnreachable: exitCodes.nodeUnreachable,
  Unauthorized: exitCodes.unauthorized,
  WaitTimeout: exitCodes.waitTimeout,
  TaskTimeout: exitCodes.taskTimeout,
  Cancelled: exitCodes.cancelled,
  NoCapablePeer: exitCodes.noCapablePeer,
};

/** For a command that failed. */
export function exitCodeOfError({ code }: Pick<ErrorJson, "code">): number {
  return byError[code] ?? exitCodes.failure;
}

/** For a task that was waited for. */
export function exitCodeOfTask({ status, reason, error }: TaskView): number {
  if (status === "completed") return exitCodes.done;
  if (status === "timeout") return exitCodes.taskTimeout;
  if (status === "cancelled") return exitCodes.cancelled;
  return reason === "no-capable-peer" || error?.code === "NoCapablePeer"
    ? exitCodes.noCapablePeer
    : exitCodes.taskFailed;
}
