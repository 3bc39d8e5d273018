/**
 * The tasks of this node as its users meet them: submit, look, wait, watch, cancel, explain. It joins the table, the
 * queue and the delegation, and takes up after a restart what the former life had accepted.
 */
import type { Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import { isTaskId, newTaskId, type PeerIdText, type TaskId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../storage/store.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Changes } from "./changes.ts";
import type { Delegation } from "./delegate.ts";
import { explainRecord, type TaskExplanation } from "./explain.ts";
import {
  findTasks,
  listRecords,
  loadAttempts,
  loadHistory,
  loadRecord,
  unfinishedRecords,
  type RecordFilter,
} from "./persist.ts";
import type { ReadyQueue } from "./ready-queue.ts";
import { newRecord, viewOf, type TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import { fillSpec } from "./submission.ts";
import type { TaskTable } from "./table.ts";
import type { Submission, TaskChange, TaskView } from "./task.ts";

export interface HomeOptions {
  self: PeerIdText;
  store: Store;
  table: TaskTable;
  queue: ReadyQueue<TaskRecord>;
  delegation: Delegation;
  blobs: BlobAccess;
  changes: Changes;
  clock: Clock;
  log: Log;
  discoveryWindowMs: number;
}

export interface Home {
  submit(submission: Submission): Promise<TaskView>;
  wait(id: TaskId, options?: { signal?: AbortSignal }): Promise<TaskView>;
  get(id: TaskId): Promise<TaskView>;
  list(filter: RecordFilter): Promise<TaskView[]>;
  cancel(id: TaskId, reason: string): Promise<TaskView>;
  explain(id: TaskId): Promise<TaskExplanation>;
  output(id: TaskId): Promise<Body>;
  watch(options: { id?: TaskId; signal: AbortSignal }): AsyncIterable<TaskChange>;
  /** Takes up the tasks of the former life: queued ones go on waiting, sent ones are asked after. */
  recover(): Promise<number>;
  stop(): void;
}

export function createHome(options: HomeOptions): Home {
  const { self, store, table, queue, delegation, changes, clock } = options;
  let stopped = false;

  const view = (record: TaskRecord): TaskView => viewOf(record, self, clock.now());

  async function submit(submission: Submission): Promise<TaskView> {
    if (stopped) throw new ErrandError("ShuttingDown", "this node is shutting down");
    if (store.failed !== undefined) throw toErrandError(store.failed, "StorageFailed");
    const spec = fillSpec(submission);
    queue.check(spec.priority);
    const input = await frameable(submission.input);
    const record = newRecord(newTaskId(), spec, input, clock.now());
    table.add(record);
    table.move(record, "queued", "");
    queue.push(record);
    armDeadline(record);
    // Sending need not wait for the disk: a task lost before its commit was never acknowledged, and its worker's lease ends.
    // Where at most one start is promised, the attempt must be known before it can begin.
    if (spec.onLost === "fail") await table.committed();
    delegation.pump();
    await table.committed();
    return view(record);
  }

  /** Bodies that fit into no frame go into the blob store. */
  async function frameable(input: Body): Promise<Body> {
    if (input.bytes === undefined || input.bytes.length <= limits.inlineBodyBytes) return input;
    return { blob: await options.blobs.putBytes(input.bytes), type: input.type };
  }

  function armDeadline(record: TaskRecord): void {
    const { taskTimeoutMs, queueTimeoutMs } = record.spec;
    const arm = (afterMs: number, run: () => void): void => {
      const cancel = clock.after(Math.max(0, afterMs), run);
      record.stop.signal.addEventListener("abort", cancel, { once: true });
    };
    const age = clock.now() - record.createdAt;
    if (taskTimeoutMs !== undefined) {
      arm(taskTimeoutMs - age, () =>
        delegation.end(
          record,
          "timeout",
          new ErrandError("TaskTimeout", `the task was not done within ${taskTimeoutMs} ms`),
        ),
      );
    }
    if (queueTimeoutMs !== undefined) {
      arm(queueTimeoutMs - age, () => {
        if (record.attemptsMade === 0)
          delegation.end(
            record,
            "timeout",
            new ErrandError("TaskTimeout", `the task found no worker within ${queueTimeoutMs} ms`),
          );
      });
    }
  }

  /** The full id of a possibly shortened one. */
  async function resolve(id: string): Promise<TaskId> {
    const text = id.toLowerCase();
    if (isTaskId(text)) return text;
    if (!/^[0-9a-f-]{4,36}$/.test(text)) {
      throw new ErrandError("InvalidInput", `"${id.slice(0, 64)}" is not a task id`, {
        hint: "Use an id as `errand task list` prints it; at least four characters of its beginning or end are enough where unique.",
      });
    }
    const found = new Set(await findTasks(store, text));
    for (const known of table.live.keys())
      if (known.startsWith(text) || known.endsWith(text)) found.add(known);
    if (found.size === 0) throw notFound(id);
    if (found.size > 1)
      throw new ErrandError("Ambiguous", `"${id}" is the beginning or end of ${found.size} task ids`, {
        hint: "Give more characters.",
        details: { ids: [...found].slice(0, 10) },
      });
    return found.values().next().value as TaskId;
  }

  async function record(id: string): Promise<TaskRecord> {
    const full = await resolve(id);
    const known = table.get(full) ?? (await loadRecord(store, full));
    if (known === undefined) throw notFound(id);
    return known;
  }

  return {
    submit,
    get: async (id) => view(await record(id)),
    async wait(id, { signal } = {}) {
      const found = await record(id);
      await ended(table, found, signal);
      return view(found);
    },
    async list(filter) {
      await table.committed();
      return (await listRecords(store, filter)).map((stored) => view(table.get(stored.id) ?? stored));
    },
    async cancel(id, reason) {
      const found = await record(id);
      if (isTerminal(found.state)) {
        throw new ErrandError("Conflict", `task ${found.id} is ${found.state} already`, {
          hint: "A task that has ended cannot be cancelled.",
        });
      }
      delegation.end(
        found,
        "cancelled",
        new ErrandError("Cancelled", reason === "" ? "cancelled by the user" : reason),
      );
      await ended(table, found);
      return view(found);
    },
    async explain(id) {
      const found = await record(id);
      await table.committed();
      const [attempts, history] = await Promise.all([
        loadAttempts(store, found.id),
        loadHistory(store, found.id),
      ]);
      return explainRecord(found, attempts, history, {
        self,
        nowAt: clock.now(),
        discoveryWindowMs: options.discoveryWindowMs,
      });
    },
    async output(id) {
      const found = await record(id);
      if (found.output === undefined) {
        throw new ErrandError("NotFound", `task ${found.id} is ${found.state} and has no output`, {
          hint: isTerminal(found.state) ? undefined : "Wait for its end: errand task wait ID",
        });
      }
      return found.output;
    },
    watch: (watching) => changes.watch(watching),
    async recover() {
      const records = await unfinishedRecords(store);
      for (const found of records) {
        table.adopt(found);
        armDeadline(found);
        const sent =
          found.state === "assigned" ||
          found.state === "running" ||
          found.state === "verifying" ||
          found.state === "preparing";
        if (sent && found.peer !== "" && found.peer !== self) delegation.adopt(found);
        else {
          if (found.state !== "queued")
            table.move(
              found,
              "queued",
              sent ? "this node was restarted while it ran the task" : "this node was restarted",
            );
          queue.push(found);
        }
      }
      delegation.pump();
      return records.length;
    },
    stop() {
      stopped = true;
      delegation.stop();
    },
  };
}

function ended(table: TaskTable, record: TaskRecord, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(toErrandError(signal.reason, "WaitTimeout"));
    const aborted = (): void => reject(waitEnded(signal?.reason, record));
    signal?.addEventListener("abort", aborted, { once: true });
    table.whenEnded(record, (error) => {
      signal?.removeEventListener("abort", aborted);
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

function waitEnded(reason: unknown, record: TaskRecord): ErrandError {
  if (reason instanceof ErrandError) return reason;
  return new ErrandError("WaitTimeout", `task ${record.id} is still ${record.state}`, {
    hint: `It goes on; follow it with: errand task watch ${record.id}`,
    details: { id: record.id },
  });
}

function notFound(id: string): ErrandError {
  return new ErrandError("NotFound", `there is no task ${id.slice(0, 64)} on this node`, {
    hint: "Tasks are known only to the node they were submitted to; see `errand task list`.",
  });
}
