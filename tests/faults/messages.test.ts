/**
 * Every message between a home and its workers may be lost, doubled, late and out of order. Pass: the same tasks end in the same
 * states with the same outputs as over a wire that does nothing to them. A message of one kind is lost at most twice for each
 * task: three lost workers are a dead letter by design.
 */
import { expect, test } from "vitest";
import type { Clock, Random } from "../../src/core/clock.ts";
import { jsonBody } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import type { Message } from "../../src/network/messages.ts";
import type { TaskView } from "../../src/tasks/task.ts";
import { crashableMesh, settled, type RunningJob, type Wire } from "../support/memory-mesh.ts";
import { below, forEachSeed, randomOf, seedsFor } from "../support/seeds.ts";
import { simulatedDisk } from "../support/simulated-store.ts";

const tasks = 24;
const lostAtMost = 2;
// There and back that may be longer than the time limit of an acknowledgement. Much later, and for 15 s, is a network in which
// nobody can be reached, and the end of a task.
const latestMs = 1_500;

/** The task a message is about, if it is about one. */
function subjectOf(message: Message): string {
  switch (message.kind) {
    case "request":
      return message.request.taskId;
    case "ack":
      return message.ack.taskId;
    case "progress":
      return message.progress.taskId;
    case "response":
      return message.response.taskId;
    case "status":
      return message.status.taskId;
    case "cancel":
      return message.cancel.taskId;
    case "query":
      return message.query.taskId;
    default:
      return "";
  }
}

function faultyWire(random: Random, clock: () => Clock): { wire: Wire; done: Record<string, number> } {
  const lost = new Map<string, number>();
  const done = { lost: 0, doubled: 0, delayed: 0 };
  const wire: Wire = (message, _to, deliver) => {
    const key = `${message.kind} ${subjectOf(message)}`;
    const lostBefore = lost.get(key) ?? 0;
    if (random() < 0.15 && lostBefore < lostAtMost) {
      lost.set(key, lostBefore + 1);
      done.lost++;
      return;
    }
    const copies = random() < 0.2 ? 2 : 1;
    if (copies === 2) done.doubled++;
    for (let i = 0; i < copies; i++) {
      if (random() < 0.5) setImmediate(deliver);
      else {
        done.delayed++;
        clock().after(random() * latestMs, deliver);
      }
    }
  };
  return { wire, done };
}

/** What the skill does, the same at every worker: some inputs fail for good. */
function run({ job, complete, fail }: RunningJob): void {
  const { n } = JSON.parse(Buffer.from(job.input.bytes as Uint8Array).toString()) as { n: number };
  if (n % 6 === 5) fail(new ErrandError("SkillFailed", `no ${n}`, { retryable: false }));
  else complete({ square: n * n });
}

const ended = ({ status, output, error }: TaskView): unknown => ({ status, output, message: error?.message });

async function story(seed: number, makeWire: typeof faultyWire | undefined) {
  const random = randomOf(seed);
  const disk = simulatedDisk(random);
  const faults = makeWire?.(random, () => mesh.clock);
  const mesh: ReturnType<typeof crashableMesh> = crashableMesh({
    workers: 3,
    seed,
    store: disk.open(),
    ...(faults !== undefined && { wire: faults.wire }),
  });
  const submitted = await Promise.all(
    Array.from({ length: tasks }, (_, n) => mesh.home.submit({ skill: "echo", input: jsonBody({ n }) })),
  );
  const waiting = Promise.all(submitted.map(({ id }) => mesh.home.wait(id)));
  for (let round = 0; mesh.table.live.size > 0 && round < 3_000; round++) {
    for (const worker of mesh.workers) {
      const jobs = worker.jobs.filter((job) => !job.ended);
      worker.jobs = jobs;
      for (const job of jobs) if (random() < 0.3) run(job);
    }
    await mesh.pass(100 + below(random, 400));
  }
  expect(mesh.table.live.size).toBe(0);
  const views = await waiting;
  // Whatever is still on its way arrives after the end.
  await mesh.pass(20_000);
  await settled();
  const records = disk.db
    .prepare(
      `SELECT count(*) AS n FROM task_history
       WHERE to_state IN ('completed', 'failed', 'cancelled', 'timeout', 'rejected') GROUP BY task_id`,
    )
    .all();
  expect(records.map(({ n }) => n)).toEqual(Array.from({ length: tasks }, () => 1));
  expect(await Promise.all(submitted.map(({ id }) => mesh.home.get(id)))).toEqual(views);
  disk.db.close();
  return { ends: views.map(ended), done: faults?.done };
}

test("lost, doubled, late and out of order: the same final state", async () => {
  const total: Record<string, number> = {};
  await forEachSeed(seedsFor(300, 25), async (seed) => {
    const calm = await story(seed, undefined);
    const rough = await story(seed, faultyWire);
    expect(rough.ends).toEqual(calm.ends);
    for (const [kind, count] of Object.entries(rough.done ?? {})) total[kind] = (total[kind] ?? 0) + count;
  });
  for (const kind of ["lost", "doubled", "delayed"]) expect(total[kind]).toBeGreaterThan(0);
}, 600_000);
