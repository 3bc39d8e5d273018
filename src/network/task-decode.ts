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
import { attemptStateWords, statusWords, verdictWords } from "./task-enums.ts";
import { readFrame, type Content } from "./wire-frame.ts";

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
  let content: Content | undefined;
  try {
    content = readFrame(bytes);
  } catch (cause) {
    throw new ErrandError("ProtocolViolation", "a frame is not a message of this protocol", {
      cause,
      details: { garbage: true },
    });
  }
  switch (content?.kind) {
    case "ack":
      return { kind: "ack", ack: ackFromWire(content.value) };
    case "response":
      return { kind: "response", response: responseFromWire(content.value) };
    case "request":
      return { kind: "request", request: requestFromWire(content.value) };
    case "progress":
      return { kind: "progress", progress: progressFromWire(content.value) };
    case "responseAck":
      return { kind: "responseAck", attempts: content.value.attempts.map(refFromWire) };
    case "cancel":
      return {
        kind: "cancel",
        cancel: { ...refFromWire(content.value), reason: safeMessage(content.value.reason) },
      };
    case "pause":
      return { kind: "pause", pause: refFromWire(content.value) };
    case "resume":
      return { kind: "resume", resume: refFromWire(content.value) };
    case "query":
      return { kind: "query", query: refFromWire(content.value) };
    case "status":
      return {
        kind: "status",
        status: { ...refFromWire(content.value), state: wordOf(attemptStateWords, content.value.state) },
      };
    case "probe":
      return { kind: "probe", nonce: content.value.nonce };
    case "loadReport":
      return { kind: "loadReport", nonce: content.value.nonce, load: loadFromWire(content.value.load) };
    case "credit":
      return { kind: "credit", tasks: content.value.tasks, bytes: content.value.bytes };
    case "goAway":
      return { kind: "goAway", reason: safeMessage(content.value.reason), graceMs: content.value.graceMs };
    case "error":
      return {
        kind: "error",
        code: text(content.value.code, 64),
        message: safeMessage(content.value.message),
      };
    case "hello":
      return { kind: "hello", hello: helloFromWire(content.value) };
    case undefined:
      throw new ErrandError("ProtocolViolation", "a frame holds a message kind that is not known here", {
        details: { garbage: true },
      });
  }
}

function violation(what: string): never {
  throw new ErrandError("ProtocolViolation", what);
}

function text(value: string, maxLength: number): string {
  return value.length <= maxLength
    ? value
    : violation(`a text of ${value.length} characters where ${maxLength} are allowed`);
}

function wordOf<W extends string>(words: ReadonlyMap<string, W>, value: string): W {
  return words.get(value) ?? violation("a value outside its list");
}

function attemptNumber(attempt: number): number {
  return attempt < 1 || attempt > 0xffff ? violation("attempt number out of range") : attempt;
}

function refFromWire(ref: { taskId: Uint8Array; attempt: number }): m.AttemptRef {
  return { taskId: taskIdFromBytes(ref.taskId), attempt: attemptNumber(ref.attempt) };
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
    taskId: taskIdFromBytes(r.taskId),
    attempt: attemptNumber(r.attempt),
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
  const verdict = wordOf(verdictWords, ack.verdict);
  const out: m.TaskAck = {
    taskId: taskIdFromBytes(ack.taskId),
    attempt: attemptNumber(ack.attempt),
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
  const status = wordOf(statusWords, r.status);
  const usage = r.usage ?? { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 };
  if (!(usage.wallMs >= 0 && usage.cpuMs >= 0)) violation("a negative resource usage");
  const out: m.TaskResponse = {
    taskId: taskIdFromBytes(r.taskId),
    attempt: attemptNumber(r.attempt),
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
