/**
 * What webhooks are told: the events of a change of a task, as JSON. One shape for all: `id` (the same for every delivery
 * of the event), `type`, `timestamp`, `node`, `data`.
 */
import { bodySizeBytes, jsonType, type Body } from "../../core/body.ts";
import { newTaskId, type PeerIdText } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { TaskRecord } from "../record.ts";
import { isTerminal, type TaskState } from "../states.ts";
import type { WebhookEvent } from "./settings.ts";

export interface EventJson {
  id: string;
  type: WebhookEvent;
  /** ISO 8601. */
  timestamp: string;
  node: PeerIdText;
  data: Record<string, unknown>;
}

export function newEvent(
  type: WebhookEvent,
  data: Record<string, unknown>,
  node: PeerIdText,
  nowAt: number,
): EventJson {
  return { id: newTaskId(), type, timestamp: new Date(nowAt).toISOString(), node, data };
}

/** The events of a move; most moves are none. */
export function eventsOfMove(
  record: TaskRecord,
  from: TaskState,
): { type: WebhookEvent; data: Record<string, unknown> }[] {
  const found: { type: WebhookEvent; data: Record<string, unknown> }[] = [];
  if (from === "pending") found.push({ type: "TaskSubmitted", data: { task: taskOf(record) } });
  const end = eventOfState(record);
  if (end !== undefined) found.push({ type: end.type, data: { task: taskOf(record), ...end.data } });
  return found;
}

function eventOfState(record: TaskRecord): { type: WebhookEvent; data: Record<string, unknown> } | undefined {
  const { state } = record;
  switch (state) {
    case "assigned":
      return { type: "TaskAssigned", data: { peer: record.peer, attempt: record.attempt } };
    case "completed":
      return {
        type: "TaskCompleted",
        data: { peer: record.peer, duration: durationMs(record), ...resultOf(record) },
      };
    case "failed":
    case "timeout":
    case "rejected":
      return {
        type: "TaskFailed",
        data: { error: record.error ?? null, retryCount: record.retriesMade, duration: durationMs(record) },
      };
    case "cancelled":
      return { type: "TaskCancelled", data: { reason: record.reason } };
    default:
      return undefined;
  }
}

function taskOf(record: TaskRecord): Record<string, unknown> {
  const { id, spec, state, reason, priority, createdAt, attemptsMade } = record;
  return {
    id,
    skill: spec.skill,
    status: state,
    // Until the end it may be any text of ours.
    reason: isTerminal(state) ? reason : "",
    priority,
    labels: spec.labels,
    attempts: attemptsMade,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function durationMs(record: TaskRecord): number {
  return Math.max(0, (record.finishedAt ?? record.updatedAt) - record.createdAt);
}

/** `result`: the output if it is small JSON; else null, and `resultRef` says what it is. */
function resultOf({ output, outputHash }: TaskRecord): Record<string, unknown> {
  if (output === undefined) return { result: null, resultRef: null };
  const result = smallJson(output);
  if (result !== undefined) return { result, resultRef: null };
  const hash = output.blob?.hash ?? Buffer.from(outputHash ?? new Uint8Array(0)).toString("hex");
  return { result: null, resultRef: { type: output.type, sizeBytes: bodySizeBytes(output), hash } };
}

function smallJson({ bytes, type }: Body): unknown {
  if (bytes === undefined || type !== jsonType || bytes.length > limits.webhookResultBytes) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch {
    return undefined;
  }
}
