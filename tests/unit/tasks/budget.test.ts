import * as fc from "fast-check";
import { expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { createBudget, retryBudget } from "../../../src/tasks/budget.ts";
import { memoryMesh, settled } from "../../support/memory-mesh.ts";

it("gives a share of what was sent, and what a quiet node may repeat", () => {
  const budget = createBudget({ share: 0.2, perSecond: 1, most: 10 });
  let taken = 0;
  while (budget.take(0)) taken++;
  expect(taken).toBe(10);
  for (let i = 0; i < 24; i++) budget.paid();
  for (taken = 0; budget.take(0);) taken++;
  expect(taken).toBe(4);
  for (taken = 0; budget.take(3_500);) taken++;
  expect(taken).toBe(4);
  budget.giveBack();
  expect(budget.take(3_500)).toBe(true);
});

it("makes those that come anyhow wait for their turn, and nobody longer than all of it takes", () => {
  const budget = createBudget({ share: 0.2, perSecond: 10, most: 100 });
  const waits = Array.from({ length: 1_000 }, () => budget.owe(0));
  expect(waits.slice(0, 100).every((ms) => ms === 0)).toBe(true);
  expect(waits[100]).toBeCloseTo(100);
  expect(waits[150]).toBeCloseTo(5_100);
  expect(Math.max(...waits)).toBeCloseTo(10_000);
  for (let i = 0; i < 1_000; i++) budget.paid();
  expect(budget.owe(0)).toBe(0);
});

it("never gives more than share, time and savings add up to", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 500 })), { maxLength: 500 }),
      (steps) => {
        const budget = createBudget({ share: 0.05, perSecond: 0.1, most: 10 });
        let [sent, given, now] = [0, 0, 0];
        for (const [fresh, waitMs] of steps) {
          now += waitMs;
          if (fresh) {
            budget.paid();
            sent++;
          } else if (budget.take(now)) given++;
        }
        expect(given).toBeLessThanOrEqual(10 + 0.05 * sent + (0.1 * now) / 1_000 + 1e-9);
      },
    ),
  );
});

it("spreads a storm of retries, and every task still gets its own", async () => {
  const mesh = memoryMesh(4);
  const tasks = 250;
  for (let n = 0; n < tasks; n++)
    await mesh.home.submit({
      skill: "echo",
      input: jsonBody({ n }),
      retry: { retries: 1, strategy: "immediate" },
      cache: false,
    });
  await settled();
  const open = () => mesh.workers.flatMap(({ jobs }) => jobs).filter(({ ended }) => !ended);
  expect(open()).toHaveLength(tasks);
  for (const job of open()) job.fail(new ErrandError("SkillFailed", "not now", { retryable: true }));
  await settled();
  const atOnce = open().length;
  expect(atOnce).toBeGreaterThan(0);
  expect(atOnce).toBeLessThanOrEqual(retryBudget.most);
  await mesh.pass(12_000);
  expect(open()).toHaveLength(tasks);
}, 60_000);
