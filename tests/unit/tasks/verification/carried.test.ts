/** Verification travels with everything that becomes a task: graphs and their defaults, schedules, reruns. */
import { expect, it } from "vitest";
import { jsonBody } from "../../../../src/core/body.ts";
import { verificationSettings } from "../../../../src/node/checking.ts";
import { checkGraph } from "../../../../src/tasks/graph/spec.ts";
import { crashableMesh, settled } from "../../../support/memory-mesh.ts";
import { simulatedDisk } from "../../../support/simulated-store.ts";

it("by the nodes of a graph, and by its defaults", () => {
  const { nodes } = checkGraph({
    defaults: { verify: { replicas: { n: 3 } } },
    nodes: { a: { skill: "echo" }, b: { skill: "echo", verify: { spotCheck: 0.5 } } },
  });
  expect(nodes.map(({ task }) => task?.verify)).toEqual([{ replicas: { n: 3 } }, { spotCheck: 0.5 }]);
  const bad = { nodes: { a: { skill: "echo", verify: { replicas: { n: 1 } } } } };
  expect(() => checkGraph(bad)).toThrow("verify.replicas.n");
});

it("by a rerun, which is no check itself", async () => {
  const mesh = crashableMesh({ workers: 3, seed: 3, store: simulatedDisk(() => 0.5).open() });
  const verify = { replicas: { n: 2 } };
  const first = await mesh.home.submit({ skill: "echo", input: jsonBody(1), verify, check: "replica" });
  for (let i = 0; i < 10; i++) {
    await settled();
    for (const worker of mesh.workers) for (const job of worker.jobs) if (!job.ended) job.complete(1);
  }
  await mesh.home.wait(first.id);
  const again = await mesh.home.rerun(first.id);
  expect(mesh.table.get(again.id)?.spec).toMatchObject({ verify });
  expect(mesh.table.get(again.id)?.spec.check).toBeUndefined();
});

it.each([
  [undefined, "local", { mode: "off", canariesPerHour: 0, anchorPin: 0.9 }],
  [undefined, "public", { mode: "adaptive", canariesPerHour: 30, anchorPin: 0.9 }],
  [{ mode: "off" }, "public", { mode: "off", canariesPerHour: 0, anchorPin: 0.9 }],
  [{ mode: "adaptive", anchorPin: 0.7 }, "lan", { mode: "adaptive", canariesPerHour: 30, anchorPin: 0.7 }],
  [{ canariesPerHour: 5 }, "public", { mode: "adaptive", canariesPerHour: 5, anchorPin: 0.9 }],
] as const)("is by default as the operator says: %j with the preset %s", (file, preset, expected) => {
  expect(verificationSettings(file, preset)).toEqual(expected);
});
