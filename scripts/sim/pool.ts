/** Runs simulations on all cores: each in a thread, the longest first, results in the order of the plan. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { RunResult } from "./measure.ts";
import type { Run } from "./plan.ts";
import type { Setting } from "./setting.ts";

export interface Finished extends Run {
  result: RunResult;
}

const script = new URL("./pool-thread.ts", import.meta.url);

/** `done` is told of each as it ends. */
export async function simulateAll(
  runs: readonly Run[],
  done: (finished: number) => void,
): Promise<Finished[]> {
  const results = new Map<Run, RunResult>();
  const left = runs.toSorted((x, y) => cost(x.setting) - cost(y.setting));
  const lane = async (): Promise<void> => {
    const worker = new Worker(script);
    try {
      for (let run = left.pop(); run !== undefined; run = left.pop()) {
        results.set(run, await ask(worker, run.setting));
        done(results.size);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(runs.length, availableParallelism()) }, lane));
  return runs.map((run) => ({ ...run, result: results.get(run) as RunResult }));
}

async function ask(worker: Worker, setting: Setting): Promise<RunResult> {
  // Rejects when the thread throws.
  const answer = once(worker, "message");
  worker.postMessage(setting);
  return (await answer)[0] as RunResult;
}

/** Only the order matters. */
function cost({ policy, nodes, malicious, clients, tasksPerClient }: Setting): number {
  const askers = clients > 0 ? clients : nodes * (1 - malicious);
  return askers * tasksPerClient * (policy === "errand" ? 20 : 1);
}
