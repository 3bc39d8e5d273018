/** What the worker makes of cores, memory and the operator's word: it starts nothing that does not fit, and refuses with a reason. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OfferedSkill, SkillSource } from "../../../src/skills/skill.ts";
import type { Execution, Executor, ExecutionResult } from "../../../src/worker/executor.ts";
import type { Caller } from "../../../src/worker/policy.ts";
import { createWorker, type Job, type WorkerOptions } from "../../../src/worker/worker.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-shares-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const skillOf = (id: string, source: SkillSource = { kind: "builtin", id }): OfferedSkill => ({
  definition: { id, version: "1.0.0", description: "d", input: true, output: true },
  source,
});

function setup(
  more: Partial<WorkerOptions> = {},
  machine = { cpuCores: 4, memoryBytes: 8e9, gpus: [] as string[] },
) {
  let nowMs = 0;
  const clock = { now: () => nowMs, monotonic: () => nowMs, after: () => () => {} };
  const running = new Map<string, { execution: Execution; finish: () => void }>();
  const executor: Executor = {
    name: "held",
    canExecute: () => true,
    isWarm: ({ definition }) => definition.id === "warm.skill",
    execute(execution) {
      const { promise, resolve } = Promise.withResolvers<ExecutionResult>();
      const finish = (): void => {
        running.delete(execution.id);
        resolve({
          output: { bytes: Buffer.from("1"), type: "application/json" },
          usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
        });
      };
      running.set(execution.id, { execution, finish });
      return promise;
    },
    close: () => Promise.resolve(),
  };
  const worker = createWorker({
    skills: [
      skillOf("some.skill"),
      skillOf("warm.skill"),
      skillOf("code.run", { kind: "script", submitted: "program" }),
      skillOf("box.run", { kind: "container", submitted: true }),
      skillOf("box.train", { kind: "container", container: { image: "train", gpu: true } }),
    ],
    executors: [executor],
    slots: 4,
    clock,
    log: silentLog,
    scratchRoot: join(root, "scratch"),
    random: Math.random,
    profile: () => ({
      resources: { ...machine, storageBytes: 0, platform: "linux", internet: false },
      role: "worker",
      tags: [],
    }),
    ...more,
  });
  const ended: string[] = [];
  function offer(id: string, parts: Partial<Job> = {}) {
    const answer = worker.offer({
      id,
      submitter: "peer",
      skill: "some.skill",
      skillVersion: "",
      priority: 96,
      input: jsonBody({}),
      deadline: nowMs + 1e9,
      signal: new AbortController().signal,
      onStart: () => {},
      onProgress: () => {},
      ...parts,
    });
    if (answer.verdict !== "refused") {
      const done = async (): Promise<void> => {
        try {
          await (await answer.result).release();
          ended.push(id);
        } catch (error) {
          ended.push(`${id}: ${(error as { code: string }).code}`);
        }
      };
      void done();
    }
    return answer.verdict === "refused" ? `${answer.code}: ${answer.message}` : answer.verdict;
  }
  return {
    worker,
    offer,
    running,
    ended,
    machine,
    pass: (ms: number) => void (nowMs += ms),
    /** Ends a run and lets everything that follows from it happen. */
    async finish(id: string) {
      running.get(id)?.finish();
      await turn();
    },
    async close() {
      for (const { finish } of running.values()) finish();
      await worker.close();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("cores and memory", () => {
  test("a task that asks for memory waits until it is free, and smaller ones pass it for a while", async () => {
    const t = setup();
    expect(t.offer("a", { uses: { memoryBytes: 6e9 } })).toBe("accepted");
    expect(t.offer("b", { uses: { memoryBytes: 6e9 } })).toBe("queued");
    expect(t.offer("c")).toBe("accepted");
    await turn();
    expect([...t.running.keys()]).toEqual(["a", "c"]);
    expect(t.worker.held()).toEqual({ cpuCores: 2, memoryBytes: 6e9, gpus: 0 });
    await t.finish("a");
    expect([...t.running.keys()].toSorted()).toEqual(["b", "c"]);
    await t.close();
    expect(t.worker.held()).toEqual({ cpuCores: 0, memoryBytes: 0, gpus: 0 });
  });

  test("the machine's cores are not promised twice", async () => {
    const t = setup();
    expect(t.offer("a", { requirements: { minCpuCores: 3 } })).toBe("accepted");
    expect(t.offer("b")).toBe("accepted");
    expect(t.offer("c")).toBe("queued");
    expect(t.offer("d", { uses: { cpuCores: 4 } })).toBe("queued");
    await turn();
    await t.finish("b");
    expect([...t.running.keys()]).toEqual(["a", "c"]);
    await t.finish("a");
    expect([...t.running.keys()]).toEqual(["c"]);
    await t.finish("c");
    expect([...t.running.keys()]).toEqual(["d"]);
    await t.close();
  });

  test("one that has waited long is passed no more", async () => {
    const t = setup();
    t.offer("a", { uses: { cpuCores: 2 } });
    t.offer("b", { uses: { cpuCores: 2 } });
    t.offer("big", { uses: { cpuCores: 4 } });
    t.offer("small", { uses: { cpuCores: 1 } });
    t.offer("later", { uses: { cpuCores: 1 } });
    await turn();
    t.pass(6_000);
    await t.finish("a");
    expect([...t.running.keys()]).toEqual(["b"]);
    await t.finish("b");
    expect([...t.running.keys()]).toEqual(["big"]);
    await t.finish("big");
    expect([...t.running.keys()].toSorted()).toEqual(["later", "small"]);
    await t.close();
  });

  test("what the machine can never give is refused with both numbers", async () => {
    const t = setup();
    expect(t.offer("a", { uses: { cpuCores: 5 } })).toBe(
      "UnsupportedSkill: asks for 5 CPU cores, 4 are there",
    );
    expect(t.offer("b", { uses: { memoryBytes: 9e9 } })).toBe(
      "UnsupportedSkill: asks for 9.0 GB of memory, 8.0 are there for tasks",
    );
    await t.close();
  });

  test("what no longer fits, because others took the memory, is handed back", async () => {
    const t = setup();
    t.offer("a", { uses: { memoryBytes: 6e9 } });
    t.offer("b", { uses: { memoryBytes: 6e9 } });
    t.offer("c", { uses: { cpuCores: 4 } });
    await turn();
    t.machine.memoryBytes = 5e9;
    await t.finish("a");
    expect([...t.running.keys()]).toEqual(["c"]);
    await t.finish("c");
    expect(t.ended.toSorted()).toEqual(["a", "b: Lost", "c"]);
    await t.close();
  });
});

describe("GPUs", () => {
  const gpu = { requirements: { gpu: true } };

  test("a machine with one never runs two tasks that ask for one; others pass who waits for it", async () => {
    const t = setup({}, { cpuCores: 4, memoryBytes: 8e9, gpus: ["A100"] });
    expect(t.offer("a", gpu)).toBe("accepted");
    expect(t.offer("b", gpu)).toBe("queued");
    expect(t.offer("c", { skill: "box.train" })).toBe("queued");
    expect(t.offer("d")).toBe("accepted");
    await turn();
    expect(t.running.get("a")?.execution.gpus).toEqual([0]);
    expect(t.worker.held()).toMatchObject({ gpus: 1 });
    // However long it has waited for the GPU, cores are not kept free for it.
    t.pass(60_000);
    expect(t.offer("e")).toBe("accepted");
    await t.finish("a");
    expect([...t.running.keys()].toSorted()).toEqual(["b", "d", "e"]);
    await t.finish("b");
    expect(t.running.get("c")?.execution.gpus).toEqual([0]);
    expect(t.running.get("d")?.execution.gpus).toBeUndefined();
    await t.close();
    expect(t.worker.held()).toMatchObject({ gpus: 0 });
  });

  test("of two each is for one task alone", async () => {
    const t = setup({}, { cpuCores: 4, memoryBytes: 8e9, gpus: ["A100", "A100"] });
    expect([t.offer("a", gpu), t.offer("b", gpu), t.offer("c", gpu)]).toEqual([
      "accepted",
      "accepted",
      "queued",
    ]);
    await turn();
    await t.finish("a");
    expect(t.running.get("b")?.execution.gpus).toEqual([1]);
    expect(t.running.get("c")?.execution.gpus).toEqual([0]);
    await t.close();
  });

  test("without one, or where its run would not see it, a task is refused with the reason", async () => {
    const t = setup();
    expect(t.offer("a", gpu)).toBe("UnsupportedSkill: needs a GPU, has none");
    expect(t.offer("b", { skill: "box.train" })).toBe("UnsupportedSkill: needs a GPU, has none");
    await t.close();
    const access = { skills: {}, code: "everyone" } as const;
    const open = setup({ access }, { cpuCores: 4, memoryBytes: 8e9, gpus: ["A100"] });
    expect(open.offer("a", { skill: "code.run", ...gpu })).toMatch(/sandbox that no GPU can be seen from/);
    expect(open.offer("b", { skill: "box.run", ...gpu })).toMatch(/gets no GPU here; .*box.run: {gpu: true}/);
    expect(open.offer("c", { skill: "box.train" })).toBe("accepted");
    await open.close();
    const granted = { skills: { "box.run": { gpu: true } }, code: "everyone" } as const;
    const granting = setup({ access: granted }, { cpuCores: 4, memoryBytes: 8e9, gpus: ["A100"] });
    expect(granting.offer("a", { skill: "box.run", ...gpu })).toBe("accepted");
    await granting.close();
  });
});

describe("the operator's word", () => {
  const caller = (facts: Partial<Caller> = {}): Caller => ({
    self: false,
    pin: undefined,
    trust: 0,
    ...facts,
  });

  test("code from a peer is refused unless it is allowed, with how to; this node's own is not", async () => {
    const t = setup({ callerOf: (submitter) => caller({ self: submitter === "self" }) });
    expect(t.offer("a", { skill: "code.run" })).toMatch(/^Unauthorized: code.run runs code .*--allow-code/);
    expect(t.offer("b", { skill: "code.run", submitter: "self" })).toBe("accepted");
    await t.close();
    const open = setup({ access: { skills: {}, code: "everyone" } });
    expect(open.offer("a", { skill: "code.run" })).toBe("accepted");
    await open.close();
  });

  test("who may call is asked each time: a pin given later counts", async () => {
    let pin: number | undefined;
    const t = setup({
      access: { skills: { "some.skill": { allow: "pinned" } }, code: "nobody" },
      callerOf: () => caller({ pin }),
    });
    expect(t.offer("a")).toMatch(/^Unauthorized: some.skill is for peers that .* pinned/);
    pin = 0.8;
    expect(t.offer("b")).toBe("accepted");
    await t.close();
  });

  test("its limits bound what a task may ask for, its time and its output, and reach the executor", async () => {
    const limits = { cpuCores: 2, memoryMb: 100, timeoutSeconds: 3, outputMb: 1 };
    const t = setup({ access: { skills: { "*": { limits, network: true } }, code: "nobody" } });
    expect(t.offer("a", { uses: { cpuCores: 3 } })).toBe(
      "UnsupportedSkill: asks for 3 CPU cores; a run of some.skill gets 2 here",
    );
    expect(t.offer("b", { uses: { memoryBytes: 200e6 } })).toMatch(
      /asks for 191 MiB of memory; a run of some.skill gets 100 here/,
    );
    expect(t.offer("c", { uses: { cpuCores: 2 } })).toBe("accepted");
    await turn();
    expect(t.running.get("c")?.execution).toMatchObject({
      outputBytes: 1024 ** 2,
      asked: { cpuCores: 2 },
      grant: { limits, network: true, gpu: false },
    });
    await t.close();
  });
});

test("says which skills are warm", async () => {
  const t = setup();
  expect(t.worker.warm()).toEqual(["warm.skill"]);
  await t.close();
});
