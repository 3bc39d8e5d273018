/**
 * The tasks of the fake node: it keeps them, runs a few made-up skills and moves them when the test says so.
 *
 *     echo   completes with its input           fail      fails with SkillFailed
 *     hold   runs until `finish` or cancel      nobody    fails: no capable peer
 *     bytes  completes with a blob (text)       late      ends as timeout
 */
import { jsonBody, type Body } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { newTaskId } from "../../src/core/ids.ts";
import {
  isTerminal,
  type ErrandNode,
  type Submission,
  type TaskChange,
  type TaskState,
  type TaskView,
} from "../../src/node/node.ts";
import { explained, otherPeer, startedAt, taskView } from "./fake-views.ts";

export interface FakeTasks {
  readonly api: ErrandNode["tasks"];
  readonly submissions: Submission[];
  progress(id: string, fraction: number, message: string): void;
  finish(id: string, output: unknown): void;
  /** The next call of `submit` throws this. */
  failNextSubmit(error: Error): void;
  /** Resolves when somebody watches, from this call on. */
  watched(): Promise<void>;
}

interface Watcher {
  id: string | undefined;
  queue: TaskChange[];
  wake: () => void;
}

/** `keep` stores a blob; `decisions` hears of moves. */
export function createFakeTasks(options: {
  keep(bytes: Buffer): { hash: string; sizeBytes: number };
  decisions: string[];
}): FakeTasks {
  const { keep, decisions } = options;
  const tasks = new Map<string, TaskView>();
  const outputs = new Map<string, Body>();
  const watchers = new Set<Watcher>();
  const submissions: Submission[] = [];
  let seq = 0;
  let submitError: Error | undefined;
  let onWatch: (() => void)[] = [];

  function change(id: string, event: TaskChange["event"], patch: Partial<TaskView>): TaskView {
    const task = { ...found(tasks.get(id), id), ...patch };
    if (isTerminal(task.status)) task.finishedAt = new Date(startedAt + 1_000).toISOString();
    tasks.set(id, task);
    seq++;
    for (const watcher of watchers) {
      if (watcher.id !== undefined && watcher.id !== id) continue;
      watcher.queue.push({ seq, event, task });
      watcher.wake();
    }
    return task;
  }

  function complete(id: string, body: Body): TaskView {
    outputs.set(id, body);
    const inline = body.bytes !== undefined && body.type === "application/json";
    return change(id, "TaskCompleted", {
      status: "completed",
      progress: 1,
      output: inline ? JSON.parse(Buffer.from(body.bytes).toString()) : null,
      outputRef: body.blob === undefined ? null : { ...body.blob, type: body.type },
      usage: { wallMs: 5, cpuMs: 4, peakMemoryBytes: 1024 },
    });
  }

  function fail(id: string, status: TaskState, reason: string, error: ErrandError): TaskView {
    return change(id, "TaskFailed", { status, reason, error: error.toJSON() });
  }

  function run(id: string, { skill, input }: Submission): TaskView {
    change(id, "TaskAssigned", { status: "running", peer: otherPeer, attempts: 1 });
    switch (skill) {
      case "echo":
        return complete(id, input);
      case "bytes":
        return complete(id, { blob: keep(Buffer.from("plain text\n")), type: "text/plain" });
      case "fail":
        return fail(id, "failed", "error", new ErrandError("SkillFailed", "the skill threw: no luck"));
      case "late":
        return fail(id, "timeout", "expired", new ErrandError("TaskTimeout", "no result within 1 s"));
      case "nobody": {
        const error = new ErrandError("NoCapablePeer", "no known peer offers it", {
          hint: "Start one that does.",
        });
        return fail(id, "failed", "no-capable-peer", error);
      }
      default:
        return found(tasks.get(id), id);
    }
  }

  function resolveTask(text: string): TaskView {
    const ids = [...tasks.keys()].filter((id) => id.startsWith(text) || id.endsWith(text));
    if (ids.length > 1) throw new ErrandError("Ambiguous", `${ids.length} tasks match ${text}`);
    return found(tasks.get(ids[0] ?? ""), text);
  }

  async function* watch(options: { id?: string; signal: AbortSignal }): AsyncGenerator<TaskChange> {
    const watcher: Watcher = { id: options.id, queue: [], wake: () => undefined };
    watchers.add(watcher);
    for (const tell of onWatch) tell();
    onWatch = [];
    const wake = (): void => watcher.wake();
    options.signal.addEventListener("abort", wake);
    try {
      while (!options.signal.aborted) {
        const next = watcher.queue.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
      }
    } finally {
      options.signal.removeEventListener("abort", wake);
      watchers.delete(watcher);
    }
  }

  const api: ErrandNode["tasks"] = {
    async submit(submission) {
      if (submitError !== undefined) {
        const error = submitError;
        submitError = undefined;
        throw error;
      }
      submissions.push(submission);
      const view = taskView(newTaskId(), submission);
      tasks.set(view.id, view);
      change(view.id, "TaskSubmitted", {});
      return run(view.id, submission);
    },
    async wait(id, { signal } = {}) {
      const ended = new AbortController();
      const until = AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]);
      const changes = watch({ id, signal: until });
      const next = changes.next();
      try {
        const now = found(tasks.get(id), id);
        if (isTerminal(now.status)) return now;
        for (let change = await next; change.done !== true; change = await changes.next()) {
          if (isTerminal(change.value.task.status)) return change.value.task;
        }
      } finally {
        ended.abort();
      }
      throw signal?.reason;
    },
    get: async (id) => resolveTask(id),
    list: async ({ states, skill, peer, label, limit = 50, before }) =>
      [...tasks.values()]
        .toReversed()
        .filter((task) => states?.includes(task.status) ?? true)
        .filter((task) => skill === undefined || task.skill === skill)
        .filter((task) => peer === undefined || task.peer === peer)
        .filter((task) => label === undefined || task.labels[label[0]] === label[1])
        .filter((task) => before === undefined || task.id < before)
        .slice(0, limit),
    async cancel(id, reason) {
      const task = resolveTask(id);
      if (isTerminal(task.status)) throw new ErrandError("Conflict", `the task is ${task.status} already`);
      return change(task.id, "TaskCancelled", { status: "cancelled", reason });
    },
    submitMany: (all) => Promise.all(all.map((one) => api.submit(one))),
    pause: async (id) => change(resolveTask(id).id, "TaskState", { status: "paused" }),
    resume: async (id) => change(resolveTask(id).id, "TaskState", { status: "queued" }),
    retry: async (id) => api.submit(submissionOf(resolveTask(id))),
    rerun: async (id) => api.submit(submissionOf(resolveTask(id))),
    async move(id, peer) {
      decisions.push(`move ${peer ?? "anywhere"}`);
      return resolveTask(id);
    },
    async history(id) {
      const task = resolveTask(id);
      return [{ at: startedAt, from: "pending", to: task.status, attempt: 0, peer: "", reason: "" }];
    },
    async explain(id) {
      const task = resolveTask(id);
      return {
        id: task.id,
        status: task.status,
        summary: "It ran where it was fastest.",
        ...explained(task),
      };
    },
    async output(id) {
      const task = resolveTask(id);
      const body = outputs.get(task.id);
      if (body === undefined) throw new ErrandError("NotFound", "the task has no output");
      return body;
    },
    watch,
  };
  return {
    api,
    submissions,
    progress: (id, fraction, message) =>
      void change(id, "TaskProgress", { progress: fraction, progressMessage: message }),
    finish: (id, output) => void complete(id, jsonBody(output)),
    failNextSubmit(error) {
      submitError = error;
    },
    watched: () => new Promise((resolve) => onWatch.push(resolve)),
  };
}

function found(task: TaskView | undefined, id: string): TaskView {
  if (task === undefined) throw new ErrandError("NotFound", `there is no task ${id}`);
  return task;
}

function submissionOf(task: TaskView): Submission {
  return { skill: task.skill, input: { bytes: Buffer.from("{}"), type: "application/json" } };
}
