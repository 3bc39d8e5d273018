/**
 * The tasks of this node as its users meet them: submit, look, wait, watch, control, explain. It joins what the other files
 * of this folder do, and takes up after a restart what the former life had accepted.
 */
import type { Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import { isTaskId, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../storage/store.ts";
import { createAccepting } from "./accept.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Changes } from "./changes.ts";
import { createControl } from "./control.ts";
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
import type { ResultCache } from "./result-cache.ts";
import { viewOf, type TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import type { HistoryEntry, Submission, TaskChange, TaskView } from "./task.ts";
import type { Ledger } from "./verification/ledger.ts";
import type { Verification } from "./verification/verification.ts";

export interface HomeOptions {
  self: PeerIdText;
  store: Store;
  table: TaskTable;
  queue: ReadyQueue<TaskRecord>;
  delegation: Delegation;
  blobs: BlobAccess;
  cache?: ResultCache;
  changes: Changes;
  clock: Clock;
  log: Log;
  discoveryWindowMs: number;
  /** Of answers whose check takes time. */
  checks?: Pick<Verification, "load" | "holds"> & { verdicts: Ledger["of"] };
  /** The operator's word on a submission that is made from an old task. */
  before?(submission: Submission): Promise<Submission>;
}

export interface Home {
  submit(submission: Submission): Promise<TaskView>;
  submitMany(submissions: readonly Submission[]): Promise<(TaskView | ErrandError)[]>;
  pause(id: TaskId): Promise<TaskView>;
  resume(id: TaskId): Promise<TaskView>;
  retry(id: TaskId): Promise<TaskView>;
  rerun(id: TaskId): Promise<TaskView>;
  move(id: TaskId, peer?: PeerIdText): Promise<TaskView>;
  history(id: TaskId): Promise<HistoryEntry[]>;
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
  const accepting = createAccepting({
    ...options,
    find: async (id) => table.get(id) ?? (await loadRecord(store, id)),
  });
  const control = createControl({
    table,
    delegation,
    accepting,
    before: options.before ?? (async (submission) => submission),
  });

  const view = (record: TaskRecord): TaskView => viewOf(record, self, clock.now());

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

  /** Does something to a task, and shows it once that is on disk. */
  async function act(id: string, action: (found: TaskRecord) => unknown): Promise<TaskView> {
    const found = await record(id);
    await action(found);
    await table.committed();
    return view(found);
  }

  return {
    submit: async (submission) => view(await accepting.submit(submission)),
    async submitMany(submissions) {
      const taken = await accepting.submitMany(submissions);
      return taken.map((one) => (one instanceof ErrandError ? one : view(one)));
    },
    pause: (id) => act(id, control.pause),
    resume: (id) => act(id, control.resume),
    move: (id, peer) => act(id, (found) => control.move(found, peer)),
    retry: async (id) => view(await control.retry(await record(id))),
    rerun: async (id) => view(await control.rerun(await record(id))),
    async history(id) {
      const found = await record(id);
      await table.committed();
      return loadHistory(store, found.id);
    },
    async get(id) {
      const found = await record(id);
      const shown = view(found);
      // An end is shown to nobody before it is on disk.
      if (table.isEnding(found.id)) await table.committed();
      return shown;
    },
    async wait(id, { signal } = {}) {
      const found = table.get(id) ?? (await record(id));
      await ended(table, found, signal);
      return view(found);
    },
    async list(filter) {
      await table.committed();
      return (await listRecords(store, filter)).map((stored) => view(table.get(stored.id) ?? stored));
    },
    async cancel(id, reason) {
      const found = await record(id);
      control.cancel(found, reason);
      await ended(table, found);
      return view(found);
    },
    async explain(id) {
      const found = await record(id);
      await table.committed();
      const [attempts, verdicts, history] = await Promise.all([
        loadAttempts(store, found.id),
        options.checks?.verdicts(found.id) ?? [],
        loadHistory(store, found.id),
      ]);
      return explainRecord(found, attempts, verdicts, history, {
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
      await options.checks?.load();
      const records = await unfinishedRecords(store);
      for (const found of records) {
        table.adopt(found);
        accepting.armDeadlines(found);
        takeUp(found);
      }
      delegation.pump();
      return records.length;
    },
    stop() {
      accepting.stop();
      delegation.stop();
    },
  };

  /** A task of the former life goes on from where its row says it was. */
  function takeUp(found: TaskRecord): void {
    const sent =
      found.state === "assigned" ||
      found.state === "preparing" ||
      found.state === "running" ||
      found.state === "verifying";
    if (found.state === "paused") return;
    if ((found.state === "scheduled" || found.state === "retrying") && found.notBefore !== undefined)
      return delegation.sleep(found);
    if (found.state === "verifying" && options.checks?.holds(found.id) === true)
      return delegation.recheck(found);
    if (sent && found.peer !== "" && found.peer !== self) return delegation.adopt(found);
    if (sent && found.spec.onLost === "fail") {
      return delegation.end(
        found,
        "failed",
        new ErrandError("Lost", "this node was restarted while it ran the task"),
      );
    }
    if (found.state !== "queued")
      table.move(
        found,
        "queued",
        sent ? "this node was restarted while it ran the task" : "this node was restarted",
      );
    queue.push(found);
  }
}

function ended(table: TaskTable, record: TaskRecord, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const told = (error?: Error): void => (error === undefined ? resolve() : reject(error));
    if (signal === undefined) return void table.whenEnded(record, told);
    if (signal.aborted) return reject(toErrandError(signal.reason, "WaitTimeout"));
    const aborted = (): void => {
      forget();
      reject(waitEnded(signal.reason, record));
    };
    signal.addEventListener("abort", aborted, { once: true });
    const forget = table.whenEnded(record, (error) => {
      signal.removeEventListener("abort", aborted);
      told(error);
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
