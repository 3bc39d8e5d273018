/** The hooks and webhooks of a node as one thing: made from the configuration, fastened to the engine, started and ended. */
import type { Clock, Random } from "../../core/clock.ts";
import type { ErrandError } from "../../core/errors.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Store } from "../../storage/store.ts";
import type { Worker } from "../../worker/worker.ts";
import type { Changes } from "../changes.ts";
import { isTerminal } from "../states.ts";
import type { TaskTable } from "../table.ts";
import type { Submission } from "../task.ts";
import { changeHook, beforeSubmit, hookedSubmissions, hookedWorker } from "./apply.ts";
import { startHooks } from "./hook-host.ts";
import { webhookTargets, type WebhookSettings } from "./settings.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export interface AttachOptions {
  /** Path of the hooks' module. */
  hooks: string | undefined;
  webhooks: readonly WebhookSettings[];
  self: PeerIdText;
  store: Store;
  table: TaskTable;
  changes: Changes;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Evidence about a peer that has changed. */
export interface TrustChange {
  peer: PeerIdText;
  skill: string;
  good: number;
  bad: number;
  reliability: number;
}

export interface Attached {
  /** Submissions through `beforeSubmit`. */
  home<View, Home extends Submitting<View>>(home: Home & Submitting<View>): Home;
  /** What the operator's hook makes of one submission. */
  before(submission: Submission): Promise<Submission>;
  /** The operator's word on a result; undefined where the module has no such function. */
  readonly verifyResult: ((result: unknown) => Promise<unknown>) | undefined;
  /** Runs with `beforeRun` and `afterRun`. */
  worker(worker: Worker): Worker;
  /** A watcher of the host's peers. */
  readonly peers: { identified(peer: PeerIdText): void; disconnected(peer: PeerIdText): void };
  trust(change: TrustChange): void;
  counters(): Record<string, number>;
  /** Deliveries begin; the returned function ends them. */
  start(): () => void;
  /** Ends the hooks' thread. */
  close(): Promise<void>;
}

interface Submitting<View> {
  submit(submission: Submission): Promise<View>;
  submitMany(submissions: readonly Submission[]): Promise<(View | ErrandError)[]>;
}

// Progress may come a hundred times a second.
const progressEveryMs = 1_000;

/** Throws `InvalidConfig`. */
export async function attachHooks(options: AttachOptions): Promise<Attached> {
  const { self, table, clock, log } = options;
  const targets = await webhookTargets(options.webhooks);
  const webhooks = createWebhooks({ ...options, targets, committed: () => table.committed() });
  // Also with no target: what is left for one of a former configuration goes.
  await webhooks.load();
  const hooks =
    options.hooks === undefined ? undefined : await startHooks({ path: options.hooks, clock, log });
  if (targets.length > 0) table.onMove((record, from) => webhooks.moved(record, from));
  if (hooks?.names.has("onChange") === true) table.onMove(changeHook(hooks, self, clock));
  const joined = new Set<PeerIdText>();
  let started = false;

  function peerChanged(peer: PeerIdText, event: "joined" | "left"): void {
    if (!started) return;
    webhooks.tell(event === "joined" ? "PeerJoined" : "PeerLeft", { peer });
    hooks?.tell("onPeer", { peer, event });
  }

  return {
    home: (home) => (hooks === undefined ? home : hookedSubmissions(home, hooks)),
    before: beforeSubmit(hooks),
    verifyResult:
      hooks?.names.has("verifyResult") === true ? (result) => hooks.ask("verifyResult", result) : undefined,
    worker: (worker) => (hooks === undefined ? worker : hookedWorker(worker, hooks, clock)),
    peers: {
      identified(peer) {
        joined.add(peer);
        peerChanged(peer, "joined");
      },
      disconnected(peer) {
        if (joined.delete(peer)) peerChanged(peer, "left");
      },
    },
    trust: ({ peer, skill, good, bad, reliability }) =>
      started ? webhooks.tell("TrustChanged", { peer, skill, good, bad, reliability }) : undefined,
    counters: () => ({
      ...(targets.length > 0 && webhooks.counters),
      ...hooks?.counters,
    }),
    start() {
      started = true;
      const stop = new AbortController();
      const stopWebhooks = webhooks.start();
      if (webhooks.wants("TaskProgress")) void tellProgress(options, webhooks, stop.signal);
      return () => {
        // The peers that leave because this node does are no news.
        started = false;
        stop.abort();
        stopWebhooks();
      };
    },
    close: async () => hooks?.stop(),
  };
}

/** Progress is no move of the table: it comes from the stream of changes, thinned. */
async function tellProgress(
  { changes, clock, log }: AttachOptions,
  webhooks: Webhooks,
  signal: AbortSignal,
): Promise<void> {
  const toldMs = new Map<TaskId, number>();
  while (!signal.aborted) {
    try {
      for await (const { event, task } of changes.watch({ signal })) {
        if (isTerminal(task.status)) toldMs.delete(task.id);
        if (event !== "TaskProgress") continue;
        const nowMs = clock.monotonic();
        if (nowMs - (toldMs.get(task.id) ?? -Infinity) < progressEveryMs) continue;
        toldMs.set(task.id, nowMs);
        const { id, skill, status, labels, progress, progressMessage: message } = task;
        webhooks.tell("TaskProgress", { task: { id, skill, status, labels }, progress, message }, skill);
      }
    } catch (error) {
      // Too far behind: what was missed was progress.
      log.debug({ err: error }, "progress for webhooks was missed");
      toldMs.clear();
    }
  }
}
