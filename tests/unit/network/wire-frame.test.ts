import { AttemptState, Frame, ResponseStatus, Verdict } from "#protocols/task";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { readFrame, writeFrame } from "../../../src/network/wire-frame.ts";

const uint32 = fc.oneof(fc.nat(300), fc.nat(0xffffffff));
const uint64 = fc.oneof(uint32, fc.nat(Number.MAX_SAFE_INTEGER));
const double = fc.double({ noNaN: true });
const text = fc.oneof(
  fc.string({ maxLength: 60, unit: "binary" }),
  fc.string({ minLength: 120, maxLength: 200 }),
);
// Lengths around those at which a length takes one byte more.
const bytes = fc
  .oneof(fc.nat(40), fc.integer({ min: 100, max: 140 }), fc.integer({ min: 16_300, max: 16_500 }))
  .map((size) => new Uint8Array(size).fill(size));
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const ref = { taskId: bytes, attempt: uint32 };
const load = fc.record({ running: uint32, slots: uint32, queued: uint32, serviceMs: uint32 });
const blob = fc.record({ hash: bytes, sizeBytes: uint64 });

const frame = fc.oneof(
  fc.record({
    hello: fc.record({
      version: uint32,
      network: text,
      capabilities: fc.array(text, { maxLength: 5 }),
      resume: fc.array(fc.record(ref), { maxLength: 5 }),
    }),
  }),
  fc.record({
    request: fc.record({
      ...ref,
      leaseEpoch: uint32,
      skill: text,
      skillVersion: text,
      priority: uint32,
      deadlineMs: uint32,
      leaseMs: uint32,
      input: bytes,
      inputBlob: some(blob),
      inputType: text,
      limits: some(fc.record({ cpuCores: uint32, memoryBytes: uint64, outputBytes: uint64 })),
      deterministic: fc.boolean(),
      idempotent: fc.boolean(),
      holdId: text,
      parentId: bytes,
      traceparent: text,
      labels: fc.array(fc.record({ key: text, value: text }), { maxLength: 4 }),
    }),
  }),
  fc.record({
    ack: fc.record({
      ...ref,
      verdict: fc.constantFrom(Verdict.ACCEPTED, Verdict.REFUSED),
      position: uint32,
      code: text,
      message: text,
      retryAfterMs: uint32,
      load: some(load),
    }),
  }),
  fc.record({
    response: fc.record({
      ...ref,
      leaseEpoch: uint32,
      status: fc.constantFrom(ResponseStatus.COMPLETED, ResponseStatus.FAILED),
      output: bytes,
      outputBlob: some(blob),
      outputType: text,
      outputHash: bytes,
      error: some(fc.record({ code: text, message: text, retryable: fc.boolean() })),
      usage: some(fc.record({ wallMs: double, cpuMs: double, peakMemoryBytes: uint64 })),
      executedSkillVersion: text,
      load: some(load),
      attest: some(
        fc.record({
          signature: bytes,
          leafIndex: uint32,
          treeSize: uint32,
          proof: fc.array(bytes, { maxLength: 9 }),
        }),
      ),
    }),
  }),
  fc.record({
    status: fc.record({ ...ref, state: fc.constantFrom(AttemptState.RUNNING, AttemptState.UNKNOWN) }),
  }),
  fc.record({ responseAck: fc.record({ attempts: fc.array(fc.record(ref), { maxLength: 30 }) }) }),
  fc.record({ probe: fc.record({ nonce: uint32 }) }),
) as fc.Arbitrary<Partial<Frame>>;

/** What `read` makes of the bytes, or that it refuses them. */
function write(value: Partial<Frame>): Uint8Array {
  const [[kind, content]] = Object.entries(value) as [[keyof Frame, never]];
  return writeFrame(kind, content);
}

function read(bytes: Uint8Array): Frame {
  const content = readFrame(bytes);
  return content === undefined ? {} : { [content.kind]: content.value };
}

function outcome(reading: () => Frame): unknown {
  try {
    return reading();
  } catch {
    return "refused";
  }
}

test("a frame has the same bytes as the generated code gives it, and is read as it reads it", () => {
  fc.assert(
    fc.property(frame, (value) => {
      const expected = Frame.encode({ ...value });
      expect(Buffer.compare(write(value), expected)).toBe(0);
      expect(read(expected)).toEqual(Frame.decode(expected));
    }),
    { numRuns: 400 },
  );
});

test("bytes that are no frame, or more than one, are read or refused as the generated code does", () => {
  const parts = fc.array(
    fc.oneof(
      frame.map((value) => Frame.encode({ ...value })),
      fc.uint8Array({ maxLength: 12 }),
    ),
    { maxLength: 3 },
  );
  const cut = fc.tuple(parts, fc.nat(3)).map(([all, less]) => {
    const joined = Buffer.concat(all);
    return new Uint8Array(joined.subarray(0, Math.max(0, joined.length - less)));
  });
  fc.assert(
    fc.property(cut, (raw) => {
      expect(outcome(() => read(raw))).toEqual(outcome(() => Frame.decode(raw)));
    }),
    { numRuns: 400 },
  );
});

test("lists longer than a frame may hold are refused", () => {
  const proof = Array.from({ length: 25 }, () => new Uint8Array(32));
  const attest = { signature: new Uint8Array(64), leafIndex: 0, treeSize: 1, proof };
  const response = Frame.encode({ response: { attest } as unknown as Frame["response"] });
  expect(() => readFrame(response)).toThrow("too many elements");
  const attempts = Array.from({ length: 4 * limits.inFlightPerPeer + 1 }, () => ({
    taskId: new Uint8Array(16).fill(1),
    attempt: 1,
  }));
  expect(() => readFrame(writeFrame("responseAck", { attempts }))).toThrow("too many elements");
});
