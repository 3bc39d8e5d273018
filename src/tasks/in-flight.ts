/**
 * Tasks under way that others may wait for instead of running too: one leads, those that ask for exactly the same follow it.
 * A follower takes the leader's result in the same turn, so both ends are one commit; when the leader ends without one, the
 * first follower goes its own way and the others follow that.
 */
import { ChurnMap } from "../core/churn.ts";
import type { TaskRecord } from "./record.ts";
import { isTerminal, type TaskState } from "./states.ts";

// What is on its way to an end by itself. Nobody waits for a task that waits for a person or for a date.
const underWay: ReadonlySet<TaskState> = new Set([
  "queued",
  "assigned",
  "preparing",
  "running",
  "verifying",
  "retrying",
]);

export interface FollowerEnd {
  /** The twin is complete: its result is this task's too. */
  done(record: TaskRecord, twin: TaskRecord): void;
  /** There is nobody left to follow: the task goes into the queue. */
  alone(record: TaskRecord): void;
}

export interface InFlight {
  /** The task under way that `record` may follow, or undefined. */
  twin(record: TaskRecord): TaskRecord | undefined;
  follow(record: TaskRecord, twin: TaskRecord, end: FollowerEnd): void;
  /** Called at every move. */
  moved(record: TaskRecord): void;
}

interface Follower {
  record: TaskRecord;
  end: FollowerEnd;
}

/** `keyOf`: equal for tasks that may share a result, undefined for those that share nothing. */
export function createInFlight(keyOf: (record: TaskRecord) => string | undefined): InFlight {
  const leaders = new ChurnMap<string, TaskRecord>();
  const keys = new ChurnMap<TaskRecord, string>();
  const followers = new ChurnMap<TaskRecord, Follower[]>();

  function lead(record: TaskRecord): void {
    if (keys.has(record)) return;
    const key = keyOf(record);
    if (key === undefined) return;
    const leader = leaders.get(key);
    if (leader !== undefined && serves(leader, record)) return;
    // A more urgent task runs at once, and whoever comes next follows it; those that follow the former leader still do.
    leaders.set(key, record);
    keys.set(record, key);
  }

  function leave(record: TaskRecord): void {
    const key = keys.get(record);
    if (key === undefined) return;
    keys.delete(record);
    if (leaders.get(key) === record) leaders.delete(key);
    const left = followers.get(record);
    if (left === undefined) return;
    followers.delete(record);
    for (const { record: follower, end } of left) {
      if (isTerminal(follower.state)) continue;
      if (record.state === "completed") end.done(follower, record);
      else {
        const next = twin(follower);
        if (next === undefined) end.alone(follower);
        else follow(follower, next, end);
      }
    }
  }

  function twin(record: TaskRecord): TaskRecord | undefined {
    if (leaders.size === 0) return undefined;
    const key = keyOf(record);
    const leader = key === undefined ? undefined : leaders.get(key);
    return leader !== undefined && leader !== record && serves(leader, record) ? leader : undefined;
  }

  function follow(record: TaskRecord, leader: TaskRecord, end: FollowerEnd): void {
    const list = followers.get(leader);
    if (list === undefined) followers.set(leader, [{ record, end }]);
    else list.push({ record, end });
  }

  return {
    twin,
    follow,
    moved(record) {
      if (record.state === "queued") lead(record);
      else if (!underWay.has(record.state)) leave(record);
    },
  };
}

/**
 * One that waits behind others is no help to a task that would overtake it, and one that waits for a retry or for its key may
 * wait for long.
 */
function serves(leader: TaskRecord, record: TaskRecord): boolean {
  if (leader.state === "retrying" || leader.spec.concurrencyKey !== undefined) return false;
  return underWay.has(leader.state) && (leader.priority >= record.priority || leader.state !== "queued");
}
