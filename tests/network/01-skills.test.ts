/** What a node offers is seen by others: by cards, by the DHT, and no longer once it has left. */
import { describe, expect, test } from "vitest";
import type { MeshNode } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { createRawPeer } from "../support/raw-peer.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const hub = await mesh.start("hub");
  const [offers, asks] = await Promise.all([
    mesh.start("offers", { skills: [probe.file], tags: ["probing"] }),
    mesh.start("asks", { builtinSkills: [] }),
  ]);
  return { hub, offers, asks, probe };
});

/** Names of the peers that `errand skill find` prints. */
async function find(node: MeshNode, skill: string, timeout = 3): Promise<string[]> {
  const path = `/v1/skills/${skill}/providers`;
  const { providers } = await node.call<{ providers: { name: string }[] }>("GET", path, {
    query: { timeout },
  });
  return providers.map(({ name }) => name);
}

describe("an operator's skill", () => {
  test("is found from a peer that knows the bootstrap peer alone", async () => {
    const found = await until("the skill is found", async () => {
      const { code, json } = await t.asks.cli("skill", "find", "probe.hold", "-o", "json").done;
      return code === 0 && json.providers.length > 0 && json;
    });
    expect(found.providers).toHaveLength(1);
    expect(found.providers[0]).toMatchObject({
      id: t.offers.peerId,
      name: "offers",
      version: "1.2.0",
      tags: ["probing"],
      blocked: false,
    });
  });

  test("comes with the schemas of its provider", async () => {
    const { code, json } = await t.asks.cli("skill", "get", "probe.fail", "-o", "json").done;
    expect(code).toBe(0);
    expect(json).toMatchObject({
      id: "probe.fail",
      version: "1.2.0",
      local: false,
      providers: [t.offers.peerId],
      input: { required: ["key", "times"], properties: { times: { type: "integer", minimum: 0 } } },
      output: { type: "object" },
    });
  });

  test("has its provider record in the DHT, for any libp2p program to find", async () => {
    await using stranger = await createRawPeer({ dht: true });
    await stranger.connect(t.hub.address);
    const found = await until("a provider record", async () => {
      const peers = await stranger.providers("probe.spin");
      return peers.length > 0 && peers;
    });
    expect(found).toEqual([t.offers.peerId]);
  });

  test("that nobody offers is found nowhere", async () => {
    expect(await find(t.asks, "nobody.offers-this", 1)).toEqual([]);
    await expect(t.asks.call("GET", "/v1/skills/nobody.offers-this")).rejects.toMatchObject({
      code: "NotFound",
    });
  });
});

describe("a node that goes", () => {
  test("cleanly is gone from the results at once", async () => {
    const leaves = await t.mesh.start("leaves", { skills: [t.probe.file] });
    await until("it is found", async () => (await find(t.asks, "probe.hold")).includes("leaves"));
    expect(await leaves.process.stop()).toBe(0);
    expect(await find(t.asks, "probe.hold")).toEqual(["offers"]);
    const listed = await t.asks.peers();
    expect(listed.map(({ name }) => name)).not.toContain("leaves");
  });

  test("by kill -9 is gone within 30 s", async () => {
    const dies = await t.mesh.start("dies", { skills: [t.probe.file] });
    await until("it is found", async () => (await find(t.asks, "probe.hold")).includes("dies"));
    await dies.process.kill();
    const killedMs = performance.now();
    await until("it is gone", async () => !(await find(t.asks, "probe.hold")).includes("dies"), 30_000);
    expect(performance.now() - killedMs).toBeLessThan(30_000);
    expect(await find(t.asks, "probe.hold")).toEqual(["offers"]);
  }, 60_000);
});
