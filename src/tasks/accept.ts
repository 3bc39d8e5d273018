/**
 * From a submission to a task that this home has taken on: checked, deduplicated, stored, and on its way. Everything after
 * the acknowledgement is the delegation's.
 */
import type { Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import { newTaskId, type TaskId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Store } from "../storage/store.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Delegation } from "./delegate.ts";
import { createIdempotency, keyConflict } from "./idempotency.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import type { CachedResult, ResultCache } from "./result-cache.ts";
import { newRecord, stopRecord, stopSignalOf, type TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import { fillSpec } from "./submission.ts";
import type { TaskTable } from "./table.ts";
import type { Submission, TaskSpec } from "./task.ts";

export interface AcceptOptions {
  store: Store;
  table: TaskTable;
  queue: ReadyQueue<TaskRecord>;
  delegation: Delegation;
  blobs: BlobAccess;
  cache?: Pick<ResultCache, "find" | "twin" | "follow">;
  clock: Clock;
  /** A task of this home, live or stored. */
  find(id: TaskId): Promise<TaskRecord | undefined>;
}

export interface Accepting {
  /** Resolves once the task is on disk. */
  submit(submission: Submission): Promise<TaskRecord>;
  /** All in one commit; what cannot be taken on is an error in its place. */
  submitMany(submissions: readonly Submission[]): Promise<(TaskRecord | ErrandError)[]>;
  /** Deadlines of the whole task and of its wait; also for tasks taken up after a restart. */
  armDeadlines(record: TaskRecord): void;
  stop(): void;
}

export function createAccepting(options: AcceptOptions): Accepting {
  const { store, table, queue, delegation, cache, clock } = options;
  const idempotency = createIdempotency(store, () => table.committed());
  let stopped = false;

  async function submit(submission: Submission): Promise<TaskRecord> {
    const record = await take(submission);
    // Sending need not wait for the disk: a task lost before its commit was never acknowledged, and its worker's lease ends.
    delegation.pump();
    await table.committed();
    return record;
  }

  /** Everything but the commit. May throw at once. */
  function take(submission: Submission): Promise<TaskRecord> {
    if (stopped) throw new ErrandError("ShuttingDown", "this node is shutting down");
    if (store.failed !== undefined) throw toErrandError(store.failed, "StorageFailed");
    const spec = fillSpec(submission);
    return spec.idempotencyKey === undefined
      ? add(spec, submission.input)
      : addOnce(spec, submission.input, spec.idempotencyKey);
  }

  async function addOnce(spec: TaskSpec, input: Body, key: string): Promise<TaskRecord> {
    const asked = newRecord(newTaskId(), spec, await frameable(input), clock.now());
    const { id, fresh } = await idempotency.once(key, async () => (await add(spec, asked.input)).id);
    const record = await options.find(id);
    if (record === undefined) throw new ErrandError("Internal", `task ${id} vanished while it was submitted`);
    const same = record.spec.skill === spec.skill && Buffer.from(record.inputHash).equals(asked.inputHash);
    if (!fresh && !same) throw keyConflict(key, id);
    return record;
  }

  async function add(spec: TaskSpec, body: Body): Promise<TaskRecord> {
    const large = body.bytes !== undefined && body.bytes.length > limits.inlineBodyBytes;
    const record = newRecord(newTaskId(), spec, large ? await frameable(body) : body, clock.now());
    if (spec.parentId !== undefined) await checkParent(spec.parentId);
    // What is to be verified is not taken from a task of which nobody knows whether it was.
    const shared = spec.cache && (spec.verify === undefined || spec.verify.auto === false);
    const result = shared ? await cache?.find(record) : undefined;
    // A check is part of a task that was accepted.
    if (spec.check === undefined) queue.check(spec.priority);
    if (table.live.size >= limits.liveTasks) {
      throw new ErrandError(
        "QueueFull",
        `${table.live.size} tasks of this node have not ended; at most ${limits.liveTasks} may`,
        { retryAfterMs: 10_000 },
      );
    }
    // It may have ended while the cache was looked up.
    if (spec.parentId !== undefined) refuseEnded(spec.parentId, table.get(spec.parentId));
    table.add(record);
    if (spec.idempotencyKey !== undefined) idempotency.bind(spec.idempotencyKey, record.id, record.createdAt);
    if (result !== undefined) return complete(record, result);
    armDeadlines(record);
    if (record.notBefore !== undefined && record.notBefore > record.createdAt) {
      table.move(record, "scheduled", "");
      delegation.sleep(record);
      return record;
    }
    const twin = shared ? cache?.twin(record) : undefined;
    if (twin === undefined) enqueue(record);
    else {
      // It takes up room in the queue; the twin's end wakes it, and a restart does.
      queue.park(record);
      cache?.follow(record, twin, {
        // Paused meanwhile, it goes its own way once it is resumed.
        done(follower, leader) {
          if (follower.state === "pending")
            complete(follower, { ...resultOf(leader), taskId: leader.id, peer: leader.peer });
        },
        alone(follower) {
          if (follower.state !== "pending") return;
          queue.remove(follower);
          enqueue(follower);
          delegation.pump();
        },
      });
    }
    return record;
  }

  function enqueue(record: TaskRecord): void {
    table.move(record, "queued", "");
    queue.push(record);
  }

  async function checkParent(id: TaskId): Promise<void> {
    refuseEnded(id, await options.find(id));
  }

  /** Bodies that fit into no frame go into the blob store. */
  async function frameable(input: Body): Promise<Body> {
    if (input.bytes === undefined || input.bytes.length <= limits.inlineBodyBytes) return input;
    return { blob: await options.blobs.putBytes(input.bytes), type: input.type };
  }

  /** Somebody has computed exactly this before. */
  function complete(record: TaskRecord, result: CachedResult): TaskRecord {
    table.move(record, "queued", "");
    record.output = result.output;
    record.outputHash = result.outputHash;
    record.executedVersion = result.executedVersion;
    record.progress = 1;
    record.cached = true;
    record.peer = result.peer;
    queue.remove(record);
    table.move(record, "completed", `the result of task ${result.taskId}`);
    stopRecord(record);
    return record;
  }

  function armDeadlines(record: TaskRecord): void {
    const { taskTimeoutMs, queueTimeoutMs } = record.spec;
    if (taskTimeoutMs === undefined && queueTimeoutMs === undefined) return;
    const age = clock.now() - record.createdAt;
    const arm = (afterMs: number, run: () => void): void => {
      const cancel = clock.after(Math.max(0, afterMs - age), run);
      stopSignalOf(record).addEventListener("abort", cancel, { once: true });
    };
    const timeout = (message: string): void =>
      delegation.end(record, "timeout", new ErrandError("TaskTimeout", message));
    if (taskTimeoutMs !== undefined)
      arm(taskTimeoutMs, () => timeout(`the task was not done within ${taskTimeoutMs} ms`));
    if (queueTimeoutMs !== undefined) {
      arm(queueTimeoutMs, () => {
        if (record.attemptsMade === 0) timeout(`the task found no worker within ${queueTimeoutMs} ms`);
      });
    }
  }

  return {
    submit,
    async submitMany(submissions) {
      const taken = await Promise.all(
        submissions.map(async (submission) => {
          try {
            return await take(submission);
          } catch (error) {
            return toErrandError(error);
          }
        }),
      );
      delegation.pump();
      await table.committed();
      return taken;
    },
    armDeadlines,
    stop() {
      stopped = true;
    },
  };
}

function resultOf(record: TaskRecord): Pick<CachedResult, "output" | "outputHash" | "executedVersion"> {
  const { output, outputHash, executedVersion } = record;
  if (output === undefined || outputHash === undefined)
    throw new ErrandError("Internal", `task ${record.id} is complete without an output`);
  return { output, outputHash, executedVersion };
}

function refuseEnded(id: TaskId, parent: TaskRecord | undefined): void {
  if (parent === undefined) throw new ErrandError("NotFound", `the parent task ${id} is not on this node`);
  if (!isTerminal(parent.state)) return;
  throw new ErrandError("Conflict", `the parent task ${id} is ${parent.state} already`, {
    hint: "Only a task that has not ended can have children.",
  });
}
