/**
 * A real home is killed with SIGKILL at random moments while users submit to it. Pass: no acknowledged task is lost, each has one
 * terminal record; and a hundred submissions under one key are one task.
 */
import { expect, test } from "vitest";
import type { TaskView } from "../../src/node/node.ts";
import { below, forEachSeed, fullForm, randomOf, seedsFor } from "../support/seeds.ts";
import { storedTasks } from "../support/task-rows.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const workers = await Promise.all(["one", "two"].map((name) => mesh.start(name, { workerSlots: 8 })));
  // It dials the workers: after a restart it listens somewhere else.
  const home = await mesh.start("home", {
    builtinSkills: [],
    bootstrap: workers.map(({ address }) => address),
  });
  await mesh.joined(home, ...workers);
  return { home };
});

const kills = fullForm ? 30 : 3;

test(`${kills} kills: 0 acknowledged tasks lost, one terminal record each`, async () => {
  await forEachSeed(seedsFor(1, 1), async (seed) => {
    const random = randomOf(seed);
    const acknowledged = new Set<string>();
    for (let kill = 0; kill < kills; kill++) {
      // The moment is a number of acknowledgements, and not a time: it is as random, and the same on a slow machine.
      const until = acknowledged.size + 1 + below(random, 120);
      const reached = Promise.withResolvers<void>();
      let killed = false;
      const users = Array.from({ length: 8 }, async () => {
        while (!killed) {
          try {
            const seconds = random() < 0.2 ? 0.3 : 0;
            const { id } = await t.home.submit({ skill: "sleep", input: { seconds }, retries: 5 });
            acknowledged.add(id);
          } catch (error) {
            // Only the kill may refuse: anything else is a finding.
            if (!killed) reached.reject(error);
            return;
          }
          if (acknowledged.size >= until) reached.resolve();
        }
      });
      await reached.promise;
      killed = true;
      await t.home.process.kill();
      await Promise.all(users);
      await t.home.restart();
    }
    const ended = await Promise.all([...acknowledged].map((id) => t.home.ended(id, 60_000)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["completed"]));
    const rows = storedTasks(t.home.dataDir);
    for (const id of acknowledged) expect(rows.get(id)).toMatchObject({ state: "completed", ends: 1 });
    for (const { ends } of rows.values()) expect(ends).toBeLessThanOrEqual(1);
  });
}, 600_000);

test("the same idempotency key 100 times at once: one task", async () => {
  const before = storedTasks(t.home.dataDir).size;
  const same = { skill: "echo", input: { only: "once" }, idempotencyKey: "a-hundred-times" };
  const views: TaskView[] = await Promise.all(Array.from({ length: 100 }, () => t.home.submit(same)));
  expect(new Set(views.map(({ id }) => id)).size).toBe(1);
  const { id } = views[0] as TaskView;
  expect(await t.home.ended(id)).toMatchObject({
    status: "completed",
    attempts: 1,
    output: { only: "once" },
  });
  expect(storedTasks(t.home.dataDir).size).toBe(before + 1);
  // Also to the next life.
  await t.home.process.kill();
  await t.home.restart();
  expect((await t.home.submit(same)).id).toBe(id);
  await expect(t.home.submit({ ...same, input: { only: "another" } })).rejects.toMatchObject({
    code: "Conflict",
  });
}, 60_000);
