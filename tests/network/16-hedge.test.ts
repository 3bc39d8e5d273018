/** A second attempt beside a slow one, between real processes: who wins, what becomes of the other, and a home killed in between. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MeshNode } from "../support/mesh.ts";
import { storedTasks } from "../support/task-rows.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

/**
 * `tail.first {key}`: the first run of a key hangs until it is told to stop, every further one answers at once. `tail.wait {key}`: all
 * runs of a key hang until its file is there. Keys that begin with "quick" never hang.
 */
function source(folder: string): string {
  return `
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
const folder = ${JSON.stringify(folder)};
const common = { version: "1.0.0", description: "For a test.", idempotent: true, input: { type: "object" }, output: { type: "object" } };
async function hang(key, signal, done) {
  appendFileSync(join(folder, key + ".runs"), "run\\n");
  while (!done() && !signal.aborted) await delay(20);
  if (signal.aborted) appendFileSync(join(folder, key + ".stopped"), "stop\\n");
}
export default [
  {
    definition: { ...common, id: "tail.first" },
    async run({ key }, { signal }) {
      if (key.startsWith("quick")) return { key };
      try {
        writeFileSync(join(folder, key), "", { flag: "wx" });
      } catch {
        return { key, second: true };
      }
      await hang(key, signal, () => false);
      return { key, second: false };
    },
  },
  {
    definition: { ...common, id: "tail.wait" },
    async run({ key }, { signal }) {
      if (!key.startsWith("quick")) await hang(key, signal, () => existsSync(join(folder, key)));
      return { key };
    },
  },
];
`;
}

const t = useMesh(async (mesh) => {
  const file = join(mesh.folder, "tail.mjs");
  await writeFile(file, source(mesh.folder));
  const workers = await Promise.all(
    ["one", "two"].map((name) =>
      mesh.start(name, { builtinSkills: ["echo"], skills: [file], workerSlots: 4 }),
    ),
  );
  const home = await mesh.start("home", {
    builtinSkills: [],
    bootstrap: workers.map(({ address }) => address),
  });
  await mesh.joined(home, ...workers);
  await learn(home);
  return { home, workers };
});

/** Nobody knows what is slow before it is known how long a run takes; a restart forgets it. */
async function learn(home: MeshNode): Promise<void> {
  for (const skill of ["tail.first", "tail.wait"])
    for (let n = 0; n < 4; n++) await home.run({ skill, input: { key: `quick-${n}` } });
}

const lines = async (name: string): Promise<number> => {
  const path = join(t.mesh.folder, name);
  return existsSync(path) ? (await readFile(path, "utf8")).trim().split("\n").length : 0;
};

describe("a task that may run twice and is slow", () => {
  test("is done by the second attempt, the first is told to stop, and no retry is used up", async () => {
    const { home } = t;
    const task = await home.run({ skill: "tail.first", input: { key: "a" }, retries: 0 });
    expect(task).toMatchObject({ status: "completed", output: { key: "a", second: true }, attempts: 2 });
    await until("the first run is told to stop", async () => (await lines("a.stopped")) === 1);
    const told = await home.cli("task", "explain", task.id).done;
    expect(told.stdout).toContain("sent beside a slow attempt");
    expect(storedTasks(home.dataDir).get(task.id)).toMatchObject({ retries: 0, losses: 0, ends: 1 });
  }, 60_000);

  test("ends once when its home is killed with both attempts out", async () => {
    const { home, mesh } = t;
    const { id } = await home.submit({ skill: "tail.wait", input: { key: "b" } });
    await until("both attempts run", async () => (await lines("b.runs")) === 2);
    await home.process.kill();
    await home.restart();
    await writeFile(join(mesh.folder, "b"), "");
    expect(await home.ended(id, 60_000)).toMatchObject({ status: "completed", output: { key: "b" } });
    expect(storedTasks(home.dataDir).get(id)).toMatchObject({ state: "completed", ends: 1, losses: 0 });
  }, 90_000);
});

test("a task that must not run twice has one attempt, however slow", async () => {
  const { home, mesh } = t;
  await learn(home);
  const { id } = await home.submit({ skill: "tail.wait", input: { key: "c" }, idempotent: false });
  await until("it runs", async () => (await lines("c.runs")) === 1);
  // As long as a second attempt took above, and more: a task that may have one is late by now.
  const other = await home.run({ skill: "tail.first", input: { key: "d" } });
  expect(other).toMatchObject({ attempts: 2 });
  expect(await lines("c.runs")).toBe(1);
  await writeFile(join(mesh.folder, "c"), "");
  expect(await home.ended(id, 60_000)).toMatchObject({ status: "completed", attempts: 1 });
}, 60_000);
