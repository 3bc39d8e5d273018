/** Neighbours find each other by multicast DNS: two machines on one cable, the preset `lan`, and no address given to either. */
import { afterAll, describe, expect, test } from "vitest";
import { createMachines, missingNamespaces, type Cable, type Machines } from "../support/machines.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const missing = await missingNamespaces();

if (missing !== undefined) test("mDNS", ({ skip }) => skip(missing));

describe.skipIf(missing !== undefined)("two neighbours without a bootstrap peer", () => {
  let machines: Machines;
  let cable: Cable;
  const t = useMesh(async (mesh) => {
    const probe = await writeProbeSkills(mesh.folder);
    machines = createMachines(mesh.folder);
    const [here, there] = await Promise.all([machines.machine("here"), machines.machine("there")]);
    cable = await machines.cable(here, there);
    // What the preset listens on, as an operator gets it.
    const lan = { preset: "lan", listen: undefined, bootstrap: undefined } as object;
    const [home, worker] = await Promise.all([
      mesh.start("home", { ...lan, builtinSkills: [] }, here),
      mesh.start("worker", { ...lan, skills: [probe.file] }, there),
    ]);
    return { home, worker, probe };
  });
  afterAll(() => machines?.close());

  const connection = async (): Promise<boolean | undefined> =>
    (await t.home.peers()).find(({ id }) => id === t.worker.peerId)?.connected;

  test("find each other, and a task runs", async () => {
    expect(t.home.process.ready.addresses.join()).toContain(`/ip4/${cable.ends[0]}/tcp/4781/`);
    await t.mesh.joined(t.home, t.worker);
    const task = await t.home.run({ skill: "text.stats", input: { text: "one two three" } });
    expect(task).toMatchObject({ status: "completed", peer: t.worker.peerId });
  });

  test("find each other again, after the cable was out for so long that they had given up", async () => {
    await cable.cut();
    await until("the home has forgotten the worker", async () => (await connection()) === undefined, 30_000);
    await cable.plug();
    await until("they are connected", connection, 30_000);
    const task = await t.home.run({ skill: "echo", input: "again" });
    expect(task).toMatchObject({ status: "completed", peer: t.worker.peerId });
  }, 90_000);

  test("know at once when the other was killed, although its loopback address leads to themselves", async () => {
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "killed" } });
    await t.probe.started("killed");
    await t.worker.process.kill();
    const lost = await until("the attempt is lost", async () =>
      (await t.home.explain(id)).history.find(({ from, to }) => from === "running" && to !== "completed"),
    );
    expect(lost.reason).toContain("the worker is gone");
  });
});
