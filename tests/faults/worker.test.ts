/**
 * Workers die, freeze, block and drain in the middle of things. Pass: a killed one's task runs elsewhere within 20 s; a frozen
 * one's late result is refused; a skill that blocks its thread keeps its lease and ends within the grace time of a cancel; a
 * drain loses nothing and uses no attempt up.
 */
import { describe, expect, test } from "vitest";
import { limits } from "../../src/core/limits.ts";
import type { MeshNode } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { fullForm } from "../support/seeds.ts";
import { storedTasks } from "../support/task-rows.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const home = await mesh.start("home", { builtinSkills: [] });
  const workers = await Promise.all(
    ["one", "two", "three"].map((name) => mesh.start(name, { skills: [probe.file], workerSlots: 12 })),
  );
  await mesh.joined(home, ...workers);
  return { home, workers, probe };
});

function workerOf(pid: number | undefined): MeshNode {
  const found = t.workers.find((node) => node.process.pid === pid);
  if (found === undefined) throw new Error(`no worker is process ${pid}`);
  return found;
}

const terminal = new Set(["completed", "failed", "cancelled", "timeout", "rejected"]);

describe("a worker", () => {
  test("killed in mid-task: another peer completes it within 20 s", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "killed" } });
    const [first] = await t.probe.started("killed");
    const victim = workerOf(first);
    await victim.process.kill();
    const killedMs = performance.now();
    const [, second] = await t.probe.started("killed", 2, 20_000);
    await t.probe.release("killed");
    const task = await t.home.ended(id, 20_000);
    expect(performance.now() - killedMs).toBeLessThan(20_000);
    expect(task).toMatchObject({ status: "completed", attempts: 2, output: { pid: second } });
    expect(task.peer).not.toBe(victim.peerId);
    const { attempts } = await t.home.explain(id);
    expect(attempts.map(({ peer, outcome }) => [peer, outcome])).toEqual([
      [victim.peerId, "lost"],
      [workerOf(second).peerId, "completed"],
    ]);
    await victim.restart();
    await t.mesh.joined(t.home, victim);
  });

  test("frozen for longer than its lease: its late result changes nothing", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "frozen" } });
    const [first] = await t.probe.started("frozen");
    const frozen = workerOf(first);
    frozen.process.signal("SIGSTOP");
    try {
      const [, second] = await t.probe.started("frozen", 2, 30_000);
      await t.probe.release("frozen");
      const ended = await t.home.ended(id);
      expect(ended).toMatchObject({ status: "completed", output: { pid: second } });
      frozen.process.signal("SIGCONT");
      // The frozen run goes on where it was, and ends too.
      await until("the late run ends", async () => (await t.probe.finished("frozen")) === 2);
      // A task over the same pair of peers comes after whatever the worker had to say of the old one.
      const after = await until("the worker is back", async () => {
        const task = await t.home.run({ skill: "echo", input: "after", peer: frozen.peerId });
        return task.status === "completed" && task;
      });
      expect(after.peer).toBe(frozen.peerId);
      expect(await t.home.task(id)).toEqual(ended);
      const { attempts, history } = await t.home.explain(id);
      expect(attempts.map(({ outcome }) => outcome)).toEqual(["lost", "completed"]);
      expect(history.filter(({ to }) => terminal.has(to))).toHaveLength(1);
    } finally {
      frozen.process.signal("SIGCONT");
    }
  }, 60_000);
});

describe("a skill that blocks its thread", () => {
  const blockedMs = fullForm ? 60_000 : 2_000;

  test(`for ${blockedMs / 1_000} s: the lease is kept`, async () => {
    const task = await t.home.run({ skill: "probe.spin", input: { ms: blockedMs } }, blockedMs + 30_000);
    expect(task).toMatchObject({ status: "completed", attempts: 1 });
    expect(storedTasks(t.home.dataDir).get(task.id)).toMatchObject({ losses: 0, retries: 0, ends: 1 });
  }, 120_000);

  test("a cancel ends it within the grace time", async () => {
    const { id } = await t.home.submit({ skill: "probe.spin", input: { ms: 600_000 } });
    const { peer } = await until("it spins", async () => {
      const task = await t.home.task(id);
      return task.status === "running" && task;
    });
    const worker = t.workers.find(({ peerId }) => peerId === peer) as MeshNode;
    expect((await worker.status()).load.running).toBe(1);
    const cancelledMs = performance.now();
    await t.home.call("POST", `/v1/tasks/${id}/cancel`, { body: {} });
    await until("its slot is free", async () => (await worker.status()).load.running === 0);
    // The thread is ended at the end of the grace time; the rest is two busy cores.
    expect(performance.now() - cancelledMs).toBeLessThan(limits.cancelGraceMs + 2_000);
    expect(await t.home.ended(id)).toMatchObject({ status: "cancelled" });
    expect(storedTasks(t.home.dataDir).get(id)).toMatchObject({ ends: 1 });
  });
});

describe("a drain under load", () => {
  test("SIGTERM of a worker while 200 tasks run: 0 lost, 0 attempts used up", async () => {
    const { home, workers } = t;
    // The first ones outlast the grace time of 5 s, so that some that run are handed back, and not only those that wait.
    const seconds = (i: number): number => (i < 12 ? 6 : 0.3);
    const submitted = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        home.submit({ skill: "sleep", input: { seconds: seconds(i) }, retry: { retries: 0 } }),
      ),
    );
    const mine = new Set(submitted.map(({ id }) => id));
    // Whichever: one that was killed or frozen before is not trusted with much yet.
    const leaving = await until("a worker runs some, and others wait there", async () => {
      const all = await Promise.all(workers.map((node) => node.status()));
      return workers[all.findIndex(({ load }) => load.running > 0 && load.queued > 0)];
    });
    expect(await leaving.process.stop()).toBe(0);
    const ended = await Promise.all(submitted.map(({ id }) => home.ended(id, 60_000)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["completed"]));
    const rows = [...storedTasks(home.dataDir).values()].filter(({ id }) => mine.has(id));
    expect(rows).toHaveLength(mine.size);
    const spoilt = rows.filter(({ retries, losses, ends }) => retries + losses > 0 || ends !== 1);
    // A failure shows what became of each.
    const stories = await Promise.all(
      spoilt.map(async ({ id }) => {
        const { history, attempts } = await home.explain(id);
        return {
          leaving: leaving.peerId,
          history,
          attempts: attempts.map(({ peer, error }) => ({ peer, error })),
        };
      }),
    );
    expect(JSON.stringify(stories, undefined, 1)).toBe("[]");
    // What was handed back ran again elsewhere.
    expect(new Set(ended.map((task) => task.attempts))).toContain(2);
  }, 120_000);
});
