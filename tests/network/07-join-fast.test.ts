/**
 * Ten processes on this machine: whoever joins last has its first result from another peer within three seconds. A machine on
 * which a node by itself takes longer than 1.2 s to start is given two and a half times that.
 */
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { MeshNode } from "../support/mesh.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const nodes: MeshNode[] = [await mesh.start("node-1")];
  // A few at a time: nine that start together on two cores take each other's time.
  for (let i = 2; i <= 9; i += 4) {
    const names = Array.from({ length: 4 }, (_, k) => `node-${i + k}`);
    nodes.push(...(await Promise.all(names.map((name) => mesh.start(name)))));
  }
  await mesh.joined(...nodes);
  return { nodes };
});

async function idle(nodes: MeshNode[]): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  await until(
    "nobody makes new connections",
    async () => {
      const all = await Promise.all(nodes.map((node) => node.status()));
      const connections = all.reduce((sum, { peers }) => sum + peers.connected, 0);
      const settled = connections === before;
      before = connections;
      return settled;
    },
    20_000,
  );
}

/** Share of the processors' time that was used within a fifth of a second. */
async function busyShare(): Promise<number> {
  const times = (): { idle: number; all: number } => {
    let [idle, all] = [0, 0];
    for (const cpu of cpus()) {
      idle += cpu.times.idle;
      all += Object.values(cpu.times).reduce((sum, one) => sum + one, 0);
    }
    return { idle, all };
  };
  const before = times();
  await delay(200);
  const after = times();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

/** Other tests run beside this one; what they take of the machine is not what is measured. */
async function calm(): Promise<void> {
  await until("the machine is calm", async () => (await busyShare()) < 0.4, 15_000).catch(() => undefined);
}

interface Joining {
  readyMs: number;
  doneMs: number;
}

/** From the start of a tenth process to its first result, and the end of it. */
async function join(name: string): Promise<Joining> {
  const spawnedMs = performance.now();
  const tenth = await t.mesh.start(name, { builtinSkills: [] });
  const readyMs = performance.now() - spawnedMs;
  const task = await tenth.run({ skill: "text.stats", input: { text: "First words from a newcomer." } });
  const doneMs = performance.now() - spawnedMs;
  expect(task).toMatchObject({ status: "completed", local: false, output: { words: 5 } });
  expect(t.nodes.map(({ peerId }) => peerId)).toContain(task.peer);
  await tenth.process.stop();
  return { readyMs, doneMs };
}

/** How long a node takes to start that joins nobody: nothing but this machine's speed. */
async function startAlone(name: string): Promise<number> {
  const spawnedMs = performance.now();
  const alone = await t.mesh.start(name, { bootstrap: [] });
  const readyMs = performance.now() - spawnedMs;
  await alone.process.stop();
  return readyMs;
}

test("the tenth node gets its first remote result within 3 s of its start", async () => {
  const joined: (Joining & { aloneMs: number })[] = [];
  // What else runs on the machine can only add to the time: the best of three says what the mesh needs.
  for (const name of ["tenth", "another-tenth", "last-tenth"]) {
    await idle(t.nodes);
    await calm();
    const aloneMs = await startAlone(`${name}-alone`);
    await idle(t.nodes);
    await calm();
    const measured = { aloneMs, ...(await join(name)) };
    if (measured.doneMs < Math.max(3_000, 2.5 * aloneMs)) return;
    joined.push(measured);
  }
  expect.fail(`first results after ${JSON.stringify(joined)} ms`);
}, 180_000);
