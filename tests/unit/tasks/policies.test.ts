import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ageStepMs, ReadyQueue, type ReadyEntry } from "../../../src/tasks/ready-queue.ts";
import { lossDelayMs, refusalDelayMs, retryDelayMs } from "../../../src/tasks/retry.ts";
import { isTerminal, mayMove, TASK_STATES, type TaskState } from "../../../src/tasks/states.ts";
import { fillSpec, specFromText, specToText } from "../../../src/tasks/submission.ts";

describe("retry delays", () => {
  it.each([
    ["immediate", [0, 0, 0]],
    ["fixed", [5, 5, 5]],
    ["exponential", [5, 10, 20, 40]],
    ["fibonacci", [5, 5, 10, 15, 25]],
  ] as const)("%s", (strategy, expected) => {
    expect(expected.map((_, n) => retryDelayMs({ retries: 9, strategy, delayMs: 5 }, n, () => 0))).toEqual(
      expected,
    );
  });

  it("are capped, shortened by jitter, and never below the worker's wish", () => {
    const policy = { retries: 9, strategy: "exponential", delayMs: 5, capMs: 12, jitter: 0.5 } as const;
    expect(retryDelayMs(policy, 5, () => 0)).toBe(12);
    expect(retryDelayMs(policy, 5, () => 1)).toBe(6);
    expect(retryDelayMs(policy, 5, () => 1, 100)).toBe(100);
  });

  it("after a loss begin at nothing, and after refusals stay between 75 ms and 6.25 s", () => {
    expect(lossDelayMs(0)).toBe(0);
    expect(lossDelayMs(1)).toBeLessThan(lossDelayMs(2));
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.nat(1e6),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (round, wish, r) => {
          const delay = refusalDelayMs(round, wish, () => r);
          expect(delay).toBeGreaterThanOrEqual(75);
          expect(delay).toBeLessThanOrEqual(6_250);
        },
      ),
    );
  });
});

describe("the table of states", () => {
  it("lets nothing leave a terminal state, and every other state end", () => {
    for (const state of TASK_STATES) {
      const followers = TASK_STATES.filter((to) => mayMove(state, to));
      if (isTerminal(state)) expect(followers).toEqual([]);
      else expect(followers).toEqual(expect.arrayContaining(["failed", "cancelled", "timeout"]));
    }
  });

  it("leads from pending to every state, and from each to completed or to an end by failure", () => {
    const reach = (from: TaskState): Set<TaskState> => {
      const seen = new Set([from]);
      for (const state of seen) for (const to of TASK_STATES) if (mayMove(state, to)) seen.add(to);
      return seen;
    };
    expect(reach("pending")).toEqual(new Set(TASK_STATES));
    for (const state of TASK_STATES) if (!isTerminal(state)) expect(reach(state)).toContain("completed");
  });
});

