/**
 * Changes of graphs on their way into the store: each changed node once, at the end of the turn. That is behind the rows of the
 * tasks, which were marked earlier in the same turn.
 */
import { putGraphNode, updateGraph } from "../../storage/graphs.ts";
import type { Store } from "../../storage/store.ts";
import { nameOf, unitOf, type Entry, type GraphRun } from "./run.ts";

export interface Rows {
  /** A node or an item has changed. */
  mark(run: GraphRun, entry: Entry): void;
  /** The graph itself has. */
  touch(run: GraphRun): void;
  /** Writes now. False when there was nothing to write. */
  flush(): boolean;
}

export function createRows(store: Store): Rows {
  const dirty = new Set<GraphRun>();
  let flushing = false;

  function touch(run: GraphRun): void {
    dirty.add(run);
    if (flushing) return;
    flushing = true;
    setImmediate(flush);
  }

  function flush(): boolean {
    flushing = false;
    if (dirty.size === 0) return false;
    const finished: GraphRun[] = [];
    for (const run of dirty) {
      for (const [node, { state, taskId, reason }] of run.dirty)
        putGraphNode(store, run.id, { node, state, taskId: taskId ?? null, reason });
      run.dirty.clear();
      if (run.finishedAt !== undefined) finished.push(run);
      if (run.state !== "running") updateGraph(store, { ...run, finishedAt: run.finishedAt ?? null });
    }
    dirty.clear();
    for (const run of finished) {
      const tell = (error?: Error): void => {
        for (const waiter of run.waiters.splice(0)) waiter(error);
      };
      store.committed().then(() => tell(), tell);
    }
    return true;
  }

  return {
    mark(run, entry) {
      run.dirty.set(nameOf(run, entry), unitOf(run, entry));
      touch(run);
    },
    touch,
    flush,
  };
}
