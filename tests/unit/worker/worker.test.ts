import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../../../src/worker/executor.ts";
import { createWorker, type Job, type Offer, type WorkerOptions } from "../../../src/worker/worker.ts";

/** A clock that stands still until told. */
function createTestClock() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => 1_000_000 + now,
    monotonic: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
  };
  return {
    clock,
    pending: () => timers.length,
    advance(ms: number) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

interface Held {
  execution: Execution;
  context: ExecutionContext;
  finish: (result?: Partial<ExecutionResult>) => void;
  fail: (error: unknown) => void;
}

/** An executor whose runs end when the test says so, or by their signal. */
function createHeldExecutor() {
  const held: Held[] = [];
  let most = 0;
  let closed = 0;
  let now = 0;
  const executor: Executor = {
    name: "held",
    canExecute: ({ source }) => source.kind === "builtin",
    async execute(execution, context) {
      now += 1;
      most = Math.max(most, now);
      const { promise, resolve, reject } = Promise.withResolvers<ExecutionResult>();
      const output = { bytes: Buffer.from("{}"), type: "application/json" };
      const usage = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 };
      held.push({
        execution,
        context,
        finish: (result) => resolve({ output, usage, ...result }),
        fail: reject,
      });
      context.signal.addEventListener("abort", () => reject(context.signal.reason as Error), { once: true });
      try {
        return await promise;
      } finally {
        now -= 1;
      }
    },
    close: () => {
      closed += 1;
      return Promise.resolve();
    },
  };
  return { executor, held, most: () => most, closed: () => closed };
}

