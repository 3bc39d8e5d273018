/** Hooks that answer, refuse, throw, hang and block: the engine goes on, in bounded time. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import { changeHook, hookedSubmissions, hookedWorker } from "../../../src/tasks/hooks/apply.ts";
import { startHooks, type HookHost } from "../../../src/tasks/hooks/hook-host.ts";
import { newRecord } from "../../../src/tasks/record.ts";
import { fillSpec } from "../../../src/tasks/submission.ts";
import { createTaskTable } from "../../../src/tasks/table.ts";
import type { Submission } from "../../../src/tasks/task.ts";
import type { Job, JobResult } from "../../../src/worker/job.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { memoryStore, settled } from "../../support/memory-mesh.ts";
import { until } from "../../support/until.ts";

/** A module with this default export; what it appends with `note(…)` is read by `notes`. */
async function hooksOf(
  body: string,
): Promise<{ hooks: HookHost; path: string; notes(): Promise<unknown[]> }> {
  const dir = await mkdtemp(join(tmpdir(), "errand-hooks-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, "hooks.ts");
  await writeFile(
    path,
    `import { appendFileSync, readFileSync } from "node:fs";
     const note = (value: unknown) => appendFileSync(${JSON.stringify(join(dir, "notes"))}, JSON.stringify(value) + "\\n");
     export default ${body};`,
  );
  await writeFile(join(dir, "notes"), "");
  const hooks = await startHooks({ path, clock: systemClock, log: silentLog });
  onTestFinished(() => hooks.stop());
  return {
    hooks,
    path,
    notes: async () =>
      (await readFile(join(dir, "notes"), "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown),
  };
}

/** A home that only remembers what it was given. */
function home(hooks: HookHost) {
  const taken: Submission[] = [];
  const submit = async (submission: Submission): Promise<string> => {
    taken.push(submission);
    return submission.skill;
  };
  const submitMany = (all: readonly Submission[]) => Promise.all(all.map(submit));
  return { taken, ...hookedSubmissions({ submit, submitMany }, hooks) };
}

const echo: Submission = { skill: "echo", input: jsonBody({ n: 1 }) };

describe("beforeSubmit", () => {
  it("changes a submission by what it returns, or in place", async () => {
    const { hooks } = await hooksOf(`{
      beforeSubmit(s) {
        if (s.skill === "echo") return { ...s, priority: 7, idempotencyKey: "mine" };
        s.labels = { site: "berlin" };
      },
    }`);
    const t = home(hooks);
    await t.submit({ ...echo, idempotencyKey: "yours" });
    await t.submit({ ...echo, skill: "sleep" });
    // The key stays: whoever submits relies on it.
    expect(t.taken[0]).toMatchObject({ priority: 7, idempotencyKey: "yours" });
    expect(t.taken[1]).toMatchObject({ skill: "sleep", labels: { site: "berlin" } });
    expect(Buffer.from(t.taken[1]?.input.bytes as Uint8Array).toString()).toBe('{"n":1}');
  });

  it("refuses by throwing, with a code if it has one, and in a batch only what it refuses", async () => {
    const { hooks } = await hooksOf(`{
      async beforeSubmit(s) {
        if (s.skill === "sleep") throw new Error("no sleeping here");
        if (s.priority === 255) throw Object.assign(new Error("not for you"), { code: "Unauthorized" });
      },
    }`);
    const t = home(hooks);
    await expect(t.submit({ ...echo, skill: "sleep" })).rejects.toMatchObject({
      code: "InvalidInput",
      message: "refused by the hook beforeSubmit: no sleeping here",
    });
    await expect(t.submit({ ...echo, priority: 255 })).rejects.toMatchObject({ code: "Unauthorized" });
    const many = await t.submitMany([echo, { ...echo, skill: "sleep" }, { ...echo, skill: "hold" }]);
    expect(many).toEqual(["echo", expect.any(ErrandError), "hold"]);
    expect(t.taken).toHaveLength(2);
  });

  it("that hangs refuses within a second, and says why", async () => {
    const { hooks } = await hooksOf(`{ beforeSubmit: () => new Promise(() => {}) }`);
    const began = performance.now();
    await expect(home(hooks).submit(echo)).rejects.toMatchObject({
      code: "WaitTimeout",
      message: "the hook beforeSubmit did not answer within 1 s; the task was not taken on",
    });
    expect(performance.now() - began).toBeLessThan(4 * limits.hookSubmitMs);
    expect(hooks.counters).toMatchObject({ hookTimeouts: 1, hookRestarts: 0 });
  });

  it("that returns something else refuses", async () => {
    const { hooks } = await hooksOf(`{ beforeSubmit: () => ({ skill: 1 }) }`);
    await expect(home(hooks).submit(echo)).rejects.toThrow(/returned no submission/);
  });

  it("that is not there costs nothing: the home is as it was", async () => {
    const { hooks } = await hooksOf(`{ onPeer() {} }`);
    const plain = { submit: async () => "", submitMany: async () => [] };
    expect(hookedSubmissions(plain, hooks)).toBe(plain);
  });
});

describe("a hook that blocks its thread", () => {
  it("is ended with its thread, the node's own thread goes on, and the hooks work again", async () => {
    const { hooks, notes } = await hooksOf(`{
      beforeSubmit(s) { if (s.skill === "sleep") for (;;); },
      onPeer({ peer }) { note(peer); },
    }`);
    const t = home(hooks);
    let turns = 0;
    const count = setInterval(() => turns++, 10);
    await expect(t.submit({ ...echo, skill: "sleep" })).rejects.toThrow(/did not answer/);
    clearInterval(count);
    expect(turns).toBeGreaterThan(10);
    await until("the hooks are back", async () => (await t.submit(echo)) === "echo");
    hooks.tell("onPeer", { peer: "p", event: "joined" });
    await until("they are told", async () => (await notes()).includes("p"));
    expect(hooks.counters).toMatchObject({ hookRestarts: 1 });
  });
});

describe("notices", () => {
  it("come in order, and one that throws does not touch the others", async () => {
    const { hooks, notes } = await hooksOf(`{
      onPeer({ peer }) { note(peer); if (peer === "2") throw new Error("bad"); },
    }`);
    const all = Array.from({ length: 200 }, (_, i) => String(i));
    for (const peer of all) hooks.tell("onPeer", { peer, event: "joined" });
    await until("all have come", async () => (await notes()).length === all.length);
    expect(await notes()).toEqual(all);
    await until("the failure is counted", () => hooks.counters.hookErrors === 1);
  });

  it("are bounded: the oldest that wait leave, and are counted", async () => {
    const { hooks } = await hooksOf(`{ onPeer: () => new Promise(() => {}) }`);
    for (let i = 0; i < limits.hookQueue + 100; i++) hooks.tell("onPeer", { peer: String(i), event: "left" });
    // 64 are with the thread.
    expect(hooks.counters.hooksDropped).toBe(100 - 64);
  });

  it("of a task's changes: each move at once, its end after the commit", async () => {
    const { hooks, notes } = await hooksOf(
      `{ onChange: ({ from, to, task }) => note([from, to, task.output]) }`,
    );
    const store = memoryStore();
    const table = createTaskTable({
      store,
      changes: createChanges(),
      clock: systemClock,
      self: "me",
      log: silentLog,
    });
    table.onMove(changeHook(hooks, "me", systemClock));
    const release = store.hold();
    const record = newRecord(newTaskId(), fillSpec(echo), echo.input, 0);
    table.add(record);
    table.move(record, "queued", "");
    table.move(record, "assigned", "");
    record.output = jsonBody("done");
    table.move(record, "completed", "");
    await until("the moves are told", async () => (await notes()).length === 2);
    await settled();
    expect(await notes()).toHaveLength(2);
    release();
    await until("the end is told", async () => (await notes()).length === 3);
    expect(await notes()).toEqual([
      ["pending", "queued", null],
      ["queued", "assigned", null],
      ["assigned", "completed", "done"],
    ]);
  });

  it("of runs at this node: before, and after with how it went", async () => {
    const { hooks, notes } = await hooksOf(`{ beforeRun: (run) => note(run), afterRun: (run) => note(run) }`);
    const result = Promise.withResolvers<JobResult>();
    const worker = { offer: () => ({ verdict: "accepted", position: 0, result: result.promise }) };
    const taskId = newTaskId();
    let started = 0;
    const job = { id: `${taskId}-2`, skill: "echo", submitter: "them", onStart: () => void started++ };
    hookedWorker(worker as unknown as Worker, hooks, systemClock).offer(job as unknown as Job);
    job.onStart();
    result.reject(new ErrandError("TaskTimeout", "too slow"));
    await until("both are told", async () => (await notes()).length === 2);
    const run = { taskId, attempt: 2, skill: "echo", submitter: "them" };
    expect(await notes()).toMatchObject([
      run,
      { ...run, outcome: "timeout", error: { code: "TaskTimeout" } },
    ]);
    expect(started).toBe(1);
  });
});

describe("a module", () => {
  it.each([
    ["42", /default export is not an object/],
    ["{ beforeSubmitted() {} }", /"beforeSubmitted" is no hook/],
    ["{ onChange: 1 }", /"onChange" is not a function/],
    ["(() => { throw new Error('at once') })()", /at once/],
  ])("with %s is refused at the start", async (body, message) => {
    await expect(hooksOf(body)).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringMatching(message),
    });
  });

  it("that is not there is refused", async () => {
    const path = join(tmpdir(), "no-such-hooks.ts");
    await expect(startHooks({ path, clock: systemClock, log: silentLog })).rejects.toMatchObject({
      code: "InvalidConfig",
    });
  });
});
