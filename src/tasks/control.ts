/**
 * What a user may do to a task that is there: cancel, pause, resume, retry, rerun, move. Cancelling reaches the children,
 * and theirs.
 */
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Accepting } from "./accept.ts";
import type { Delegation } from "./delegate.ts";
import type { TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import type { Submission } from "./task.ts";

export interface ControlOptions {
  table: TaskTable;
  delegation: Delegation;
  accepting: Accepting;
  /** What every submission goes through first: the operator's hook. */
  before(submission: Submission): Promise<Submission>;
}

export interface Control {
  /** Throws `Conflict` when it has ended. */
  cancel(record: TaskRecord, reason: string): void;
  pause(record: TaskRecord): void;
  resume(record: TaskRecord): void;
  /** A new task like one that failed, timed out or was cancelled. */
  retry(record: TaskRecord): Promise<TaskRecord>;
  /** A new task like one that has ended, however; never from the cache. */
  rerun(record: TaskRecord): Promise<TaskRecord>;
  move(record: TaskRecord, peer: PeerIdText | undefined): void;
}

export function createControl({ table, delegation, accepting, before }: ControlOptions): Control {
  table.onMove((record) => {
    if (record.state !== "cancelled") return;
    for (const child of table.childrenOf(record.id)) {
      delegation.end(
        child,
        "cancelled",
        new ErrandError("Cancelled", `its parent ${record.id} was cancelled`),
      );
    }
  });

  async function again(
    record: TaskRecord,
    label: "retryOf" | "rerunOf",
    cache: boolean,
  ): Promise<TaskRecord> {
    const { idempotencyKey: _key, notBefore: _time, graph: _graph, parentId: _parent, ...rest } = record.spec;
    const { check: _check, ...spec } = rest;
    const submission: Submission = {
      ...spec,
      input: record.input,
      cache: cache && spec.cache,
      labels: { ...spec.labels, [label]: record.id },
    };
    return accepting.submit(await before(submission));
  }

  return {
    cancel(record, reason) {
      refuseEnded(record, "cancelled");
      delegation.end(
        record,
        "cancelled",
        new ErrandError("Cancelled", reason === "" ? "cancelled by the user" : reason),
      );
    },
    pause(record) {
      refuseEnded(record, "paused");
      if (record.state !== "paused") delegation.pause(record);
    },
    resume(record) {
      refuseEnded(record, "resumed");
      delegation.resume(record);
    },
    async retry(record) {
      if (!isTerminal(record.state) || record.state === "completed") {
        throw new ErrandError("Conflict", `task ${record.id} is ${record.state}`, {
          hint:
            record.state === "completed"
              ? `To run it once more: errand task rerun ${record.id}`
              : "It has not ended; there is nothing to retry.",
        });
      }
      return again(record, "retryOf", true);
    },
    async rerun(record) {
      if (!isTerminal(record.state))
        throw new ErrandError("Conflict", `task ${record.id} is ${record.state}`, {
          hint: "Wait for its end, or cancel it.",
        });
      return again(record, "rerunOf", false);
    },
    move(record, peer) {
      refuseEnded(record, "moved");
      if (record.spec.peer !== undefined)
        throw new ErrandError("Conflict", `task ${record.id} was submitted for ${record.spec.peer} alone`);
      delegation.move(record, peer);
    },
  };
}

function refuseEnded(record: TaskRecord, what: string): void {
  if (!isTerminal(record.state)) return;
  throw new ErrandError("Conflict", `task ${record.id} is ${record.state} already`, {
    hint: `A task that has ended cannot be ${what}.`,
  });
}
