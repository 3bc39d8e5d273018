/** While a task runs: its progress is seen, it can be cancelled, it ends in time, and a failing one is tried again. */
import { describe, expect, test } from "vitest";
import type { TaskChange } from "../../src/node/node.ts";
import type { CliRun } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

/** `errand run` of a task that holds, and one Ctrl-C while it runs; the command may not yet know of its start. */
async function runAndInterrupt(key: string): Promise<CliRun> {
  const run = t.home.cli("run", "probe.hold", JSON.stringify({ key }), "-o", "json");
  await t.probe.started(key);
  run.child.kill("SIGINT");
  await run.stderrHas("Ctrl-C again cancels");
  return run;
}

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const home = await mesh.start("home", { builtinSkills: [] });
  const worker = await mesh.start("worker", { skills: [probe.file], workerSlots: 4 });
  await mesh.joined(home, worker);
  return { home, worker, probe };
});

describe("progress", () => {
  test("is seen while the task runs", async () => {
    const { id } = await t.home.submit({ skill: "sleep", input: { seconds: 2.5 } });
    const { code, stdout } = await t.home.cli("task", "watch", id, "-o", "json").done;
    expect(code).toBe(0);
    const changes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as TaskChange);
    const fractions = changes
      .filter(({ event }) => event === "TaskProgress")
      .map(({ task }) => task.progress);
    expect(fractions.filter((fraction) => fraction > 0 && fraction < 1).length).toBeGreaterThanOrEqual(2);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(changes.at(-1)).toMatchObject({
      event: "TaskCompleted",
      task: { status: "completed", progress: 1 },
    });
  });

  test("comes as events of all tasks, too", async () => {
    const stop = new AbortController();
    const seen: TaskChange[] = [];
    const watching = (async () => {
      for await (const { data } of t.home.process.client.events("/v1/events", { signal: stop.signal }))
        seen.push(JSON.parse(data) as TaskChange);
    })();
    // The stream tells what happens from its opening on: tasks are submitted until it has begun.
    const ids: string[] = [];
    await until("a task is seen from submission to end", async () => {
      ids.push((await t.home.run({ skill: "echo", input: ids.length })).id);
      const events = (id: string) => seen.filter(({ task }) => task.id === id).map(({ event }) => event);
      return ids.some((id) => events(id).includes("TaskSubmitted") && events(id).includes("TaskCompleted"));
    });
    stop.abort();
    await watching;
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });
});

describe("cancelling", () => {
  test("reaches the running code as an abort, with the reason", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "cancelled" } });
    await t.probe.started("cancelled");
    const cancelled = await t.home.cli("task", "cancel", id, "--reason", "no longer wanted", "-o", "json")
      .done;
    expect(cancelled).toMatchObject({ code: 0, json: { status: "cancelled" } });
    expect(await t.probe.aborted("cancelled")).not.toBe("");
    expect(await t.home.task(id)).toMatchObject({
      status: "cancelled",
      error: { message: "no longer wanted" },
    });
    await until("the slot is free", async () => (await t.worker.status()).load.running === 0);

    const again = await t.home.cli("task", "cancel", id, "-o", "json").done;
    expect(again).toMatchObject({ code: 1, json: { error: { code: "Conflict" } } });
  });

  test("one Ctrl-C leaves the task running and says how to follow it", async () => {
    const run = await runAndInterrupt("left");
    const said = await run.stderrHas("errand task wait ");
    const id = /errand task wait ([0-9a-f-]{36})/.exec(said)?.[1] ?? "";
    const { code, json } = await run.done;
    expect(code).toBe(130);
    expect(json).toMatchObject({ id, status: "running" });
    await t.probe.release("left");
    const waited = await t.home.cli("task", "wait", id, "-o", "json").done;
    expect(waited).toMatchObject({ code: 0, json: { status: "completed", attempts: 1 } });
    expect(await t.probe.starts("left")).toHaveLength(1);
  });

  test("a second Ctrl-C cancels it", async () => {
    const run = await runAndInterrupt("twice");
    run.child.kill("SIGINT");
    const { code, json } = await run.done;
    expect(code).toBe(12);
    expect(json).toMatchObject({ status: "cancelled", error: { code: "Cancelled" } });
    await t.probe.aborted("twice");
    expect(await t.probe.finished("twice")).toBe(0);
  });
});

describe("time", () => {
  test("a task that takes too long ends as timed out, and its code is aborted", async () => {
    const run = t.home.cli("run", "probe.hold", '{"key": "late"}', "--task-timeout", "1.5", "-o", "json");
    const { code, json } = await run.done;
    expect(code).toBe(11);
    expect(json).toMatchObject({ status: "timeout", error: { code: "TaskTimeout" } });
    expect(json.durationMs).toBeGreaterThanOrEqual(1_500);
    expect(json.durationMs).toBeLessThan(5_000);
    await t.probe.aborted("late");
  });

  test("an attempt has a time of its own", async () => {
    const task = await t.home.run({
      skill: "probe.hold",
      input: { key: "attempt" },
      attemptTimeoutMs: 700,
      retry: { retries: 1, strategy: "immediate" },
    });
    expect(task).toMatchObject({ status: "timeout", attempts: 2 });
    expect(await t.probe.starts("attempt")).toHaveLength(2);
  });

  test("waiting ends when its time is up, and the task goes on", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "waited" } });
    await t.probe.started("waited");
    const { code, json } = await t.home.cli("task", "wait", id, "--timeout", "0.5", "-o", "json").done;
    expect(code).toBe(5);
    expect(json).toMatchObject({ error: { code: "WaitTimeout", details: { id, status: "running" } } });
    await t.probe.release("waited");
    expect(await t.home.ended(id)).toMatchObject({ status: "completed" });
  });
});

describe("retries", () => {
  test("a failing task is tried again until it succeeds", async () => {
    const task = await t.home.run({
      skill: "probe.fail",
      input: { key: "twofold", times: 2 },
      retry: { retries: 3, strategy: "fixed", delayMs: 100 },
    });
    expect(task).toMatchObject({ status: "completed", attempts: 3, output: { starts: 3 } });
    const { attempts, history } = await t.home.explain(task.id);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "completed"]);
    expect(attempts[0]?.error?.message).toMatch(/failure 1 of 2/);
    expect(history.filter(({ to }) => to === "retrying")).toHaveLength(2);
  });

  test("one that goes on failing ends with the skill's own words", async () => {
    const run = t.home.cli(
      "run",
      "probe.fail",
      '{"key": "always", "times": 99}',
      "--retries",
      "0",
      "-o",
      "json",
    );
    const { code, json } = await run.done;
    expect(code).toBe(10);
    expect(json).toMatchObject({ status: "failed", attempts: 1, error: { code: "SkillFailed" } });
    expect(json.error.message).toMatch(/failure 1 of 99/);
    expect(await t.probe.starts("always")).toHaveLength(1);
  });
});
