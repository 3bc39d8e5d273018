/** Rows of tasks for tests of the store. */
import { newTaskId, type TaskId } from "../../../src/core/ids.ts";
import type { NewTask, TaskEnd } from "../../../src/storage/tasks.ts";

export function newTask(change: Partial<NewTask> = {}): NewTask {
  return {
    id: newTaskId(),
    state: "queued",
    reason: "",
    skill: "echo",
    skillVersion: "^1.0.0",
    priority: 96,
    attempt: 0,
    attemptsMade: 0,
    retriesMade: 0,
    lossesMade: 0,
    sentEpoch: 0,
    startedAt: 0,
    peer: "",
    createdAt: 1_000,
    updatedAt: 1_000,
    notBefore: null,
    deadlineAt: 9_000,
    spec: JSON.stringify({ labels: {} }),
    trail: "",
    input: Uint8Array.from(Buffer.from('"hello"')),
    inputBlob: "",
    inputSize: 7,
    inputType: "application/json",
    inputHash: new Uint8Array(32).fill(1),
    ...change,
  };
}

export function end(id: TaskId, change: Partial<TaskEnd> = {}): TaskEnd {
  return {
    id,
    state: "completed",
    reason: "",
    attempt: 1,
    attemptsMade: 1,
    retriesMade: 0,
    lossesMade: 0,
    peer: "peer-a",
    finishedAt: 3_000,
    executedVersion: "1.2.3",
    output: Uint8Array.from(Buffer.from('"olleh"')),
    outputBlob: "",
    outputSize: 7,
    outputType: "application/json",
    outputHash: new Uint8Array(32).fill(2),
    error: null,
    usage: '{"wallMs":1}',
    evidence: Uint8Array.of(9),
    trail: "",
    lastAttempts: "",
    ...change,
  };
}
