/**
 * When everybody who can do a kind of task has said "later", asking again for each waiting task would drown the mesh in
 * refusals. So the kind waits as one: its tasks are held in order, and let out a few at a time once it is worth asking again.
 */
import type { Clock } from "../core/clock.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { TaskRecord } from "./record.ts";

export interface BackpressureOptions {
  clock: Clock;
  /** Back into the ready queue. */
  requeue(record: TaskRecord): void;
  /** Held: it takes up room in the queue meanwhile. */
  park(record: TaskRecord): void;
}

export interface Backpressure {
  /** Holds the task, and all of its kind that come, for `delayMs`. False for a task of no kind: it waits for itself. */
  hold(record: TaskRecord, delayMs: number): boolean;
  /** Whether the task may be tried now; otherwise it was held. */
  admit(record: TaskRecord): boolean;
  /** It has ended, or was paused. */
  forget(record: TaskRecord): void;
  stop(): void;
}

interface Kind {
  held: ReadyQueue<TaskRecord>;
  /** Takes back the timer that lets the next ones out; undefined while the kind is open. */
  cancel: (() => void) | undefined;
  closed: boolean;
}

// A few to find out whether there is room, then twice as many each time, while nobody refuses.
const firstOut = 8;
const mostOut = 512;
const letOutEveryMs = 25;

/** What a task may be grouped by: those that any provider of the skill would take alike. */
function kindOf({ spec, moving, tried }: TaskRecord): string | undefined {
  // One that may not go to everybody learns nothing for the others from a refusal.
  if (moving !== undefined || tried.size > 0 || spec.check !== undefined) return undefined;
  const plain =
    spec.peer === undefined &&
    spec.minTrust === 0 &&
    spec.maxPrice === undefined &&
    Object.keys(spec.requirements).length === 0;
  return plain ? `${spec.skill} ${spec.skillVersion}` : undefined;
}

export function createBackpressure({ clock, requeue, park }: BackpressureOptions): Backpressure {
  const kinds = new Map<string, Kind>();

  function letOut(name: string, kind: Kind, count: number): void {
    kind.closed = false;
    for (let n = 0; n < count && !kind.closed; n++) {
      const record = kind.held.take();
      if (record === undefined) {
        kinds.delete(name);
        return;
      }
      requeue(record);
    }
    // Still open: there is room for more. `hold` closes it again and sets a timer of its own.
    if (!kind.closed)
      kind.cancel = clock.after(letOutEveryMs, () => letOut(name, kind, Math.min(2 * count, mostOut)));
  }

  function keep(kind: Kind, record: TaskRecord): void {
    kind.held.push(record);
    park(record);
  }

  return {
    hold(record, delayMs) {
      const name = kindOf(record);
      if (name === undefined) return false;
      let kind = kinds.get(name);
      if (kind === undefined)
        kinds.set(name, (kind = { held: new ReadyQueue(Infinity), cancel: undefined, closed: false }));
      keep(kind, record);
      if (kind.closed) return true;
      kind.closed = true;
      kind.cancel?.();
      const closed = kind;
      kind.cancel = clock.after(delayMs, () => letOut(name, closed, firstOut));
      return true;
    },
    admit(record) {
      // Nothing is held: the common case costs nothing.
      if (kinds.size === 0) return true;
      const name = kindOf(record);
      const kind = name === undefined ? undefined : kinds.get(name);
      if (kind?.closed !== true) return true;
      keep(kind, record);
      return false;
    },
    forget(record) {
      if (kinds.size === 0) return;
      const name = kindOf(record);
      if (name !== undefined) kinds.get(name)?.held.remove(record);
    },
    stop() {
      for (const kind of kinds.values()) kind.cancel?.();
      kinds.clear();
    },
  };
}
