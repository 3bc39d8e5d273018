import { Frame } from "#protocols/task";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newTaskId, taskIdToBytes } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import type { Message, TaskRequest } from "../../../src/network/messages.ts";
import { decodeFrame } from "../../../src/network/task-decode.ts";
import { encodeHello, encodeMessage } from "../../../src/network/task-encode.ts";

const ref = { taskId: newTaskId(), attempt: 1 };
const load = { running: 1, slots: 2, queued: 3, serviceMs: 40 };
const json = (value: unknown): { bytes: Uint8Array; type: string } => ({
  bytes: new Uint8Array(Buffer.from(JSON.stringify(value))),
  type: "application/json",
});
const blob = { blob: { hash: "ab".repeat(32), sizeBytes: 5_000_000 }, type: "text/plain" };

const request: TaskRequest = {
  ...ref,
  leaseEpoch: 7,
  skill: "text.stats",
  skillVersion: "^1.0.0",
  priority: 96,
  deadlineMs: 300_000,
  leaseMs: 15_000,
  input: json({ text: "x" }),
  requirements: { minCpuCores: 2, gpu: true, platform: "linux", tags: ["fast"] },
  deterministic: true,
  idempotent: true,
  parentId: newTaskId(),
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  labels: { project: "x" },
};

const messages: Message[] = [
  { kind: "request", request },
  { kind: "request", request: { ...request, input: blob } },
  { kind: "ack", ack: { ...ref, verdict: "accepted", position: 0, load } },
  {
    kind: "ack",
    ack: {
      ...ref,
      verdict: "refused",
      position: 0,
      code: "QueueFull",
      message: "full",
      retryAfterMs: 500,
      load,
    },
  },
  { kind: "progress", progress: { ...ref, seq: 3, fraction: 0.5, message: "half", load } },
  {
    kind: "response",
    response: {
      ...ref,
      leaseEpoch: 7,
      status: "completed",
      output: json([1]),
      outputHash: new Uint8Array(32).fill(1),
      usage: { wallMs: 1.5, cpuMs: 1, peakMemoryBytes: 100 },
      executedSkillVersion: "1.0.0",
      load,
      attest: { signature: new Uint8Array(64), leafIndex: 1, treeSize: 2, proof: [new Uint8Array(32)] },
    },
  },
  {
    kind: "response",
    response: {
      ...ref,
      leaseEpoch: 7,
      status: "failed",
      outputHash: new Uint8Array(0),
      error: { code: "SkillFailed", message: "no", retryable: true },
      usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
      executedSkillVersion: "",
    },
  },
  { kind: "responseAck", attempts: [ref, { taskId: newTaskId(), attempt: 2 }] },
  { kind: "cancel", cancel: { ...ref, reason: "enough" } },
  { kind: "pause", pause: ref },
  { kind: "resume", resume: ref },
  { kind: "query", query: ref },
  { kind: "status", status: { ...ref, state: "running" } },
  { kind: "probe", nonce: 9 },
  { kind: "loadReport", nonce: 9, load },
  { kind: "credit", tasks: 10, bytes: 1_000 },
  { kind: "goAway", reason: "draining", graceMs: 5_000 },
];

/** Without undefined keys, and bytes as plain arrays: what matters of a message. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, v: unknown) => (v instanceof Uint8Array ? [...v] : v)));
}

describe("the task codec", () => {
  it.each(messages.map((message) => [message.kind, message] as const))(
    "carries %s unchanged",
    (_kind, message) => {
      expect(plain(decodeFrame(encodeMessage(message)))).toEqual(plain(message));
    },
  );

  it("carries the Hello", () => {
    const hello = { version: 1, network: "errand", capabilities: ["x"], resume: [ref] };
    expect(decodeFrame(encodeHello(hello))).toEqual({ kind: "hello", hello });
  });

  const wireRequest = {
    taskId: taskIdToBytes(ref.taskId) as Uint8Array<ArrayBuffer>,
    attempt: 1,
    skill: "echo",
    deadlineMs: 1,
    leaseMs: 15_000,
    inputType: "application/json",
  };
  it.each([
    ["a short task id", { ...wireRequest, taskId: new Uint8Array(3) }],
    ["attempt 0", { ...wireRequest, attempt: 0 }],
    ["a skill id that is none", { ...wireRequest, skill: "../etc" }],
    ["a priority above a byte", { ...wireRequest, priority: 256 }],
    ["no deadline", { ...wireRequest, deadlineMs: 0 }],
    ["an endless lease", { ...wireRequest, leaseMs: 2 ** 31 }],
    ["no media type", { ...wireRequest, inputType: "json\n" }],
    ["an inline body over the limit", { ...wireRequest, input: new Uint8Array(limits.inlineBodyBytes + 1) }],
    [
      "a blob over the limit",
      { ...wireRequest, inputBlob: { hash: new Uint8Array(32), sizeBytes: limits.blobBytes + 1 } },
    ],
    ["a blob without a hash", { ...wireRequest, inputBlob: { hash: new Uint8Array(3), sizeBytes: 1 } }],
    ["too long a label", { ...wireRequest, labels: [{ key: "k".repeat(65), value: "" }] }],
    [
      "33 labels",
      { ...wireRequest, labels: Array.from({ length: 33 }, (_, i) => ({ key: `k${i}`, value: "" })) },
    ],
  ])("refuses a request with %s", (_what, bad) => {
    const frame = Frame.encode({ request: bad as never });
    expect(() => decodeFrame(frame)).toThrow(expect.objectContaining({ code: "ProtocolViolation" }));
  });

  it("calls a frame of an unknown kind garbage", () => {
    expect(() => decodeFrame(Uint8Array.of(0x9a, 0x06, 0x00))).toThrow(
      expect.objectContaining({ details: { garbage: true } }),
    );
  });

  it("meets any bytes with a message or a ProtocolViolation", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(decodeFrame(bytes)).toHaveProperty("kind");
        } catch (error) {
          expect(error).toMatchObject({ code: "ProtocolViolation" });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("meets any damage to a real frame with a message or a ProtocolViolation", () => {
    const frame = encodeMessage(messages[5] as Message);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (damage) => {
          const bytes = frame.slice();
          for (const [at, value] of damage) bytes[at] = value;
          try {
            expect(decodeFrame(bytes)).toHaveProperty("kind");
          } catch (error) {
            expect(error).toMatchObject({ code: "ProtocolViolation" });
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("makes texts of peers printable and short", () => {
    const decoded = decodeFrame(
      encodeMessage({ kind: "cancel", cancel: { ...ref, reason: `\u001b[2J${"é".repeat(600)}` } }),
    );
    const { reason } = (decoded as Extract<Message, { kind: "cancel" }>).cancel;
    expect(reason).not.toContain("\u001b");
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(limits.messageBytes);
  });
});
