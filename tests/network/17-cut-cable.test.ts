/**
 * The cables to two workers are cut in the middle of their tasks: nothing passes any more, and nobody says so. Pass: the home
 * notices within five seconds; plugged in again before the lease ends, nothing runs twice; else the worker has stopped by itself
 * at its end, and the task is done by the other one, once.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  createMachines,
  missingNamespaces,
  type Cable,
  type Machine,
  type Machines,
} from "../support/machines.ts";
import type { MeshNode } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { storedTasks } from "../support/task-rows.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

/** A ping every two seconds is answered within three; the rest is for a busy machine. */
const noticedWithinMs = 5_000 + 2_500;

const missing = await missingNamespaces();
if (missing !== undefined) test("a cut cable", ({ skip }) => skip(missing));

describe.skipIf(missing !== undefined)("a cut cable", () => {
  let machines: Machines;
  const t = useMesh(async (mesh) => {
    const probe = await writeProbeSkills(mesh.folder);
    machines = createMachines(mesh.folder);
    const middle = await machines.machine("middle");
    const listen = ["/ip4/0.0.0.0/tcp/4781"];
    const home = await mesh.start("home", { listen, builtinSkills: [] }, middle);

    async function startWorker(name: string): Promise<{ node: MeshNode; cable: Cable }> {
      const machine: Machine = await machines.machine(name);
      const cable = await machines.cable(middle, machine);
      const bootstrap = [`/ip4/${cable.ends[0]}/tcp/4781/p2p/${home.peerId}`];
      const node = await mesh.start(name, { listen, skills: [probe.file], bootstrap }, machine);
      await mesh.joined(home, node);
      return { node, cable };
    }
    return { home, probe, startWorker };
  });
  afterAll(() => machines?.close());

  async function hold(key: string, worker: MeshNode): Promise<string> {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key } });
    expect(await t.probe.started(key)).toEqual([worker.process.pid]);
    return id;
  }

  async function connection(node: MeshNode, connected: boolean, withinMs?: number): Promise<void> {
    await until(
      `the home ${connected ? "has" : "loses"} ${node.name}`,
      async () =>
        (await t.home.peers()).some((peer) => peer.id === node.peerId && peer.connected === connected),
      withinMs,
    );
  }

  test("is noticed; no task is lost or done twice, however long it lasts", async () => {
    const far = await t.startWorker("far");
    const long = await hold("long", far.node);
    const near = await t.startWorker("near");
    const { id: short } = await t.home.submit({
      skill: "probe.hold",
      input: { key: "short" },
      peer: near.node.peerId,
    });
    await t.probe.started("short");

    await Promise.all([far.cable.cut(), near.cable.cut()]);
    const cutMs = performance.now();
    const noticedMs = [far, near].map(async ({ node }) => {
      await connection(node, false);
      return performance.now() - cutMs;
    });
    for (const ms of await Promise.all(noticedMs)) expect(ms).toBeLessThan(noticedWithinMs);

    await near.cable.plug();
    await t.probe.release("short");
    const { peerId } = near.node;
    expect(await t.home.ended(short)).toMatchObject({ status: "completed", attempts: 1, peer: peerId });
    expect(await t.probe.starts("short")).toHaveLength(1);

    const [, second] = await t.probe.started("long", 2, 30_000);
    expect(second).toBe(near.node.process.pid);
    expect(await t.probe.aborted("long", 30_000)).toMatch(/could not be reached/);
    await t.probe.release("long");
    expect(await t.home.ended(long)).toMatchObject({ status: "completed", attempts: 2, peer: peerId });

    await far.cable.plug();
    await connection(far.node, true, 30_000);
    const after = await t.home.run({ skill: "echo", input: "after", peer: far.node.peerId });
    expect(after).toMatchObject({ status: "completed", output: "after" });
    expect(await t.probe.finished("long")).toBe(1);
    const rows = storedTasks(t.home.dataDir);
    expect(rows.get(short)).toMatchObject({ ends: 1, losses: 0, retries: 0 });
    expect(rows.get(long)).toMatchObject({ ends: 1, losses: 1, retries: 0 });
  }, 120_000);
});
