/**
 * Twice as much work as the workers can do, for a while. Pass: memory stays bounded, the surplus is refused with QueueFull, what was
 * acknowledged is done, and afterwards all is as before.
 */
import { expect, test } from "vitest";
import { rssBytes } from "../support/errand-process.ts";
import { fullForm } from "../support/seeds.ts";
import { storedTasks } from "../support/task-rows.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const home = await mesh.start("home", { builtinSkills: [], queuePerBand: 50 });
  const config = { workerSlots: 2, workerQueue: 4, builtinSkills: ["sleep", "echo"] };
  const workers = await Promise.all(["one", "two"].map((name) => mesh.start(name, config)));
  await mesh.joined(home, ...workers);
  return { home, workers };
});

const forMs = fullForm ? 60_000 : 5_000;
const runMs = 100;
// Four slots; what comes on top of a run only lowers the capacity.
const capacityPerSecond = 4 * (1_000 / runMs);
const tickMs = 50;
const grownAtMost = 96 * 1024 * 1024;

test(`twice the capacity for ${forMs / 1_000} s: bounded memory, QueueFull, and it recovers`, async () => {
  const { home, workers } = t;
  const nodes = [home, ...workers];
  const submission = { skill: "sleep", input: { seconds: runMs / 1_000 } };
  // Warm: code is loaded, and pools are as large as they get.
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 20 }, () => home.run(submission)));
  const rss = async (): Promise<number[]> => Promise.all(nodes.map(({ process }) => rssBytes(process.pid)));
  const before = await rss();

  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  const peaks = [...before];
  const calls: Promise<void>[] = [];
  const submit = async (): Promise<void> => {
    try {
      acknowledged.push((await home.submit(submission)).id);
    } catch (error) {
      refused.push(error);
    }
  };
  const startedMs = performance.now();
  const over = Promise.withResolvers<void>();
  let due = 0;
  // By the clock and not by the answers: users do not wait for one another.
  const timer = setInterval(() => {
    const pastMs = performance.now() - startedMs;
    if (pastMs > forMs) {
      clearInterval(timer);
      over.resolve();
      return;
    }
    for (; due < (pastMs / 1_000) * 2 * capacityPerSecond; due++) calls.push(submit());
    void rss().then((now) => now.forEach((bytes, i) => (peaks[i] = Math.max(peaks[i] ?? 0, bytes))));
  }, tickMs);
  await over.promise;
  await Promise.all(calls);

  expect(acknowledged.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  for (const error of refused) expect(error).toMatchObject({ code: "QueueFull", retryable: true });
  peaks.forEach((peak, i) => expect(peak - (before[i] ?? 0), nodes[i]?.name).toBeLessThan(grownAtMost));

  await until(
    "all that was taken on has ended",
    async () => {
      const { tasks } = await home.status();
      return Object.values(tasks).every((count) => count === 0) || Object.keys(tasks).length === 0;
    },
    60_000,
  );
  // An end is in memory a moment before it is on disk.
  await until("every end is on disk", async () => {
    const stored = storedTasks(home.dataDir);
    return acknowledged.every((id) => (stored.get(id)?.ends ?? 0) > 0);
  });
  const rows = storedTasks(home.dataDir);
  for (const id of acknowledged)
    expect(rows.get(id)).toMatchObject({ state: "completed", ends: 1, losses: 0 });
  for (const node of nodes) expect(node.process.running, node.name).toBe(true);
  for (const node of workers) expect((await node.status()).load).toMatchObject({ running: 0, queued: 0 });
  expect(await home.run({ skill: "echo", input: "again" })).toMatchObject({
    status: "completed",
    attempts: 1,
  });
}, 240_000);
