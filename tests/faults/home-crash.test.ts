/**
 * The home dies at random moments, over a store that keeps exactly what was committed and workers that live on. Users repeat
 * what was not acknowledged, under the same idempotency key. Pass: no acknowledged task is lost, none runs as two, and each
 * has one terminal record.
 */
import { expect, test } from "vitest";
import type { Random } from "../../src/core/clock.ts";
import { jsonBody } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { taskIdToBytes } from "../../src/core/ids.ts";
import { isTerminal, type TaskState } from "../../src/tasks/states.ts";
import { crashableMesh, settled, type RunningJob } from "../support/memory-mesh.ts";
import { below, forEachSeed, randomOf, seedsFor } from "../support/seeds.ts";
import { simulatedDisk, type SimulatedDisk } from "../support/simulated-store.ts";

type Mesh = ReturnType<typeof crashableMesh>;

interface Story {
  mesh: Mesh;
  disk: SimulatedDisk;
  random: Random;
  /** Number of the submission by the id that was acknowledged. */
  acknowledged: Map<string, number>;
  /** What waiters were told. */
  told: Map<string, string>;
  submitted: number;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

function submit(story: Story, n: number): void {
  const { home } = story.mesh;
  home
    .submit({
      skill: "echo",
      input: jsonBody({ n }),
      idempotencyKey: `n-${n}`,
      retry: { retries: 20, delayMs: 100 },
    })
    .then((task) => {
      story.acknowledged.set(task.id, n);
      return home.wait(task.id);
    })
    .then(
      (task) => story.told.set(task.id, task.status),
      () => undefined,
    );
}

function liveJobs(mesh: Mesh): RunningJob[] {
  for (const worker of mesh.workers) worker.jobs = worker.jobs.filter((job) => !job.ended);
  return mesh.workers.flatMap((worker) => worker.jobs);
}

function complete(job: RunningJob): void {
  const { n } = JSON.parse(Buffer.from(job.job.input.bytes as Uint8Array).toString()) as { n: number };
  job.complete({ twice: 2 * n });
}

/** Something happens. */
async function step(story: Story): Promise<void> {
  const { mesh, random } = story;
  const jobs = liveJobs(mesh);
  const job = jobs[below(random, jobs.length)];
  const worker = mesh.workers[below(random, mesh.workers.length)] as (typeof mesh.workers)[number];
  const dice = random();
  if (dice < 0.35) submit(story, story.submitted++);
  else if (dice < 0.75) {
    if (job !== undefined) complete(job);
  } else if (dice < 0.8) job?.fail(new ErrandError("SkillFailed", "not this time", { retryable: true }));
  else if (dice < 0.83) mesh.cut(worker, "cut");
  else if (dice < 0.9) for (const one of mesh.workers) mesh.heal(one);
  else await mesh.pass(below(random, 3_000));
  await turns(below(random, 6));
}

async function crash(story: Story): Promise<void> {
  const { mesh, disk, random } = story;
  mesh.crashHome();
  disk.crash();
  // Workers go on alone: some longer than their lease.
  const jobs = liveJobs(mesh);
  for (const job of jobs) if (random() < 0.3) complete(job);
  await mesh.pass(random() < 0.3 ? 20_000 : below(random, 3_000));
  for (const one of mesh.workers) mesh.heal(one);
  await mesh.restartHome(disk.open());
  // Whoever got no acknowledgement asks again.
  const known = new Set(story.acknowledged.values());
  for (let n = 0; n < story.submitted; n++) if (!known.has(n)) submit(story, n);
}

async function runOut(story: Story): Promise<void> {
  const { mesh } = story;
  for (const one of mesh.workers) mesh.heal(one);
  for (let round = 0; round < 400; round++) {
    for (const job of liveJobs(mesh)) complete(job);
    await mesh.pass(250);
    if (mesh.table.live.size === 0 && liveJobs(mesh).length === 0 && story.told.size >= story.submitted)
      return;
  }
}

function check({ disk, acknowledged, told, submitted }: Story): void {
  const tasks = disk.db.prepare("SELECT id, state, output FROM tasks").all();
  const ended = disk.db
    .prepare("SELECT task_id AS id, to_state AS state FROM task_history")
    .all()
    .filter(({ state }) => isTerminal(state as TaskState));
  expect(tasks).toHaveLength(submitted);
  expect(ended).toHaveLength(submitted);
  expect(new Set(ended.map(({ id }) => hex(id))).size).toBe(submitted);
  const byId = new Map(tasks.map((task) => [hex(task["id"]), task]));
  expect(acknowledged.size).toBe(submitted);
  for (const [id, n] of acknowledged) {
    const task = byId.get(hex(taskIdToBytes(id)));
    expect(task).toMatchObject({ state: "completed" });
    expect(JSON.parse(Buffer.from(task?.["output"] as Uint8Array).toString())).toEqual({ twice: 2 * n });
  }
  for (const status of told.values()) expect(status).toBe("completed");
}

const hex = (id: unknown): string => Buffer.from(id as Uint8Array).toString("hex");

const seeds = seedsFor(1_000, 120);

test(`${seeds.length} seeds: 0 acknowledged tasks lost, one terminal record each`, async () => {
  let crashes = 0;
  await forEachSeed(seeds, async (seed) => {
    const random = randomOf(seed);
    const disk = simulatedDisk(random);
    const mesh = crashableMesh({ workers: 3, seed, store: disk.open() });
    const story: Story = { mesh, disk, random, acknowledged: new Map(), told: new Map(), submitted: 0 };
    for (let life = below(random, 4); life >= 0; life--) {
      for (let left = 1 + below(random, 60); left > 0; left--) await step(story);
      crashes++;
      await crash(story);
    }
    await runOut(story);
    await settled();
    check(story);
    disk.db.close();
  });
  expect(crashes).toBeGreaterThan(0);
}, 600_000);
