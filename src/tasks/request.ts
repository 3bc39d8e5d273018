/** The TaskRequest that an attempt of a task is. */
import { limits } from "../core/limits.ts";
import type { TaskRequest } from "../network/messages.ts";
import type { TaskRecord } from "./record.ts";

export function requestOf(
  record: TaskRecord,
  attempt: number,
  leaseEpoch: number,
  nowAt: number,
): TaskRequest {
  const { spec } = record;
  const leftMs = record.deadlineAt === undefined ? Infinity : Math.max(1, record.deadlineAt - nowAt);
  return {
    taskId: record.id,
    attempt,
    leaseEpoch,
    skill: spec.skill,
    skillVersion: spec.skillVersion,
    priority: spec.priority,
    deadlineMs: Math.min(spec.attemptTimeoutMs, leftMs),
    leaseMs: limits.leaseMs,
    input: record.input,
    requirements: Object.keys(spec.requirements).length === 0 ? undefined : spec.requirements,
    limits: spec.limits,
    deterministic: false,
    idempotent: spec.idempotent ?? false,
    traceparent: spec.traceparent,
    labels: Object.keys(spec.labels).length === 0 ? undefined : spec.labels,
  };
}
