/** What a home remembers of its tasks: results for those who ask again, until retention clears them away; and its statistics. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PruneAnswer, StatsView, TaskView } from "../../src/node/node.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

/** `pure.slow {key}`: deterministic, takes 150 ms and more; each run leaves a line. `pure.large {key}` returns a blob of 400 KiB. */
function source(runs: string): string {
  return `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
const common = { version: "1.0.0", description: "For a test.", deterministic: true, input: { type: "object" }, output: { type: "object" } };
export default [
  {
    definition: { ...common, id: "pure.slow" },
    async run({ key }) {
      appendFileSync(${JSON.stringify(runs)}, key + "\\n");
      await delay(150);
      while (existsSync(${JSON.stringify(runs)} + "." + key)) await delay(20);
      if (key.startsWith("bad")) throw new Error("no good");
      return { key };
    },
  },
  {
    definition: { ...common, id: "pure.large" },
    async run({ key }) {
      appendFileSync(${JSON.stringify(runs)}, key + "\\n");
      await delay(150);
      return { text: key.repeat(400 * 1024 / key.length) };
    },
  },
];
`;
}

const t = useMesh(async (mesh) => {
  const runs = join(mesh.folder, "runs");
  const file = join(mesh.folder, "pure.ts");
  await writeFile(runs, "");
  await writeFile(file, source(runs));
  const home = await mesh.start("home", { builtinSkills: [] });
  const worker = await mesh.start("worker", { builtinSkills: ["echo"], skills: [file], workerSlots: 4 });
  await mesh.joined(home, worker);
  return { home, worker, runs };
});

async function runsOf(key: string): Promise<number> {
  return (await readFile(t.runs, "utf8")).split("\n").filter((line) => line === key).length;
}

const slow = (key: string, more: object = {}): { skill: string; input: unknown } => ({
  skill: "pure.slow",
  input: { key },
  ...more,
});

describe("a deterministic skill", () => {
  test("is not run again for the same input, unless the task says so", async () => {
    const { home, worker } = t;
    const first = await home.run(slow("a"));
    expect(first).toMatchObject({ status: "completed", output: { key: "a" }, cached: false, attempts: 1 });
    const again = await home.run(slow("a"));
    expect(again).toMatchObject({ status: "completed", output: { key: "a" }, cached: true, attempts: 0 });
    expect(again.skillVersion).toBe("1.0.0");
    expect(await runsOf("a")).toBe(1);
    expect(await home.run(slow("a", { skillVersion: "^2.0.0", taskTimeoutMs: 500 }))).not.toMatchObject({
      status: "completed",
    });
    const fresh = await home.cli("run", "pure.slow", '{"key": "a"}', "--no-cache", "-o", "json").done;
    expect(fresh.json).toMatchObject({ status: "completed", cached: false, peer: worker.peerId });
    expect(await runsOf("a")).toBe(2);
  });

  test("fails as often as it is asked to", async () => {
    const { home } = t;
    for (let n = 1; n <= 2; n++) {
      const failed = await home.run(slow("bad", { retries: 0 }));
      expect(failed).toMatchObject({ status: "failed", cached: false });
      expect(await runsOf("bad")).toBe(n);
    }
  });

  test("runs once for twenty that ask at the same time", async () => {
    const { home } = t;
    await writeFile(`${t.runs}.crowd`, "");
    const first = await home.submit(slow("crowd"));
    await until("it runs", async () => (await home.task(first.id)).status === "running");
    const others = await Promise.all(Array.from({ length: 19 }, () => home.submit(slow("crowd"))));
    const cancelled = others.pop() as TaskView;
    await home.call("POST", `/v1/tasks/${cancelled.id}/cancel`, { body: {} });
    await rm(`${t.runs}.crowd`);
    for (const { id } of others)
      expect(await home.ended(id)).toMatchObject({
        status: "completed",
        output: { key: "crowd" },
        cached: true,
      });
    expect(await home.ended(first.id)).toMatchObject({ status: "completed", cached: false });
    expect(await home.task(cancelled.id)).toMatchObject({ status: "cancelled" });
    expect(await runsOf("crowd")).toBe(1);
  });

  test("its results outlive a restart of the home", async () => {
    const { home } = t;
    const before = await home.run({ skill: "pure.large", input: { key: "large" } });
    expect(before.outputRef?.sizeBytes).toBeGreaterThan(400_000);
    expect(await home.process.stop()).toBe(0);
    await home.restart();
    await t.mesh.joined(home, t.worker);
    const after = await home.run({ skill: "pure.large", input: { key: "large" } });
    expect(after).toMatchObject({ status: "completed", cached: true, outputRef: before.outputRef });
    expect(await home.run(slow("a"))).toMatchObject({ cached: true });
    expect(await runsOf("large")).toBe(1);
  });
});

