/**
 * When the next ready node of a graph is sent: a task of each graph in turn, so that a large one does not keep out the others, and
 * so many out at once as leave the queue room for other tasks. What sending means is the engine's.
 */
import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { unitOf, type Entry, type GraphRun, type Unit } from "./run.ts";

export interface Dispatch {
  /** Between `start` and `stop`. */
  readonly started: boolean;
  /** False when it has been started, or stopped, before. */
  start(): boolean;
  stop(): void;
  /** Something may be ready: it is sent in a turn to come. */
  schedule(): void;
  /** Units of this run that were out when its node stopped. */
  resume(run: GraphRun, units: readonly Unit[]): void;
  /** The unit is out no more; its place is free. */
  release(run: GraphRun, unit: Unit): void;
  /** The queue is full of other tasks: the entry goes back, and everything waits a little. */
  pause(run: GraphRun, entry: Entry, forMs: number): void;
}

export function createDispatch(options: {
  active: ReadonlyMap<string, GraphRun>;
  /** Sends it; its unit counts as out from now on. */
  launch(run: GraphRun, entry: Entry): void;
  clock: Clock;
}): Dispatch {
  const { active, launch, clock } = options;
  let out = 0;
  let life: "new" | "started" | "stopped" = "new";
  let pumping = false;
  let endPause: (() => void) | undefined;

  function schedule(): void {
    if (pumping || life !== "started") return;
    pumping = true;
    setImmediate(pump);
  }

  function pump(): void {
    pumping = false;
    for (let any = true; any;) {
      any = false;
      for (const run of active.values()) {
        if (life !== "started" || endPause !== undefined || out >= limits.graphsTasksOut) return;
        if (run.out >= limits.graphTasksOut) continue;
        const entry = run.ready.shift();
        if (entry === undefined) continue;
        any = true;
        unitOf(run, entry).out = true;
        run.out++;
        out++;
        launch(run, entry);
      }
    }
  }

  function release(run: GraphRun, unit: Unit): void {
    if (!unit.out) return;
    unit.out = false;
    run.out--;
    out--;
    schedule();
  }

  return {
    get started() {
      return life === "started";
    },
    start() {
      if (life !== "new") return false;
      life = "started";
      return true;
    },
    stop() {
      life = "stopped";
      endPause?.();
    },
    schedule,
    resume(run, units) {
      const count = units.filter((unit) => unit.out).length;
      run.out += count;
      out += count;
    },
    release,
    pause(run, entry, forMs) {
      run.ready.unshift(entry);
      endPause ??= clock.after(forMs, () => {
        endPause = undefined;
        schedule();
      });
      release(run, unitOf(run, entry));
    },
  };
}
