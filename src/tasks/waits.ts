/**
 * Where a task of this home is while no step of the delegation has it: in the ready queue, asleep until its time, paused, or
 * looking for somebody; and its end.
 */
import type { Clock } from "../core/clock.ts";
import type { ErrandError } from "../core/errors.ts";
import type { Providers } from "./providers.ts";
import { stopRecord, type TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";

export interface WaitsOptions {
  table: TaskTable;
  providers: Pick<Providers, "discover">;
  clock: Clock;
  /** Back into the ready queue. */
  requeue(record: TaskRecord): void;
  /** It waits for something else than its turn, and takes up room in the queue meanwhile. */
  park(record: TaskRecord): void;
  /** Holds all tasks of its kind back for a while; false for a task of no kind. */
  holdKind(record: TaskRecord, delayMs: number): boolean;
  /** It has ended: out of the queue, ready or parked. */
  leave(record: TaskRecord): void;
}

/** Where a task waits that no step holds. */
export interface Waiting {
  /** `again`: into the queue; `later`: everybody is full, its kind waits together; `search`: nobody is known. */
  how: "again" | "later" | "search";
  delayMs: number;
  /** Of the change of state, if there is one. */
  reason: string;
}

export interface Waits {
  place(record: TaskRecord, next: Waiting): void;
  pause(record: TaskRecord, reason: string): void;
  sleep(record: TaskRecord): void;
  /** Ends it. Returns nothing, so that a step can end with it. */
  fail(record: TaskRecord, reason: string, error: ErrandError, state?: "failed" | "timeout"): undefined;
  release(record: TaskRecord): undefined;
}

const lookAtClockMs = 60_000;

export function createWaits(options: WaitsOptions): Waits {
  const { table, providers, clock } = options;

  /**
   * Puts a task that no step holds where it waits next. A wish that was left meanwhile comes first: to be paused, or to go
   * elsewhere at once.
   */
  function place(record: TaskRecord, next: Waiting): void {
    if (isTerminal(record.state)) return;
    record.peer = "";
    record.progress = 0;
    if (record.pauseWanted) return pause(record, next.reason);
    if (record.moving !== undefined) return wake(record, "moved");
    if (next.how === "search") return search(record, next.delayMs);
    if (next.how === "later") {
      if (record.state !== "queued") table.move(record, "queued", next.reason);
      record.progressMessage = next.reason;
      if (!options.holdKind(record, next.delayMs)) sleepFor(record, next.delayMs);
      return;
    }
    if (next.delayMs <= 0) return wake(record, next.reason);
    if (record.state !== "queued") table.move(record, "retrying", next.reason);
    sleepFor(record, next.delayMs);
  }

  function pause(record: TaskRecord, reason: string): void {
    record.pauseWanted = false;
    options.leave(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    table.move(record, "paused", reason);
  }

  function sleepFor(record: TaskRecord, delayMs: number): void {
    record.notBefore = clock.now() + delayMs;
    options.park(record);
    record.cancelWake = clock.after(delayMs, () => wake(record, ""));
  }

  /** Waits in the queue's room until somebody new is known, or for `forMs`. */
  function search(record: TaskRecord, forMs: number): void {
    if (record.state !== "queued") table.move(record, "queued", "");
    table.progress(record, record.progress, "looking for a capable peer");
    options.park(record);
    let waiting = true;
    record.cancelWake = () => (waiting = false);
    const found = (): void => {
      if (waiting) wake(record, "");
    };
    providers.discover(record.spec.skill, record.spec.peer, forMs).then(found, found);
  }

  /** Its turn may come. */
  function wake(record: TaskRecord, reason: string): void {
    record.cancelWake = undefined;
    if (isTerminal(record.state)) return;
    record.notBefore = undefined;
    if (record.state !== "queued") table.move(record, "queued", reason);
    options.requeue(record);
  }

  /**
   * Wakes the task at its `notBefore`. That is wall-clock time, which may jump, so the clock is looked at again at least
   * once a minute.
   */
  function sleep(record: TaskRecord): void {
    const leftMs = (record.notBefore ?? 0) - clock.now();
    if (leftMs <= 0) wake(record, "");
    else record.cancelWake = clock.after(Math.min(leftMs, lookAtClockMs), () => sleep(record));
  }

  function fail(
    record: TaskRecord,
    reason: string,
    error: ErrandError,
    state: "failed" | "timeout" = "failed",
  ): undefined {
    if (isTerminal(record.state)) return;
    record.error = error.toJSON();
    table.move(record, state, reason);
    release(record);
  }

  /** Takes back every timer of a task that has ended, and its place. */
  function release(record: TaskRecord): undefined {
    options.leave(record);
    record.cancelWake?.();
    record.cancelWake = undefined;
    stopRecord(record);
  }

  return { place, pause, sleep, fail, release };
}
