/** When a T0 child's process ends: after its result is out, before its tier is closed. */
import { expect, test } from "vitest";
import { systemClock } from "../../../../src/core/clock.ts";
import { defaultRunLimits } from "../../../../src/skills/run-limits.ts";
import type { Janitor } from "../../../../src/worker/sandbox/janitor.ts";
import { createT0 } from "../../../../src/worker/sandbox/t0.ts";

test("a result does not wait for its process to be gone; a close does, and so does who cleans up", async () => {
  const guarded = new Set<number>();
  const started: number[] = [];
  const janitor: Janitor = {
    guard({ group = 0 }) {
      guarded.add(group);
      started.push(group);
      return () => guarded.delete(group);
    },
    close() {},
  };
  const t0 = createT0({ clock: systemClock, janitor });
  const { result, usage } = await t0.run({
    guest: { kind: "javascript", form: "expression", code: "input + 1", input: 1 },
    limits: defaultRunLimits,
    within: undefined,
    signal: new AbortController().signal,
    progress() {},
    log() {},
  });
  expect(Buffer.from(result).toString()).toBe("2");
  expect(usage.cpuMs).toBeGreaterThan(0);
  expect(usage.peakMemoryBytes).toBeGreaterThan(0);
  expect([...guarded]).toEqual(started);
  await t0.close();
  expect(guarded.size).toBe(0);
  for (const group of started) expect(() => process.kill(-group, 0)).toThrow("ESRCH");
});
