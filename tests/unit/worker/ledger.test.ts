import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  beyond,
  createLedger,
  memoryForTasks,
  shareOf,
  type Machine,
  type Share,
} from "../../../src/worker/ledger.ts";

describe("what a task takes", () => {
  test.each([
    ["nothing said: a slot's part of the cores", {}, { cpuCores: 0.5, memoryBytes: 0, gpus: 0 }],
    ["zeros are nothing said", { cpuCores: 0, memoryBytes: 0 }, { cpuCores: 0.5, memoryBytes: 0, gpus: 0 }],
    ["what it uses", { cpuCores: 3, memoryBytes: 5e8 }, { cpuCores: 3, memoryBytes: 5e8, gpus: 0 }],
    [
      "a GPU that the task asks for",
      { requirements: { gpu: true } },
      { cpuCores: 0.5, memoryBytes: 0, gpus: 1 },
    ],
    ["a GPU that the skill needs", { gpu: true }, { cpuCores: 0.5, memoryBytes: 0, gpus: 1 }],
    [
      "what the machine must have",
      { requirements: { minCpuCores: 2, minMemoryGb: 1.5 } },
      { cpuCores: 2, memoryBytes: 1.5e9, gpus: 0 },
    ],
    [
      "what it uses of what the machine must have",
      { requirements: { minCpuCores: 2, minMemoryGb: 16 }, cpuCores: 1, memoryBytes: 1e9 },
      { cpuCores: 1, memoryBytes: 1e9, gpus: 0 },
    ],
  ])("%s", (_, needs, share) => expect(shareOf(needs, 8, 4)).toEqual(share));

  test("a slot of a machine with more cores than slots is one core", () => {
    expect(shareOf({}, 2, 16).cpuCores).toBe(1);
  });
});

test("what is beyond the machine is said", () => {
  const machine = { cpuCores: 4, memoryBytes: 8e9, gpus: [] };
  expect(beyond({ cpuCores: 4, memoryBytes: 8e9, gpus: 0 }, machine)).toBeUndefined();
  expect(beyond({ cpuCores: 5, memoryBytes: 0, gpus: 0 }, machine)).toBe("asks for 5 CPU cores, 4 are there");
  expect(beyond({ cpuCores: 1, memoryBytes: 9e9, gpus: 0 }, machine)).toBe(
    "asks for 9.0 GB of memory, 8.0 are there for tasks",
  );
  expect(beyond({ cpuCores: 1, memoryBytes: 0, gpus: 1 }, machine)).toBe("needs a GPU, has none");
});

test("whatever comes and goes, no more is promised than there is, and all of it comes back", () => {
  const share = fc.record<Share>({
    cpuCores: fc.double({ min: 0.01, max: 8, noNaN: true }),
    memoryBytes: fc.double({ min: 0, max: 5e9, noNaN: true }),
    gpus: fc.nat(2),
  });
  const machine = fc.record<Machine>({
    cpuCores: fc.integer({ min: 1, max: 32 }),
    memoryBytes: fc.double({ min: 0, max: 64e9, noNaN: true }),
    gpus: fc.array(fc.constant("GPU"), { maxLength: 3 }),
  });
  const steps = fc.array(fc.oneof(share, fc.nat(50)), { maxLength: 200 });
  fc.assert(
    fc.property(machine, steps, (has, all) => {
      const ledger = createLedger(() => has);
      const running: { share: Share; gpus: readonly number[] }[] = [];
      for (const step of all) {
        if (typeof step === "number") {
          const [ended] = running.splice(step % (running.length + 1), 1);
          if (ended !== undefined) ledger.give(ended.share, ended.gpus);
        } else if (ledger.fits(step)) {
          running.push({ share: step, gpus: ledger.take(step) });
        }
        expect(ledger.taken.cpuCores).toBeLessThanOrEqual(has.cpuCores);
        expect(ledger.taken.memoryBytes).toBeLessThanOrEqual(has.memoryBytes);
        const held = running.flatMap(({ gpus }) => gpus);
        expect(new Set(held).size).toBe(held.length);
        expect(held.every((number) => number < has.gpus.length)).toBe(true);
      }
      for (const one of running) ledger.give(one.share, one.gpus);
      expect(ledger.taken).toEqual({ cpuCores: 0, memoryBytes: 0, gpus: 0 });
      const all_ = { ...has, memoryBytes: Math.floor(has.memoryBytes), gpus: has.gpus.length };
      expect(ledger.fits(all_)).toBe(true);
    }),
  );
});

test("all slots can be full of tasks that say nothing, for any number of slots and cores", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 128 }), (slots, cores) => {
      const ledger = createLedger(() => ({ cpuCores: cores, memoryBytes: 0, gpus: [] }));
      for (let i = 0; i < slots; i++) {
        const share = shareOf({}, slots, cores);
        if (i >= cores && slots <= cores) break;
        expect(ledger.fits(share)).toBe(true);
        ledger.take(share);
      }
    }),
  );
});

describe("memory for tasks", () => {
  test.each([
    ["nothing runs: what is free", 4e9, 6e9, 0, 6e9],
    ["nothing runs, and others took some", 6e9, 4e9, 0, 4e9],
    ["tasks hold half of it and have touched none", 6e9, 6e9, 3e9, 6e9],
    ["tasks use what they hold", 6e9, 3e9, 3e9, 6e9],
    ["others took some meanwhile", 6e9, 1e9, 3e9, 4e9],
  ])("%s", (_, before, available, held, expected) =>
    expect(memoryForTasks(before, available, held)).toBe(expected),
  );
});
