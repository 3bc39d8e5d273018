import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  takeToken,
  unmetRequirement,
  type AdmissionFacts,
  type WorkerProfile,
} from "../../../src/worker/admission.ts";

const free: AdmissionFacts = {
  closing: false,
  unfit: undefined,
  slotless: false,
  running: 0,
  slots: 2,
  queued: 0,
  queueLimit: 10,
  serviceMs: 100,
  remainingMs: 60_000,
  inFlight: 0,
  inFlightLimit: 8,
  rateWaitMs: 0,
};
const unsupported = { code: "UnsupportedSkill", message: "x is not offered here" } as const;

describe("admit", () => {
  test.each<[string, Partial<AdmissionFacts>, string, number?]>([
    ["a free slot", {}, "run"],
    ["the last free slot", { running: 1 }, "run"],
    ["no free slot", { running: 2 }, "queue"],
    ["a free slot, but not the cores or the memory", { crowded: true }, "queue"],
    ["others wait already", { running: 1, queued: 1 }, "queue"],
    ["a slotless run while all slots are taken", { running: 2, queued: 10, slotless: true }, "run"],
    ["the queue is full", { running: 2, queued: 10 }, "QueueFull", 50],
    ["the queue is full of long runs", { running: 2, queued: 10, serviceMs: 10_000 }, "QueueFull", 5_000],
    [
      "the queue is full of endless runs",
      { running: 2, queued: 10, serviceMs: 1e9, remainingMs: 1e12 },
      "QueueFull",
      60_000,
    ],
    [
      "it could not start in time",
      { running: 2, queued: 5, serviceMs: 10_000, remainingMs: 20_000 },
      "QueueFull",
      30_000,
    ],
    [
      "it could just start in time",
      { running: 2, queued: 3, serviceMs: 10_000, remainingMs: 20_000 },
      "queue",
    ],
    ["no run was measured yet", { running: 2, queued: 9, serviceMs: 0, remainingMs: 1 }, "queue"],
    ["the deadline has passed", { remainingMs: 0 }, "TaskTimeout", 0],
    ["too many of this peer are here", { inFlight: 8 }, "RateLimited", 50],
    ["too many of this peer, slotless too", { inFlight: 8, slotless: true }, "RateLimited", 50],
    ["over its rate", { rateWaitMs: 120.4 }, "RateLimited", 120],
    ["over its rate by little", { rateWaitMs: 0.1 }, "RateLimited", 50],
    ["the skill is not here", { unfit: unsupported }, "UnsupportedSkill", 0],
    [
      "over its rate, for a skill that is not here",
      { unfit: unsupported, rateWaitMs: 100 },
      "RateLimited",
      100,
    ],
    ["shutting down", { closing: true, unfit: unsupported, rateWaitMs: 100 }, "ShuttingDown", 0],
  ])("%s", (_, facts, outcome, retryAfterMs) => {
    const admission = admit({ ...free, ...facts });
    expect(admission.verdict === "refuse" ? admission.code : admission.verdict).toBe(outcome);
    if (admission.verdict === "refuse") expect(admission.retryAfterMs).toBe(retryAfterMs);
  });

  test("never over the slots nor the queue, and a useful time to come back, for any facts", () => {
    const count = fc.nat(50);
    const facts = fc.record<AdmissionFacts>({
      closing: fc.boolean(),
      unfit: fc.constantFrom(undefined, unsupported),
      slotless: fc.boolean(),
      running: count,
      slots: fc.integer({ min: 1, max: 16 }),
      queued: count,
      queueLimit: count,
      serviceMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      crowded: fc.boolean(),
      remainingMs: fc.double({ min: -1e3, max: 1e9, noNaN: true }),
      inFlight: count,
      inFlightLimit: count,
      rateWaitMs: fc.constantFrom(0, 0, 1, 1e6),
    });
    fc.assert(
      fc.property(facts, (f) => {
        const admission = admit(f);
        if (admission.verdict === "run")
          expect(f.slotless || (f.running < f.slots && f.queued === 0 && f.crowded !== true)).toBe(true);
        if (admission.verdict === "queue") expect(f.queued < f.queueLimit && !f.slotless).toBe(true);
        if (admission.verdict !== "refuse") {
          expect(
            f.closing || f.unfit !== undefined || f.inFlight >= f.inFlightLimit || f.rateWaitMs > 0,
          ).toBe(false);
          expect(f.remainingMs).toBeGreaterThan(0);
        } else {
          const mayRetry = admission.code === "QueueFull" || admission.code === "RateLimited";
          expect(admission.retryAfterMs > 0).toBe(mayRetry);
          expect(admission.retryAfterMs).toBeLessThanOrEqual(60_000);
        }
      }),
    );
  });
});

describe("takeToken", () => {
  test("gives a second's worth at once, then at the rate", () => {
    const bucket = { tokens: 10, at: 0 };
    for (let i = 0; i < 10; i++) expect(takeToken(bucket, 0, 10)).toBe(0);
    expect(takeToken(bucket, 0, 10)).toBe(100);
    expect(takeToken(bucket, 50, 10)).toBeCloseTo(50, 6);
    expect(takeToken(bucket, 100, 10)).toBe(0);
    for (let i = 0; i < 10; i++) expect(takeToken(bucket, 1e6, 10)).toBe(0);
    expect(takeToken(bucket, 1e6, 10)).toBeGreaterThan(0);
  });

  test("never lets more through than the burst and the rate allow", () => {
    const gaps = fc.array(fc.nat(40), { maxLength: 300 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 100 }), (waits, perSecond) => {
        const bucket = { tokens: perSecond, at: 0 };
        let now = 0;
        let taken = 0;
        for (const wait of waits) {
          now += wait;
          if (takeToken(bucket, now, perSecond) === 0) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(perSecond + (now * perSecond) / 1000 + 1e-6);
      }),
    );
  });
});

describe("unmetRequirement", () => {
  const profile: WorkerProfile = {
    resources: {
      cpuCores: 4,
      memoryBytes: 8e9,
      storageBytes: 100e9,
      gpus: [],
      platform: "linux",
      internet: false,
    },
    role: "worker",
    tags: ["eu", "fast"],
  };

  test.each([
    [{}, undefined],
    [
      { minCpuCores: 4, minMemoryGb: 8, minStorageGb: 100, platform: "linux", role: "worker", tags: ["eu"] },
      undefined,
    ],
    [{ gpu: false, internet: false }, undefined],
    [{ minCpuCores: 5 }, "needs 5 CPU cores, has 4"],
    [{ minMemoryGb: 8.5 }, "needs 8.5 GB of memory, has 8.0"],
    [{ minStorageGb: 101 }, "needs 101 GB of storage, has 100.0"],
    [{ gpu: true }, "needs a GPU, has none"],
    [{ internet: true }, "needs the internet, has no access"],
    [{ platform: "darwin" }, "needs platform darwin, is linux"],
    [{ role: "storage" }, "needs role storage, is worker"],
    [{ tags: ["eu", "gpu-farm"] }, "needs tag gpu-farm"],
  ])("%j: %s", (wanted, sentence) => expect(unmetRequirement(wanted, profile)).toBe(sentence));
});