describe("statistics", () => {
  test("say what became of all tasks, also of those before the restart", async () => {
    const { home, worker } = t;
    const stats = await until("the node has counted", async () => {
      const now = await home.call<StatsView>("GET", "/v1/stats");
      return now.complete && now;
    });
    const { tasks: listed } = await home.call<{ tasks: TaskView[] }>("GET", "/v1/tasks", {
      query: { limit: 1_000 },
    });
    const count = (status: string): number => listed.filter((task) => task.status === status).length;
    expect(stats.tasks).toMatchObject({
      submitted: listed.length,
      completed: count("completed"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      timeout: count("timeout"),
      cached: listed.filter(({ cached, status }) => cached && status === "completed").length,
    });
    expect(stats.tasks.execution?.minMs).toBeGreaterThanOrEqual(140);
    expect(stats.skills.map(({ skill }) => skill).toSorted()).toEqual(["pure.large", "pure.slow"]);
    expect(stats.peers[0]).toMatchObject({ peer: worker.peerId });
    expect(stats.onlinePeers).toBe(1);
    const hour = await home.call<StatsView>("GET", "/v1/stats", {
      query: { window: "hour", skill: "pure.slow" },
    });
    expect(hour.skills).toMatchObject([{ skill: "pure.slow", failed: 2 }]);
    const served = await worker.call<StatsView>("GET", "/v1/stats");
    expect(served.worker.served).toBeGreaterThan(4);
    const { stdout } = await home.cli("stats").done;
    expect(stdout).toContain("pure.slow");
  });
});

describe("pruning", () => {
  test("removes what ended, counts it out of the statistics, and takes the cache along when told", async () => {
    const { home } = t;
    await writeFile(`${t.runs}.held`, "");
    const held = await home.submit(slow("held"));
    await until("it runs", async () => (await home.task(held.id)).status === "running");
    const old = await home.run(slow("a"));
    const dry = await home.cli("prune", "--older-than", "0s", "--dry-run", "-o", "json").done;
    expect((dry.json as PruneAnswer).tasks.completed).toBeGreaterThan(20);
    expect(await home.task(old.id)).toMatchObject({ status: "completed" });
    const pruned = await home.cli("prune", "--older-than", "0s", "-o", "json").done;
    expect(pruned.json).toMatchObject({ dryRun: false, tasks: dry.json.tasks });
    await expect(home.task(old.id)).rejects.toMatchObject({ code: "NotFound" });
    const { tasks } = await home.call<{ tasks: TaskView[] }>("GET", "/v1/tasks");
    expect(tasks.map(({ id }) => id)).toEqual([held.id]);
    await until("they are counted out", async () => {
      const stats = await home.call<StatsView>("GET", "/v1/stats");
      return stats.tasks.submitted === 1;
    });
    // The task is gone, its result is not.
    expect(await home.run(slow("a"))).toMatchObject({ cached: true });
    const { stdout } = await home.cli("prune", "--cache").done;
    expect(stdout).toMatch(/Removed 0 tasks, \d+ cached results\./);
    expect(await home.run(slow("a"))).toMatchObject({ cached: false });
    await rm(`${t.runs}.held`);
    expect(await home.ended(held.id)).toMatchObject({ status: "completed" });
  });
});
