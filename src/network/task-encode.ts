/** Messages to wire frames. What is said here is checked on the other side, by task-decode.ts; the generated wire types stop here. */
import type * as wire from "#protocols/task";
import { fromString } from "uint8arrays/from-string";
import type { Body } from "../core/body.ts";
import type { ErrorCode } from "../core/errors.ts";
import { taskIdToBytes } from "../core/ids.ts";
import { safeMessage } from "../core/limits.ts";
import type * as m from "./messages.ts";
import { attemptStates, statuses, verdicts } from "./task-enums.ts";
import { writeFrame } from "./wire-frame.ts";

const empty = new Uint8Array(0);

export function encodeHello(hello: m.Hello): Uint8Array {
  return writeFrame("hello", { ...hello, resume: hello.resume.map(refToWire) });
}

export function encodeSessionError(code: ErrorCode, message: string): Uint8Array {
  return writeFrame("error", { code, message: safeMessage(message) });
}

export function encodeMessage(message: m.Message): Uint8Array {
  switch (message.kind) {
    case "request":
      return writeFrame("request", requestToWire(message.request));
    case "ack":
      return writeFrame("ack", ackToWire(message.ack));
    case "progress":
      return writeFrame("progress", progressToWire(message.progress));
    case "response":
      return writeFrame("response", responseToWire(message.response));
    case "responseAck":
      return writeFrame("responseAck", { attempts: message.attempts.map(refToWire) });
    case "cancel":
      return writeFrame("cancel", {
        ...refToWire(message.cancel),
        reason: safeMessage(message.cancel.reason),
      });
    case "pause":
      return writeFrame("pause", refToWire(message.pause));
    case "resume":
      return writeFrame("resume", refToWire(message.resume));
    case "query":
      return writeFrame("query", refToWire(message.query));
    case "status":
      return writeFrame("status", {
        ...refToWire(message.status),
        state: attemptStates[message.status.state],
      });
    case "probe":
      return writeFrame("probe", { nonce: message.nonce });
    case "loadReport":
      return writeFrame("loadReport", { nonce: message.nonce, load: loadToWire(message.load) });
    case "credit":
      return writeFrame("credit", { tasks: message.tasks, bytes: message.bytes });
    case "goAway":
      return writeFrame("goAway", { reason: safeMessage(message.reason), graceMs: message.graceMs });
  }
}

// protons declares its bytes over ArrayBuffer; ours may be views of anything, which it only reads.
function owned(bytes: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  return (bytes ?? empty) as Uint8Array<ArrayBuffer>;
}

function bytesOfId(id: string): Uint8Array<ArrayBuffer> {
  return owned(taskIdToBytes(id));
}

function refToWire(ref: m.AttemptRef): { taskId: Uint8Array<ArrayBuffer>; attempt: number } {
  return { taskId: bytesOfId(ref.taskId), attempt: ref.attempt };
}

function loadToWire(load: m.Load): wire.Load {
  return {
    running: load.running,
    slots: load.slots,
    queued: load.queued,
    serviceMs: Math.min(Math.round(load.serviceMs), 0xffffffff),
  };
}

function blobToWire(body: Body): wire.BlobRef | undefined {
  return body.blob === undefined
    ? undefined
    : { hash: owned(fromString(body.blob.hash, "base16")), sizeBytes: body.blob.sizeBytes };
}

function progressToWire(p: m.TaskProgress): wire.TaskProgress {
  return {
    ...refToWire(p),
    seq: p.seq,
    fraction: p.fraction,
    message: safeMessage(p.message),
    chunk: owned(p.chunk),
    load: p.load === undefined ? undefined : loadToWire(p.load),
  };
}

// Requests, acknowledgements and responses are written out, field by field: a spread is a third of their cost.
function requestToWire(r: m.TaskRequest): wire.TaskRequest {
  const q = r.requirements;
  return {
    taskId: bytesOfId(r.taskId),
    attempt: r.attempt,
    leaseEpoch: r.leaseEpoch,
    skill: r.skill,
    skillVersion: r.skillVersion,
    priority: r.priority,
    deadlineMs: Math.min(Math.max(0, Math.round(r.deadlineMs)), 0xffffffff),
    leaseMs: r.leaseMs,
    input: owned(r.input.bytes),
    inputBlob: blobToWire(r.input),
    inputType: r.input.type,
    requirements: q && {
      minCpuCores: q.minCpuCores ?? 0,
      minMemoryGb: q.minMemoryGb ?? 0,
      minStorageGb: q.minStorageGb ?? 0,
      gpu: q.gpu ?? false,
      internet: q.internet ?? false,
      platform: q.platform ?? "",
      role: q.role ?? "",
      tags: q.tags ?? [],
    },
    limits: r.limits && {
      cpuCores: r.limits.cpuCores ?? 0,
      memoryBytes: r.limits.memoryBytes ?? 0,
      outputBytes: r.limits.outputBytes ?? 0,
    },
    deterministic: r.deterministic,
    idempotent: r.idempotent,
    holdId: "",
    parentId: r.parentId === undefined ? owned(empty) : bytesOfId(r.parentId),
    traceparent: r.traceparent ?? "",
    labels: r.labels === undefined ? [] : Object.entries(r.labels).map(([key, value]) => ({ key, value })),
  };
}

function ackToWire(ack: m.TaskAck): wire.TaskAck {
  return {
    taskId: bytesOfId(ack.taskId),
    attempt: ack.attempt,
    verdict: verdicts[ack.verdict],
    position: ack.position,
    code: ack.code ?? "",
    message: ack.message === undefined ? "" : safeMessage(ack.message),
    retryAfterMs: Math.round(ack.retryAfterMs ?? 0),
    load: loadToWire(ack.load),
  };
}

function responseToWire(r: m.TaskResponse): wire.TaskResponse {
  return {
    taskId: bytesOfId(r.taskId),
    attempt: r.attempt,
    leaseEpoch: r.leaseEpoch,
    status: statuses[r.status],
    output: owned(r.output?.bytes),
    outputBlob: r.output && blobToWire(r.output),
    outputType: r.output?.type ?? "",
    outputHash: owned(r.outputHash),
    error: r.error && {
      code: r.error.code,
      message: safeMessage(r.error.message),
      retryable: r.error.retryable,
    },
    usage: r.usage,
    executedSkillVersion: r.executedSkillVersion,
    load: r.load && loadToWire(r.load),
    attest: r.attest as wire.Attest | undefined,
  };
}