describe("the ready queue", () => {
  const entry = fc.record({ id: fc.uuid(), priority: fc.nat(255), createdAt: fc.constant(0) });

  it("gives the highest priority first, and first in first out inside one", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
        const queue = new ReadyQueue<ReadyEntry>(1_000);
        for (const one of entries) queue.push(one);
        const taken: ReadyEntry[] = [];
        for (let one = queue.take(); one !== undefined; one = queue.take()) taken.push(one);
        expect(taken).toEqual(entries.toSorted((a, b) => b.priority - a.priority));
        expect(queue.size).toBe(0);
      }),
    );
  });

  it("counts right whatever is pushed, taken and removed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("push", "take", "remove"), fc.nat(9), fc.nat(255)), {
          maxLength: 100,
        }),
        (steps) => {
          const queue = new ReadyQueue<ReadyEntry>(1_000);
          const model = new Set<ReadyEntry>();
          const all = Array.from({ length: 10 }, (_, i) => ({
            id: String(i),
            priority: (i * 53) % 256,
            createdAt: 0,
          }));
          for (const [what, i] of steps) {
            const one = all[i] as ReadyEntry;
            if (what === "push") {
              queue.push(one);
              model.add(one);
            } else if (what === "remove") expect(queue.remove(one)).toBe(model.delete(one));
            else {
              const taken = queue.take();
              if (taken !== undefined) model.delete(taken);
            }
            expect(queue.size).toBe(model.size);
          }
        },
      ),
    );
  });

  it("lifts what waits, but never above the critical band", () => {
    const queue = new ReadyQueue<ReadyEntry>(1_000);
    const old = { id: "old", priority: 32, createdAt: 0 };
    const later = { id: "later", priority: 96, createdAt: 64 * ageStepMs - 1 };
    const muchLater = { id: "much later", priority: 96, createdAt: 64 * ageStepMs + 1 };
    const critical = { id: "critical", priority: 192, createdAt: 1e12 };
    for (const one of [muchLater, old, critical]) queue.push(one);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([critical, old, muchLater]);
    for (const one of [old, later]) queue.push(one);
    expect([queue.take(), queue.take()]).toEqual([later, old]);
  });

  it("is bounded for each band by itself", () => {
    const queue = new ReadyQueue<ReadyEntry>(2);
    queue.push({ id: "a", priority: 96, createdAt: 0 });
    queue.push({ id: "b", priority: 64, createdAt: 0 });
    expect(() => queue.check(127)).toThrow(
      expect.objectContaining({ code: "QueueFull", retryable: true, retryAfterMs: 1_000 }),
    );
    expect(() => queue.check(128)).not.toThrow();
    expect(() => queue.check(63)).not.toThrow();
  });

  it("a parked task takes up room until it is pushed or removed, once", () => {
    const queue = new ReadyQueue<ReadyEntry>(2);
    const waits = { id: "waits", priority: 96, createdAt: 0 };
    const leaves = { id: "leaves", priority: 96, createdAt: 0 };
    for (const entry of [waits, waits, leaves]) queue.park(entry);
    expect(() => queue.check(96)).toThrow(/2 tasks of normal priority/);
    expect(queue.take()).toBeUndefined();
    queue.push(waits);
    expect(() => queue.check(96)).toThrow();
    expect(queue.remove(leaves)).toBe(true);
    expect(queue.remove(leaves)).toBe(false);
    queue.check(96);
    expect(queue.take()).toBe(waits);
    queue.check(96, 2);
    expect(() => queue.check(96, 3)).toThrow();
  });
});

describe("a submission", () => {
  const ok = { skill: "echo", input: jsonBody(1) };

  it("gets its defaults", () => {
    expect(fillSpec(ok)).toMatchObject({
      priority: 96,
      attemptTimeoutMs: 300_000,
      retry: { retries: 3, strategy: "exponential", delayMs: 5_000 },
      onLost: "retry",
    });
  });

  it.each([
    ["skill", { skill: "No Skill" }],
    ["skillVersion", { skillVersion: "not a range" }],
    ["priority", { priority: 256 }],
    ["priority", { priority: 1.5 }],
    ["minTrust", { minTrust: 2 }],
    ["attemptTimeoutMs", { attemptTimeoutMs: 0 }],
    ["taskTimeoutMs", { taskTimeoutMs: Number.NaN }],
    ["peer", { peer: "12D3" }],
    ["retries", { retry: { retries: -1 } }],
    ["strategy", { retry: { strategy: "often" } }],
    ["tags", { requirements: { tags: ["x".repeat(65)] } }],
    ["labels", { labels: { a: "x".repeat(300) } }],
    ["verify.replicas", { verify: { replicas: { n: 1 } } }],
  ])("with a bad %s is InvalidInput", (field, bad) => {
    expect(() => fillSpec({ ...ok, ...bad } as never)).toThrow(
      expect.objectContaining({
        code: "InvalidInput",
        message: expect.stringContaining(field === "skill" ? "skill id" : field) as string,
      }),
    );
  });
});

describe("a stored specification", () => {
  const columns = { skill: "echo", skillVersion: "^1.0.0", priority: 160 };

  it("is nothing where nothing was said, and comes back whole", () => {
    const spec = fillSpec({ skill: "echo", input: jsonBody(1) });
    expect(specToText(spec)).toBe("{}");
    expect(specFromText("{}", spec)).toEqual(spec);
    // A task's row has a peer of its own: who has it, and not who must.
    expect(specFromText("{}", { ...spec, peer: "", id: "x" } as typeof spec)).toEqual(spec);
  });

  it("comes back as it was said", () => {
    const said = fillSpec({
      ...columns,
      input: jsonBody(1),
      requirements: { minCpuCores: 2, tags: ["a"] },
      retry: { retries: 1, strategy: "fixed" },
      minTrust: 0.4,
      onLost: "fail",
      labels: { a: "b" },
      cache: false,
      idempotencyKey: "k",
      notBefore: 5,
      verify: { replicas: { n: 3 }, compare: { kind: "set" } },
      check: "replica",
    });
    expect(specFromText(specToText(said), columns)).toEqual(said);
  });
});
