/**
 * The network between a home and its workers breaks without a word: both ways or one way, shorter or longer than a lease. Pass:
 * shorter, nothing runs twice; longer, the worker has stopped by itself when it heals, and each task has one terminal record.
 */
import { afterAll, expect, test } from "vitest";
import type { Mesh, MeshNode } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { storedTasks } from "../support/task-rows.ts";
import { listeningPorts, tcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

interface Behind {
  node: MeshNode;
  proxy: TcpProxy;
}

/** How the network breaks, for one worker each. The name is its tag, and of the spare one that is to take over. */
const broken = [
  { key: "both-ways", towards: true, back: true },
  { key: "not-there", towards: true, back: false },
  { key: "not-back", towards: false, back: true },
];

const proxies: TcpProxy[] = [];
afterAll(() => proxies.forEach((proxy) => proxy.close()));

/** A node that others can reach through its proxy alone, and that knows nobody to dial: all connections are made to it. */
async function startBehind(mesh: Mesh, name: string, config: object): Promise<Behind> {
  const proxy = await tcpProxy();
  proxies.push(proxy);
  const node = await mesh.start(name, { ...config, announce: [proxy.address], bootstrap: [] });
  const api = Number(new URL(node.process.ready.api).port);
  const port = listeningPorts(node.process.pid).find((one) => one !== api);
  proxy.leadTo(port as number);
  return { node, proxy };
}

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const config = { skills: [probe.file], workerSlots: 1 };
  const behind = await Promise.all(
    broken.map(({ key }) => startBehind(mesh, key, { ...config, tags: [key] })),
  );
  // Nobody can dial it: what connects it with the workers is what it dials, through their proxies.
  const home = await mesh.start("home", {
    builtinSkills: [],
    announce: ["/ip4/127.0.0.1/tcp/1"],
    bootstrap: behind.map(({ node }) => node.address),
  });
  for (const { node } of behind) await mesh.joined(home, node);
  return { home, behind, probe, config };
});

/** Submits, and says who runs it: `tag` leaves one worker, until the spare one is there. */
async function hold(key: string, tag: string): Promise<{ id: string; worker: Behind }> {
  const requirements = { tags: [tag] };
  const { id } = await t.home.submit({ skill: "probe.hold", input: { key }, requirements });
  const [pid] = await t.probe.started(key);
  const worker = t.behind.find(({ node }) => node.process.pid === pid);
  if (worker === undefined) throw new Error(`no worker is process ${pid}`);
  return { id, worker };
}

async function seesGone(node: MeshNode): Promise<void> {
  await until(`the home loses ${node.name}`, async () =>
    (await t.home.peers()).some(({ id, connected }) => id === node.peerId && !connected),
  );
}

test("shorter than the lease: nothing runs twice", async () => {
  const { id, worker } = await hold("short", "both-ways");
  worker.proxy.stall({ towards: true, back: true });
  await seesGone(worker.node);
  worker.proxy.heal();
  await t.probe.release("short");
  expect(await t.home.ended(id)).toMatchObject({
    status: "completed",
    attempts: 1,
    peer: worker.node.peerId,
  });
  expect(await t.probe.starts("short")).toHaveLength(1);
  expect(storedTasks(t.home.dataDir).get(id)).toMatchObject({ losses: 0, retries: 0, ends: 1 });
}, 60_000);

test("longer than the lease, both ways and one way: the worker stops by itself, another does it, once", async () => {
  const held: { key: string; id: string; worker: Behind }[] = [];
  for (const { key } of broken) held.push({ key, ...(await hold(key, key)) });
  expect(new Set(held.map(({ worker }) => worker)).size).toBe(3);
  const spare = await t.mesh.start("spare", {
    ...t.config,
    workerSlots: 4,
    tags: broken.map(({ key }) => key),
    bootstrap: [],
  });
  await t.home.call("POST", "/v1/peers/connect", { body: { target: spare.address } });
  await t.mesh.joined(t.home, spare);

  broken.forEach(({ towards, back }, i) => held[i]?.worker.proxy.stall({ towards, back }));
  await Promise.all(
    held.map(async ({ key, id, worker }) => {
      const [, second] = await t.probe.started(key, 2, 45_000);
      expect(second).toBe(spare.process.pid);
      expect(await t.probe.aborted(key, 45_000)).toMatch(/could not be reached/);
      worker.proxy.heal();
      await t.probe.release(key);
      expect(await t.home.ended(id)).toMatchObject({ status: "completed", attempts: 2, peer: spare.peerId });
    }),
  );
  for (const { key, id, worker } of held) {
    // What the worker had to say of the old attempt comes before anything about a new one.
    const after = await until(
      "the worker is back",
      async () => {
        const task = await t.home.run({ skill: "echo", input: "after", peer: worker.node.peerId });
        return task.status === "completed" && task;
      },
      30_000,
    );
    expect(after.peer).toBe(worker.node.peerId);
    expect(await t.home.task(id)).toMatchObject({ status: "completed", peer: spare.peerId });
    expect(storedTasks(t.home.dataDir).get(id)).toMatchObject({ ends: 1, losses: 1 });
    expect(await t.probe.finished(key)).toBe(1);
  }
}, 120_000);
