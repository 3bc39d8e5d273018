/**
 * The run itself: submits jobs at the home, watches them, kills the busiest worker half way, and waits for all. What
 * happened is then read back from the home's own records.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Explanation, PeerView, TaskChange, TaskView } from "../../src/node/node.ts";
import type { RunningNode } from "./mesh.ts";
import { longSkill, type Job } from "./work.ts";

export interface Outcome {
  job: Job;
  task: TaskView;
  explanation: Explanation;
  /** What is wrong with the answer, or "". */
  problem: string;
}

export interface Kill {
  node: RunningNode;
  /** ms since the epoch. */
  at: number;
  /** Tasks done and submitted at that moment. */
  done: number;
  of: number;
  /** Ids of the tasks that it was working on, or had accepted. */
  held: string[];
}

export interface Progress {
  done: number;
  of: number;
  /** Tasks in hand, by PeerId. */
  inHand: Map<string, number>;
}

/** Resolves when the home knows all `nodes` with their skills, and is connected to them. */
export async function waitForCards(
  home: RunningNode,
  nodes: readonly RunningNode[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { peers } = await home.client.call<{ peers: PeerView[] }>("GET", "/v1/peers", { signal });
    const known = (node: RunningNode): boolean =>
      peers.some(
        ({ id, connected, skills }) =>
          id === node.peerId && connected && skills.length === node.skills.length,
      );
    if (nodes.every(known)) return;
    await delay(50, undefined, { signal });
  }
}

/** The tasks of one home as its event stream tells them. */
export class Watch {
  readonly #tasks = new Map<string, TaskView>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #onChange: () => void = () => undefined;

  constructor(home: RunningNode, onProgress: (progress: Progress) => void) {
    this.#ended = this.#follow(home, onProgress).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    // Told at the end, by `stop`.
    this.#ended.catch(() => undefined);
  }

  async #follow(home: RunningNode, onProgress: (progress: Progress) => void): Promise<void> {
    for await (const { data } of home.client.events("/v1/events", {
      signal: this.#stop.signal,
      reconnectMs: 5_000,
    })) {
      const { task } = JSON.parse(data) as TaskChange;
      if (task !== undefined) this.#tasks.set(task.id, task);
      onProgress(this.progress());
      this.#onChange();
    }
  }

  progress(): Progress {
    const inHand = new Map<string, number>();
    for (const { finishedAt, peer } of this.#tasks.values())
      if (finishedAt === null && peer !== "") inHand.set(peer, (inHand.get(peer) ?? 0) + 1);
    const done = [...this.#tasks.values()].filter(({ finishedAt }) => finishedAt !== null).length;
    return { done, of: this.#tasks.size, inHand };
  }

  heldBy(peer: string): TaskView[] {
    return [...this.#tasks.values()].filter((task) => task.finishedAt === null && task.peer === peer);
  }

  tasks(): TaskView[] {
    return [...this.#tasks.values()];
  }

  /** Resolves with what `find` finds, looking again after each change. */
  async until<T>(find: () => T | undefined, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#onChange = resolve;
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

export async function submitAll(
  home: RunningNode,
  jobs: readonly Job[],
  signal: AbortSignal,
): Promise<string[]> {
  const tasks = await Promise.all(
    jobs.map(({ submission }) =>
      home.client.call<TaskView>("POST", "/v1/tasks", { body: submission, signal }),
    ),
  );
  return tasks.map(({ id }) => id);
}

/** Kills the worker that has most in hand, once half of all is done and it is in the middle of a long task. */
export async function killBusiest(
  watch: Watch,
  workers: readonly RunningNode[],
  of: number,
  signal: AbortSignal,
): Promise<Kill> {
  const isLong = ({ skill }: TaskView): boolean => skill === longSkill;
  const inTheMiddle = ({ progress }: TaskView): boolean => progress > 0 && progress < 0.5;
  const victim = await watch.until(() => {
    const tasks = watch.tasks();
    const done = tasks.filter(({ finishedAt }) => finishedAt !== null);
    const half = done.length * 2 >= of || done.filter(isLong).length * 2 >= tasks.filter(isLong).length;
    if (!half) return undefined;
    return workers
      .filter(({ peerId }) => watch.heldBy(peerId).some((task) => isLong(task) && inTheMiddle(task)))
      .toSorted((a, b) => watch.heldBy(b.peerId).length - watch.heldBy(a.peerId).length)[0];
  }, signal);
  const { done } = watch.progress();
  const held = watch.heldBy(victim.peerId).map(({ id }) => id);
  const at = Date.now();
  await victim.kill();
  return { node: victim, at, done, of, held };
}

/** Waits for each job, checks its answer, and asks how it came about. */
export async function collect(
  home: RunningNode,
  jobs: readonly Job[],
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [i, job] of jobs.entries()) {
    const path = `/v1/tasks/${ids[i]}`;
    let task: TaskView;
    do {
      task = await home.client.call<TaskView>("GET", `${path}/wait`, {
        query: { timeout: 30 },
        timeoutMs: 45_000,
        signal,
      });
    } while (task.finishedAt === null);
    const explanation = await home.client.call<Explanation>("GET", `${path}/explain`, { signal });
    outcomes.push({ job, task, explanation, problem: await problemOf(home, job, task, signal) });
  }
  return outcomes;
}

async function problemOf(home: RunningNode, job: Job, task: TaskView, signal: AbortSignal): Promise<string> {
  if (task.status !== "completed") return `${task.status}: ${task.error?.message ?? task.reason}`;
  try {
    await job.check(await outputOf(home, task, signal));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** The output, fetched when it is too large for the task's view. */
export async function outputOf(home: RunningNode, task: TaskView, signal: AbortSignal): Promise<unknown> {
  if (task.outputRef === null) return task.output;
  const { bytes } = await home.client.download(`/v1/tasks/${task.id}/output`, signal);
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
