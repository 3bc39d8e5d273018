/** Code of one peer run by another, in its sandbox, because its operator said so; and refused by one who did not. */
import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const asks = await mesh.start("asks", { builtinSkills: [] });
  const serves = await mesh.start("serves", {
    builtinSkills: ["eval.js", "script.run"],
    allowCode: "everyone",
  });
  const keeps = await mesh.start("keeps", { builtinSkills: ["eval.js", "script.run"] });
  await mesh.joined(asks, serves, keeps);
  return { asks, serves, keeps };
});

describe("code of a peer", () => {
  test("runs where it is allowed, and comes back with its value and what it printed", async () => {
    const code = "print('adding')\nprogress(0.5, 'half')\nresult = sum(input)";
    const done = await t.asks.run({
      skill: "script.run",
      input: { language: "python", code, input: [1, 2, 3] },
    });
    expect(done).toMatchObject({
      status: "completed",
      peer: t.serves.peerId,
      output: { value: 6, stdout: "adding\n" },
    });
  });

  test("that breaks its limits fails once, with the reason, and is not tried again", async () => {
    const input = { language: "javascript", code: "for (;;);", limits: { timeoutSeconds: 1 } };
    const done = await t.asks.run({ skill: "script.run", input }, 30_000);
    expect(done).toMatchObject({ status: "failed", attempts: 1, error: { code: "LimitExceeded" } });
  });

  test("the card says what the machine has, and which sandboxes held", async () => {
    const view = await until("the canaries are through", async () => {
      const found = (await t.asks.peers()).find(({ id }) => id === t.serves.peerId);
      return found?.tiers.includes("T0") === true ? found : undefined;
    });
    expect(view.resources).toMatchObject({
      cpuCores: availableParallelism(),
      memoryBytes: expect.any(Number),
      storageBytes: expect.any(Number),
      gpus: expect.any(Array),
      platform: process.platform,
      internet: expect.any(Boolean),
    });
    const shown = await t.asks.cli("peer", "get", t.serves.peerId).done;
    expect(shown.stdout).toMatch(/machine +\S+\/\S+, \d+ cores, .* GiB of disk/);
    expect(shown.stdout).toMatch(/sandboxes +T0/);
  });

  test("is not even offered by a node whose operator has said nothing, which runs its own all the same", async () => {
    const providers = (await t.asks.call<{ providers: string[] }>("GET", "/v1/skills/eval.js")).providers;
    expect(providers).toEqual([t.serves.peerId]);
    const own = await t.keeps.run({ skill: "eval.js", input: { expression: "6 * 7" }, peer: t.keeps.peerId });
    expect(own).toMatchObject({ status: "completed", output: { value: 42 } });
  });
});
