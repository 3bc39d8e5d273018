import { describe, expect, it } from "vitest";
import type { Candidate, RoutingRequest } from "../../../src/routing/candidate.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

function refusal(of: Partial<Candidate>, asked: Partial<RoutingRequest>): string {
  const router = createRouter({ random: seeded(1), self: "me" });
  const decision = router.decide(request(asked), [candidate("p", of)], 0, wallStart);
  if (decision.considered[0]?.refused === "") expect(decision.order).toEqual(["p"]);
  else expect(decision).toMatchObject({ order: [], how: "none" });
  return decision.considered[0]?.refused ?? "nobody considered";
}

const gpu = { resources: { ...candidate("p").resources, gpus: ["A100"], internet: false } };

describe("each filter says why", () => {
  it.each<[string, Partial<Candidate>, Partial<RoutingRequest>, string]>([
    ["blocked", { blocked: true }, {}, "blocked by the operator"],
    ["version", {}, { skillVersion: "^2.0.0" }, "offers version 1.2.0, the task needs ^2.0.0"],
    ["version fits", {}, { skillVersion: "^1.1.0" }, ""],
    ["any version", { skillVersion: "2.0.0-rc.1" }, { skillVersion: "*" }, ""],
    [
      "unreadable",
      { skillVersion: "new" },
      { skillVersion: "1.x" },
      "offers version new, the task needs 1.x",
    ],
    ["cores", {}, { requirements: { minCpuCores: 8 } }, "needs 8 CPU cores, has 4"],
    ["memory", {}, { requirements: { minMemoryGb: 8.5 } }, "needs 8.5 GB of memory, has 8 GB"],
    ["storage", {}, { requirements: { minStorageGb: 500 } }, "needs 500 GB of storage, has 100 GB"],
    ["gpu", {}, { requirements: { gpu: true } }, "needs a GPU, has none"],
    ["gpu there", gpu, { requirements: { gpu: true } }, ""],
    ["no gpu asked", gpu, { requirements: { gpu: false } }, ""],
    ["internet", gpu, { requirements: { internet: true } }, "needs internet access, has none"],
    ["platform", {}, { requirements: { platform: "darwin" } }, "needs platform darwin, has linux"],
    ["role", {}, { requirements: { role: "storage" } }, "needs role storage, has worker"],
    ["tags", {}, { requirements: { tags: ["eu", "gpu", "big"] } }, "lacks tags gpu, big"],
    [
      "several",
      {},
      { requirements: { minCpuCores: 8, tags: ["us"] } },
      "needs 8 CPU cores, has 4; lacks tag us",
    ],
    [
      "all met",
      {},
      { requirements: { minCpuCores: 4, minMemoryGb: 8, platform: "linux", tags: ["eu"] } },
      "",
    ],
    ["price", { price: 5 }, { maxPrice: 3 }, "costs 5 credits, the limit is 3"],
    ["own price", { price: 5, local: true }, { maxPrice: 3 }, ""],
    ["tried", {}, { exclude: new Set(["p"]) }, "tried already for this task"],
    ["trust", {}, { minTrust: 0.5 }, "trust is at least 0.21, the task needs 0.50"],
    ["pinned", { pin: 1 }, { minTrust: 0.5 }, ""],
    ["own trust", { local: true }, { minTrust: 1 }, ""],
    ["no time", {}, { timeoutMs: 0 }, "no time is left for an attempt"],
    ["other target", {}, { peer: "q" }, "not the peer that the task names"],
  ])("%s", (_name, of, asked, sentence) => {
    expect(refusal(of, asked)).toBe(sentence);
  });
});

it("refuses a deadline that the round trip and the quickest run of five cannot meet", () => {
  const router = createRouter({ random: seeded(1), self: "me" });
  for (const wallMs of [900, 400, 700, 500, 600]) {
    router.onSent("p", skill, 0);
    router.onAck("p", 150, undefined, 0);
    router.onGood("p", skill, { wallMs }, 0);
  }
  const refused = (timeoutMs: number) =>
    router.decide(request({ timeoutMs }), [candidate("p")], 0, wallStart).considered[0]?.refused;
  expect(refused(550)).toBe("takes at least 550 ms, 550 ms are left");
  expect(refused(551)).toBe("");
});

describe("a task that names its peer", () => {
  const named: Partial<RoutingRequest> = { peer: "p", minTrust: 0.9, exclude: new Set(["p"]) };

  it("takes it in spite of trust, earlier tries, ejection and its wish to be left alone", () => {
    const router = createRouter({ random: seeded(1), self: "me" });
    for (const now of [0, 1_000, 2_000]) router.onLost("p", skill, now);
    router.onRefused("p", undefined, 5_000, 2_000);
    const decision = router.decide(request(named), [candidate("o"), candidate("p")], 2_500, wallStart);
    expect(decision).toMatchObject({ order: ["p"], how: "pinned-peer", retryAfterMs: 4_500 });
  });

  it("does not take it when it is blocked, cannot do the task, or costs more than the limit", () => {
    expect(refusal({ blocked: true }, named)).toContain("blocked");
    expect(refusal({}, { ...named, requirements: { gpu: true } })).toContain("GPU");
    expect(refusal({}, { ...named, skillVersion: ">=3" })).toContain("version");
    expect(refusal({ price: 5 }, { ...named, maxPrice: 1 })).toContain("costs");
  });
});
