/** Submitters and the bootstrap peer die in the middle of things; the tasks come to their one end. Workers that die: tests/faults/. */
import { describe, expect, test } from "vitest";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const hub = await mesh.start("hub", { builtinSkills: [] });
  const workers = await Promise.all(
    ["one", "two"].map((name) => mesh.start(name, { skills: [probe.file], workerSlots: 4 })),
  );
  const home = await mesh.start("home", { builtinSkills: [] });
  await mesh.joined(hub, home, ...workers);
  return { hub, home, workers, probe };
});

const terminal = new Set(["completed", "failed", "cancelled", "timeout", "rejected"]);

describe("the submitter", () => {
  test("killed: what it acknowledged comes back, and what runs is adopted and not run twice", async () => {
    const running = await t.home.submit({ skill: "probe.hold", input: { key: "adopted" } });
    await t.probe.started("adopted");
    const queued = await Promise.all(
      Array.from({ length: 30 }, () => t.home.submit({ skill: "sleep", input: { seconds: 0.3 } })),
    );
    await t.home.process.kill();

    await t.home.restart();
    await until("the task is adopted", async () => (await t.home.status()).counters["resumed"] !== 0);
    await t.probe.release("adopted");
    expect(await t.home.ended(running.id)).toMatchObject({ status: "completed", attempts: 1 });
    expect(await t.probe.starts("adopted")).toHaveLength(1);
    const ended = await Promise.all(queued.map(({ id }) => t.home.ended(id)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["completed"]));
    for (const { id } of [running, ...queued]) {
      const { history } = await t.home.explain(id);
      expect(history.filter(({ to }) => terminal.has(to))).toHaveLength(1);
    }
  });

  test("killed before its worker answers: the answer waits for it", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "kept" } });
    await t.probe.started("kept");
    await t.home.process.kill();
    await t.probe.release("kept");
    await until("the run ends without its submitter", async () => (await t.probe.finished("kept")) === 1);
    await t.home.restart();
    expect(await t.home.ended(id)).toMatchObject({ status: "completed", attempts: 1 });
    expect(await t.probe.starts("kept")).toHaveLength(1);
  });
});

describe("the bootstrap peer", () => {
  test("killed and started again: the others rejoin by themselves, and newcomers join through it", async () => {
    const { hub, home, workers } = t;
    const address = hub.address.replace(/\/p2p\/.*$/, "");
    const { peerId } = hub;
    await hub.process.kill();
    await until("the loss is seen", async () => {
      const views = await Promise.all([home, ...workers].map((node) => node.peers()));
      return views.every((peers) => peers.every(({ id, connected }) => id !== peerId || !connected));
    });
    expect(await home.run({ skill: "echo", input: "without" })).toMatchObject({ status: "completed" });

    await hub.restart({ listen: [address] });
    expect(hub.peerId).toBe(peerId);
    for (const node of [home, ...workers]) {
      await until(
        `${node.name} has rejoined`,
        async () => (await node.peers()).some(({ id, connected }) => id === peerId && connected),
        30_000,
      );
    }
    const late = await t.mesh.start("late", { builtinSkills: [] });
    expect(await late.run({ skill: "echo", input: "hello" })).toMatchObject({
      status: "completed",
      output: "hello",
    });
  }, 60_000);
});
