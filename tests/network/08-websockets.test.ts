/** Nodes that speak WebSocket alone, as behind a web server or a firewall that lets nothing else through. */
import { expect, test } from "vitest";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const listen = ["/ip4/127.0.0.1/tcp/0/ws"];

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const hub = await mesh.start("hub", { listen, builtinSkills: [] });
  const [worker, home] = await Promise.all([
    mesh.start("worker", { listen, skills: [probe.file] }),
    mesh.start("home", { listen, builtinSkills: [] }),
  ]);
  await mesh.joined(hub, worker, home);
  return { hub, worker, home, probe };
});

test("a node that listens on a WebSocket only says so, and others join it there", async () => {
  const status = await t.hub.status();
  expect(status.addresses).toEqual([t.hub.address]);
  expect(t.hub.address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\//);
  const seen = (await t.home.peers()).find(({ id }) => id === t.hub.peerId);
  expect(seen?.connected).toBe(true);
});

test("a task runs over it, at a peer that was met through another", async () => {
  const task = await t.home.run({ skill: "text.stats", input: { text: "one two three" } });
  expect(task).toMatchObject({ status: "completed", peer: t.worker.peerId, output: { words: 3 } });
});

test("so does one that is too large for a message", async () => {
  const text = "to be or not to be\n".repeat(200_000);
  const task = await t.home.run({ skill: "hash.file", input: { text } });
  expect(task).toMatchObject({ status: "completed", peer: t.worker.peerId });
});

test("a worker that is killed is known to be gone at once, and not only when its lease ends", async () => {
  const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "killed" } });
  await t.probe.started("killed");
  await t.worker.process.kill();
  const lost = await until("the attempt is lost", async () =>
    (await t.home.explain(id)).history.find(({ from, to }) => from === "running" && to !== "completed"),
  );
  expect(lost.reason).toContain("the worker is gone");
});
