/**
 * Wire frames to messages. Everything a peer can put into a frame is bounded and checked here, so that past this file a
 * message is well-formed: ids are ids, numbers are in range, texts are short and printable.
 */
import type * as wire from "#protocols/task";
import { toString as toText } from "uint8arrays/to-string";
import type { Body } from "../core/body.ts";
import { ErrandError, isErrorCode } from "../core/errors.ts";
import { isSkillId, taskIdFromBytes } from "../core/ids.ts";
import { limits, safeMessage } from "../core/limits.ts";
import type * as m from "./messages.ts";
import { attemptStates, statuses, verdicts } from "./task-enums.ts";
import { readFrame } from "./wire-frame.ts";

/** A decoded frame: a message, or one of the two kinds that only the session itself uses. */
export type Decoded =
  | m.Message
  | { kind: "hello"; hello: m.Hello }
  | { kind: "error"; code: string; message: string };

/**
 * Throws `ProtocolViolation` when the bytes are no frame of a kind known here, or a field is out of bounds.
 * `details.garbage` is true when they are not even protobuf of this schema.
 */
export function decodeFrame(bytes: Uint8Array): Decoded {
  let frame: wire.Frame;
  try {
    frame = readFrame(bytes);
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", "a frame is not a message of this protocol", {
      cause,
      details: { garbage: true },
    });
  }
  if (frame.ack !== undefined) return { kind: "ack", ack: ackFromWire(frame.ack) };
  if (frame.response !== undefined) return { kind: "response", response: responseFromWire(frame.response) };
  if (frame.request !== undefined) return { kind: "request", request: requestFromWire(frame.request) };
  if (frame.progress !== undefined) return { kind: "progress", progress: progressFromWire(frame.progress) };
  if (frame.responseAck !== undefined)
    return { kind: "responseAck", attempts: frame.responseAck.attempts.map(refFromWire) };
  if (frame.cancel !== undefined)
    return {
      kind: "cancel",
      cancel: { ...refFromWire(frame.cancel), reason: safeMessage(frame.cancel.reason) },
    };
  if (frame.pause !== undefined) return { kind: "pause", pause: refFromWire(frame.pause) };
  if (frame.resume !== undefined) return { kind: "resume", resume: refFromWire(frame.resume) };
  if (frame.query !== undefined) return { kind: "query", query: refFromWire(frame.query) };
  if (frame.status !== undefined)
    return {
      kind: "status",
      status: { ...refFromWire(frame.status), state: keyOf(attemptStates, frame.status.state) },
    };
  if (frame.probe !== undefined) return { kind: "probe", nonce: frame.probe.nonce };
  if (frame.loadReport !== undefined)
    return { kind: "loadReport", nonce: frame.loadReport.nonce, load: loadFromWire(frame.loadReport.load) };
  if (frame.credit !== undefined)
    return { kind: "credit", tasks: frame.credit.tasks, bytes: frame.credit.bytes };
  if (frame.goAway !== undefined)
    return { kind: "goAway", reason: safeMessage(frame.goAway.reason), graceMs: frame.goAway.graceMs };
  if (frame.error !== undefined)
    return { kind: "error", code: text(frame.error.code, 64), message: safeMessage(frame.error.message) };
  if (frame.hello !== undefined) return { kind: "hello", hello: helloFromWire(frame.hello) };
  throw new ErrandError("ProtocolViolation", "a frame holds a message kind that is not known here", {
    details: { garbage: true },
  });
}

function violation(what: string): never {
  throw new ErrandError("ProtocolViolation", what);
}

function text(value: string, maxLength: number): string {
  return value.length <= maxLength
    ? value
    : violation(`a text of ${value.length} characters where ${maxLength} are allowed`);
}

function keyOf<K extends string>(table: Record<K, unknown>, value: unknown): K {
  for (const key in table) if (table[key] === value) return key;
  return violation("a value outside its list");
}

function refFromWire(ref: { taskId: Uint8Array; attempt: number }): m.AttemptRef {
  if (ref.attempt < 1 || ref.attempt > 0xffff) violation("attempt number out of range");
  return { taskId: taskIdFromBytes(ref.taskId), attempt: ref.attempt };
}

function helloFromWire(hello: wire.Hello): m.Hello {
  return {
    version: hello.version,
    network: text(hello.network, 64),
    capabilities: hello.capabilities.map((c) => text(c, 64)),
    resume: hello.resume.map(refFromWire),
  };
}

const noLoad: m.Load = { running: 0, slots: 0, queued: 0, serviceMs: 0 };

function loadFromWire(load: wire.Load | undefined): m.Load {
  return load ?? noLoad;
}

const mediaType = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(?:\s*;\s*[\w-]{1,32}=[\w.+-]{1,64}){0,4}$/;

