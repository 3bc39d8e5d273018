/**
 * The states of a task and the one table of what may follow what (diagram in README.md of this folder). Terminal
 * states are immutable: a late result is counted and dropped by whoever asks `mayMove`.
 */

export const TASK_STATES = [
  "pending",
  "scheduled",
  "queued",
  "assigned",
  "preparing",
  "running",
  "verifying",
  "paused",
  "retrying",
  "input-required",
  "completed",
  "failed",
  "cancelled",
  "timeout",
  "rejected",
] as const;

export type TaskState = (typeof TASK_STATES)[number];

export const TERMINAL_STATES = ["completed", "failed", "cancelled", "timeout", "rejected"] as const;

export type TerminalState = (typeof TERMINAL_STATES)[number];

export function isTerminal(state: TaskState): state is TerminalState {
  return (TERMINAL_STATES as readonly TaskState[]).includes(state);
}

// Every state that is not terminal may also end by cancel, deadline or failure.
const ends: readonly TaskState[] = ["failed", "cancelled", "timeout"];

const next: Record<TaskState, readonly TaskState[]> = {
  pending: ["scheduled", "queued", "paused", "rejected", ...ends],
  scheduled: ["queued", "paused", ...ends],
  queued: ["assigned", "retrying", "paused", "completed", ...ends],
  assigned: [
    "preparing",
    "running",
    "verifying",
    "retrying",
    "queued",
    "paused",
    "completed",
    "rejected",
    ...ends,
  ],
  preparing: ["running", "verifying", "retrying", "queued", "paused", "completed", ...ends],
  running: ["verifying", "retrying", "queued", "paused", "input-required", "completed", ...ends],
  verifying: ["completed", "retrying", "queued", "paused", ...ends],
  paused: ["pending", "scheduled", "queued", "running", ...ends],
  retrying: ["queued", "paused", ...ends],
  "input-required": ["running", "retrying", ...ends],
  completed: [],
  failed: [],
  cancelled: [],
  timeout: [],
  rejected: [],
};

export function mayMove(from: TaskState, to: TaskState): boolean {
  return next[from].includes(to);
}