const skill: OfferedSkill = {
  definition: {
    id: "test.skill",
    version: "1.4.2",
    description: "d",
    input: { type: "object", properties: { n: { type: "number" } }, additionalProperties: false },
    output: true,
  },
  source: { kind: "builtin", id: "test.skill" },
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-worker-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function setup(more: Partial<WorkerOptions> = {}) {
  const time = createTestClock();
  const run = createHeldExecutor();
  const worker = createWorker({
    skills: [skill],
    executors: [run.executor],
    slots: 2,
    clock: time.clock,
    log: silentLog,
    scratchRoot: join(root, "scratch"),
    random: Math.random,
    ...more,
  });
  const started: string[] = [];
  function job(id: string, parts: Partial<Job> = {}): Job {
    return {
      id,
      submitter: "peer",
      skill: "test.skill",
      skillVersion: "",
      priority: 96,
      input: jsonBody({}),
      deadline: time.clock.monotonic() + 60_000,
      signal: new AbortController().signal,
      onStart: () => void started.push(id),
      onProgress: () => {},
      ...parts,
    };
  }
  return {
    ...time,
    ...run,
    worker,
    job,
    started,
    offer: (id: string, parts?: Partial<Job>) => worker.offer(job(id, parts)),
  };
}

function resultOf(offer: Offer) {
  if (offer.verdict === "refused") throw new Error(`refused: ${offer.message}`);
  return offer.result;
}

/** Lets everything that is ready go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("slots and queue", () => {
  test("runs as many as there are slots, queues the rest, and tells their places", async () => {
    const { offer, worker, held, started } = setup();
    const verdicts = ["a", "b", "c", "d"].map((id) => {
      const answer = offer(id);
      return answer.verdict === "refused" ? answer.code : [answer.verdict, answer.position];
    });
    expect(verdicts).toEqual([
      ["accepted", 0],
      ["accepted", 0],
      ["queued", 1],
      ["queued", 2],
    ]);
    expect(started).toEqual([]);
    await settle();
    expect(started).toEqual(["a", "b"]);
    expect(worker.load()).toEqual({ running: 2, slots: 2, queued: 2, serviceMs: 0 });
    held[0]?.finish();
    await settle();
    expect(started).toEqual(["a", "b", "c"]);
  });

  test("takes the urgent first and equals in order, and never runs more than its slots", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 25 }),
        async (slots, priorities) => {
          const { offer, held, started, most, worker } = setup({ slots });
          for (const [i, priority] of priorities.entries()) offer(String(i), { priority });
          const first = priorities.map((_, i) => i).slice(0, slots);
          const rest = priorities
            .map((priority, i) => ({ priority, i }))
            .slice(slots)
            .toSorted((a, b) => b.priority - a.priority || a.i - b.i);
          for (let done = 0; done < priorities.length; done++) {
            await settle();
            held[done]?.finish();
          }
          await settle();
          expect(started.map(Number)).toEqual([...first, ...rest.map(({ i }) => i)]);
          expect(most()).toBeLessThanOrEqual(slots);
          expect(worker.load()).toMatchObject({ running: 0, queued: 0 });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a full queue refuses and says when to come back; a failing run frees its slot like any other", async () => {
    const { offer, held, advance } = setup({ slots: 1, queueLimit: 1 });
    const first = resultOf(offer("a"));
    offer("b");
    expect(offer("c")).toMatchObject({ verdict: "refused", code: "QueueFull", retryAfterMs: 50 });
    await settle();
    advance(4_000);
    held[0]?.fail(new ErrandError("SkillFailed", "broke"));
    await expect(first).rejects.toMatchObject({ code: "SkillFailed" });
    await settle();
    offer("d");
    expect(offer("e")).toMatchObject({ verdict: "refused", code: "QueueFull", retryAfterMs: 4_000 });
  });

  test("one submitter's share is bounded, and comes back when its jobs end, however they end", async () => {
    const { offer, held } = setup({ slots: 8, inFlightPerPeer: 2 });
    const stop = new AbortController();
    resultOf(offer("a", { signal: stop.signal })).catch(() => {});
    offer("b");
    expect(offer("c")).toMatchObject({ verdict: "refused", code: "RateLimited" });
    expect(offer("x", { submitter: "other" }).verdict).toBe("accepted");
    await settle();
    stop.abort();
    held[1]?.finish();
    await settle();
    expect([offer("d").verdict, offer("e").verdict, offer("f").verdict]).toEqual([
      "accepted",
      "accepted",
      "refused",
    ]);
  });

  test("requests a second are bounded for each submitter", () => {
    const { offer, advance } = setup({ slots: 100, requestsPerSecondPerPeer: 2 });
    const verdicts = (): string[] => ["a", "b", "c"].map((id) => offer(id).verdict);
    expect(verdicts()).toEqual(["accepted", "accepted", "refused"]);
    expect(offer("x", { submitter: "other" }).verdict).toBe("accepted");
    advance(1_000);
    expect(verdicts()).toEqual(["accepted", "accepted", "refused"]);
  });
});

describe("what cannot run here is refused at once", () => {
  test.each<[string, Partial<Job>, string, string]>([
    ["an unknown skill", { skill: "no.such" }, "UnsupportedSkill", "no.such is not offered here"],
    ["another version", { skillVersion: "^2" }, "UnsupportedSkill", "test.skill is 1.4.2 here, not ^2"],
    ["a range that is none", { skillVersion: "latest!" }, "UnsupportedSkill", "not latest!"],
    ["an endless range", { skillVersion: ">".repeat(5_000) }, "UnsupportedSkill", "not >>>"],
    ["input against the schema", { input: jsonBody({ n: "1" }) }, "InvalidInput", "input.n must be number"],
    [
      "input that is no JSON",
      { input: { bytes: Buffer.from("{"), type: "application/json" } },
      "InvalidInput",
      "not JSON",
    ],
    [
      "an input type it does not take",
      { input: { bytes: Buffer.from(""), type: "image/png" } },
      "InvalidInput",
      "image/png",
    ],
    [
      "a blob that cannot be had",
      { input: { blob: { hash: "0".repeat(64), sizeBytes: 9 }, type: "application/json" } },
      "InvalidInput",
      "cannot be had",
    ],
    ["a deadline that has passed", { deadline: -1 }, "TaskTimeout", "deadline"],
    ["a cancelled job", { signal: AbortSignal.abort() }, "Cancelled", "cancelled"],
    ["a requirement", { requirements: { minCpuCores: 64 } }, "UnsupportedSkill", "needs 64 CPU cores, has 2"],
  ])("%s", (_, parts, code, message) => {
    const resources = {
      cpuCores: 2,
      memoryBytes: 1,
      storageBytes: 1,
      gpus: [],
      platform: "linux",
      internet: true,
    };
    const { offer, worker } = setup({ profile: () => ({ resources, role: "", tags: [] }) });
    expect(offer("a", parts)).toMatchObject({
      verdict: "refused",
      code,
      message: expect.stringContaining(message),
    });
    expect(worker.load()).toMatchObject({ running: 0, queued: 0 });
  });

  test.each(["", "*", "1.4.2", "^1", "~1.4", ">=1.2 <2", "1.x"])(
    "version range %j is met",
    (skillVersion) => {
      const { offer, worker } = setup();
      expect(offer("a", { skillVersion }).verdict).toBe("accepted");
      expect(worker.has("test.skill", skillVersion)).toBe(true);
      expect(worker.has("no.such", skillVersion)).toBe(false);
    },
  );

  test("input above the inline bound is left to the executor", async () => {
    const { offer, held } = setup();
    expect(offer("a", { input: jsonBody({ n: "x".repeat(300_000) }) }).verdict).toBe("accepted");
    await settle();
    expect(held[0]?.execution.checked).toBeUndefined();
  });
});

describe("the end of a job", () => {
  test("a cancel while it waits takes it out of the queue", async () => {
    const { offer, worker, held, started, pending } = setup({ slots: 1 });
    offer("a");
    const stop = new AbortController();
    const waiting = resultOf(offer("b", { signal: stop.signal }));
    offer("c");
    stop.abort(new ErrandError("Cancelled", "no longer wanted"));
    await expect(waiting).rejects.toMatchObject({ code: "Cancelled", message: "no longer wanted" });
    expect(worker.load().queued).toBe(1);
    await settle();
    held[0]?.finish();
    await settle();
    expect(started).toEqual(["a", "c"]);
    held[1]?.finish();
    await settle();
    expect(pending()).toBe(0);
  });

  test("a cancel while it runs reaches the executor; a foreign reason becomes Cancelled", async () => {
    const { offer, held } = setup();
    const stop = new AbortController();
    const result = resultOf(offer("a", { signal: stop.signal }));
    await settle();
    stop.abort();
    await expect(result).rejects.toMatchObject({ code: "Cancelled" });
    expect(held[0]?.context.signal.aborted).toBe(true);
  });

  test("the deadline holds while it waits and while it runs, and the executor is told when it is", async () => {
    const { offer, held, advance, worker } = setup({ slots: 1 });
    const running = resultOf(offer("a", { deadline: 5_000 }));
    const waiting = resultOf(offer("b", { deadline: 3_000 }));
    await settle();
    expect(held[0]?.context.deadline).toBe(1_005_000);
    advance(3_000);
    await expect(waiting).rejects.toMatchObject({ code: "TaskTimeout" });
    expect(worker.load()).toMatchObject({ running: 1, queued: 0 });
    advance(2_000);
    await expect(running).rejects.toMatchObject({ code: "TaskTimeout" });
  });

  test("a skill's own bound shortens the deadline", async () => {
    const short = { ...skill, definition: { ...skill.definition, timeoutMs: 10 } };
    const { offer, advance } = setup({ skills: [short] });
    const result = resultOf(offer("a"));
    await settle();
    advance(10);
    await expect(result).rejects.toMatchObject({ code: "TaskTimeout" });
  });

  test("progress is held to 0–1 and cleaned, and ends with the job", async () => {
    const seen: [number, string][] = [];
    const { offer, held } = setup();
    const stop = new AbortController();
    const result = resultOf(
      offer("a", { signal: stop.signal, onProgress: (...report) => void seen.push(report) }),
    );
    await settle();
    const context = held[0]?.context;
    context?.progress(-1, "a\u001b[31mb");
    context?.progress(Number.NaN, "nothing");
    context?.progress(7, "x".repeat(2_000));
    stop.abort();
    await expect(result).rejects.toThrow();
    context?.progress(0.5, "too late");
    expect(seen).toEqual([
      [0, "a [31mb"],
      [1, expect.stringMatching(/^x+…$/)],
    ]);
  });

  test("a blob is fetched once a slot is held, and a cancel does not wait for it", async () => {
    const { offer, held, started } = setup({ slots: 1 });
    const input = { blob: { hash: "0".repeat(64), sizeBytes: 9 }, type: "application/json" };
    let fetches = 0;
    const fetchInput = (): Promise<string> => {
      fetches += 1;
      return Promise.resolve("/some/path");
    };
    const first = resultOf(offer("a", { input, fetchInput }));
    const stop = new AbortController();
    const stuck = resultOf(
      offer("b", { input, signal: stop.signal, fetchInput: () => new Promise(() => {}) }),
    );
    await settle();
    expect([fetches, held[0]?.execution.inputPath]).toEqual([1, "/some/path"]);
    held[0]?.finish();
    await first;
    await settle();
    stop.abort();
    await expect(stuck).rejects.toMatchObject({ code: "Cancelled" });
    expect(started).toEqual(["a"]);
  });
});

describe("folders of runs", () => {
  test("are there for the result, and gone after its release or a failure", async () => {
    const { offer, held } = setup();
    const [good, bad] = [resultOf(offer("a")), resultOf(offer("b"))];
    await settle();
    const folders = held.map(({ context }) => context.scratchDir);
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders) await mkdir(folder, { recursive: true });
    const file = join(folders[0] ?? "", "out");
    await writeFile(file, "x");
    held[0]?.finish({ output: { file, type: "text/plain" } });
    held[1]?.fail(new ErrandError("SkillFailed", "broke"));
    await expect(bad).rejects.toThrow("broke");
    expect(existsSync(folders[1] ?? "")).toBe(false);
    const result = await good;
    expect(result).toMatchObject({ body: { file }, version: "1.4.2" });
    expect(existsSync(file)).toBe(true);
    await result.release();
    expect(existsSync(folders[0] ?? "")).toBe(false);
  });

  test("of a life that was killed go when the next one works", async () => {
    const scratchRoot = join(root, "scratch");
    await mkdir(join(scratchRoot, "old", "run"), { recursive: true });
    const { offer, worker, held } = setup({ scratchRoot });
    const result = resultOf(offer("a"));
    await settle();
    held[0]?.finish();
    await result;
    await worker.close();
    expect(await readdir(scratchRoot)).toEqual([]);
  });
});

describe("slotless runs", () => {
  test("neither wait nor count, and start after the offer has returned", async () => {
    const cheap: Executor = {
      name: "cheap",
      slotless: true,
      largestInputBytes: 100,
      canExecute: () => true,
      execute: (execution) =>
        Promise.resolve({
          output: { bytes: Buffer.from(JSON.stringify(execution.checked)), type: "application/json" },
          usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
        }),
      close: () => Promise.resolve(),
    };
    const { executor } = createHeldExecutor();
    const { offer, started, worker } = setup({ slots: 1, executors: [cheap, executor] });
    const large = jsonBody({ n: 1, pad: undefined });
    offer("slow", { input: { bytes: Buffer.from(`{"n":1${" ".repeat(200)}}`), type: "application/json" } });
    const quick = offer("quick", { input: large });
    expect(started).toEqual([]);
    expect(quick).toMatchObject({ verdict: "accepted", position: 0 });
    const { body } = await resultOf(quick);
    expect(Buffer.from(body.bytes ?? []).toString()).toBe('{"value":{"n":1}}');
    expect(worker.load()).toMatchObject({ running: 1, queued: 0, serviceMs: 0 });
  });
});

describe("draining and closing", () => {
  test("idle resolves when the last job has ended, or with its signal", async () => {
    const { offer, worker, held } = setup({ slots: 1 });
    await worker.idle(new AbortController().signal);
    offer("a");
    offer("b");
    await expect(worker.idle(AbortSignal.abort(new Error("waited enough")))).rejects.toThrow("waited enough");
    let isIdle = false;
    const idle = worker.idle(new AbortController().signal).then(() => (isIdle = true));
    await settle();
    held[0]?.finish();
    await settle();
    expect(isIdle).toBe(false);
    held[1]?.finish();
    await idle;
  });

  test("close ends what runs and waits, refuses what comes, and may be called twice", async () => {
    const { offer, worker, closed, started } = setup({ slots: 1 });
    const results = ["a", "b"].map((id) => resultOf(offer(id)));
    await settle();
    const closing = worker.close();
    expect(offer("c")).toMatchObject({ verdict: "refused", code: "ShuttingDown" });
    for (const result of results) await expect(result).rejects.toMatchObject({ code: "ShuttingDown" });
    await Promise.all([closing, worker.close()]);
    expect(closed()).toBe(1);
    expect(started).toEqual(["a"]);
  });

  test("a worker that never ran closes", async () => {
    const { worker } = setup();
    await worker.close();
    expect(existsSync(join(root, "scratch"))).toBe(false);
  });
});