/** A view into the received chunk would keep all of it alive for as long as the task lives. From Buffer's pool: a third of the cost of `slice`. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
}

function bodyFromWire(bytes: Uint8Array, blob: wire.BlobRef | undefined, type: string): Body {
  if (!mediaType.test(type)) violation("a body without a media type");
  if (blob === undefined) {
    if (bytes.length > limits.inlineBodyBytes)
      violation(`an inline body of ${bytes.length} bytes; larger ones go by blob`);
    return { bytes: copyOf(bytes), type };
  }
  if (blob.hash.length !== 32 || blob.sizeBytes < 0 || blob.sizeBytes > limits.blobBytes)
    violation("a blob reference out of bounds");
  return { blob: { hash: toText(blob.hash, "base16"), sizeBytes: blob.sizeBytes }, type };
}

function requirementsFromWire(q: wire.Requirements): m.Requirements {
  const out: m.Requirements = {};
  for (const key of ["minCpuCores", "minMemoryGb", "minStorageGb"] as const) {
    if (!(q[key] >= 0 && q[key] < 1e9)) violation("a requirement out of range");
    if (q[key] > 0) out[key] = q[key];
  }
  if (q.gpu) out.gpu = true;
  if (q.internet) out.internet = true;
  if (q.platform !== "") out.platform = text(q.platform, 32);
  if (q.role !== "") out.role = text(q.role, 32);
  if (q.tags.length > 0) out.tags = q.tags.map((tag) => text(tag, 64));
  return out;
}

function requestFromWire(r: wire.TaskRequest): m.TaskRequest {
  if (!isSkillId(r.skill)) violation("a skill id that is none");
  if (r.priority > 255) violation("priority above 255");
  if (r.deadlineMs < 1) violation("a request without a deadline");
  if (r.leaseMs < 1_000 || r.leaseMs > 300_000) violation("a lease outside 1 s to 5 min");
  const request: m.TaskRequest = {
    ...refFromWire(r),
    leaseEpoch: r.leaseEpoch,
    skill: r.skill,
    skillVersion: text(r.skillVersion, 64),
    priority: r.priority,
    deadlineMs: r.deadlineMs,
    leaseMs: r.leaseMs,
    input: bodyFromWire(r.input, r.inputBlob, r.inputType),
    deterministic: r.deterministic,
    idempotent: r.idempotent,
  };
  if (r.requirements !== undefined) request.requirements = requirementsFromWire(r.requirements);
  if (r.limits !== undefined)
    request.limits = {
      cpuCores: r.limits.cpuCores,
      memoryBytes: r.limits.memoryBytes,
      outputBytes: r.limits.outputBytes,
    };
  if (r.parentId.length > 0) request.parentId = taskIdFromBytes(r.parentId);
  if (r.traceparent !== "") request.traceparent = text(r.traceparent, 128);
  if (r.labels.length > 0)
    request.labels = Object.fromEntries(r.labels.map((l) => [text(l.key, 64), text(l.value, 256)]));
  return request;
}

function ackFromWire(ack: wire.TaskAck): m.TaskAck {
  const verdict = keyOf(verdicts, ack.verdict);
  const out: m.TaskAck = {
    ...refFromWire(ack),
    verdict,
    position: ack.position,
    load: loadFromWire(ack.load),
  };
  if (verdict === "refused") {
    out.code = isErrorCode(ack.code) ? ack.code : "DelegationFailed";
    out.message = safeMessage(ack.message);
    if (ack.retryAfterMs > 0) out.retryAfterMs = ack.retryAfterMs;
  }
  return out;
}

function progressFromWire(p: wire.TaskProgress): m.TaskProgress {
  const out: m.TaskProgress = {
    ...refFromWire(p),
    seq: p.seq,
    fraction: Math.min(1, Math.max(0, p.fraction || 0)),
    message: safeMessage(p.message),
  };
  if (p.chunk.length > 0) out.chunk = p.chunk.slice();
  if (p.load !== undefined) out.load = p.load;
  return out;
}

function responseFromWire(r: wire.TaskResponse): m.TaskResponse {
  const status = keyOf(statuses, r.status);
  const usage = r.usage ?? { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 };
  if (!(usage.wallMs >= 0 && usage.cpuMs >= 0)) violation("a negative resource usage");
  const out: m.TaskResponse = {
    ...refFromWire(r),
    leaseEpoch: r.leaseEpoch,
    status,
    outputHash: copyOf(r.outputHash),
    usage,
    executedSkillVersion: text(r.executedSkillVersion, 64),
  };
  if (status === "completed") {
    if (r.outputHash.length !== 32) violation("a result without the hash of its output");
    out.output = bodyFromWire(r.output, r.outputBlob, r.outputType);
  } else {
    const code = r.error?.code;
    out.error = {
      code: isErrorCode(code) ? code : "SkillFailed",
      message: safeMessage(r.error?.message ?? ""),
      retryable: r.error?.retryable ?? false,
    };
  }
  if (r.load !== undefined) out.load = r.load;
  if (r.attest !== undefined) out.attest = r.attest;
  return out;
}
