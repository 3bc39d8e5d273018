/** `GET /v1/stats` and `POST /v1/prune`, by the client and by the commands. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PruneAnswer, StatsView } from "../../../src/node/node.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { otherPeer } from "../../support/fake-views.ts";
import { runCli, type CliResult } from "../../support/run-cli.ts";

let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});

afterAll(() => api.close());

beforeEach(() => {
  api.node.decisions.length = 0;
});

const errand = (...args: string[]): Promise<CliResult> => runCli(args, { env: { ERRAND_DATA: api.dataDir } });

describe("statistics", () => {
  test("of a window, a skill or a peer whose id may be shortened", async () => {
    const stats = await api.client.call<StatsView>("GET", "/v1/stats", {
      query: { window: "hour", skill: "echo" },
    });
    expect(stats).toMatchObject({ window: "hour", skills: [{ skill: "echo" }], worker: { served: 3 } });
    expect(Date.parse(stats.since ?? "")).toBeLessThan(Date.now());
    const query = { peer: otherPeer.slice(-8) };
    expect((await api.client.call<StatsView>("GET", "/v1/stats", { query })).peers).toMatchObject([
      { peer: otherPeer },
    ]);
  });

  test.each([{ window: "year" }, { skill: "a", peer: otherPeer }, { nonsense: 1 }])(
    "%j is refused",
    async (query) => {
      await expect(api.client.call("GET", "/v1/stats", { query })).rejects.toMatchObject({
        code: "InvalidInput",
      });
    },
  );

  test("for people and for programs", async () => {
    const text = await errand("stats", "--window", "day");
    expect(text).toMatchObject({ code: 0 });
    expect(text.stdout).toMatch(/window +the last day/);
    expect(text.stdout).toMatch(/as a worker +3 served, 2 refused, 1 duplicates/);
    expect(text.stdout).not.toMatch(/undefined|null|NaN/);
    const { stdout } = await errand("stats", "--skill", "echo", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ window: "all", tasks: { submitted: 0, successRate: null } });
    expect((await errand("stats", "--window", "year")).code).toBe(2);
    expect((await errand("stats", "--skill", "a", "--peer", "b")).code).toBe(2);
  });
});

describe("prune", () => {
  test("hands on what was asked for, and says what went", async () => {
    const { stdout, code } = await errand(
      "prune",
      "--older-than",
      "2d",
      "--state",
      "failed",
      "--state",
      "timeout",
    );
    expect(code).toBe(0);
    expect(stdout).toContain("Removed 3 tasks (2 completed, 1 failed).");
    expect(stdout).toContain("2.0 KiB");
    expect(api.node.decisions).toEqual(['prune {"olderThanMs":172800000,"states":["failed","timeout"]}']);
  });

  test("a dry run says what would go; -o json prints one document", async () => {
    expect((await errand("prune", "--dry-run", "--cache")).stdout).toContain("Would remove 3 tasks");
    expect(api.node.decisions).toEqual(['prune {"dryRun":true,"cache":true}']);
    const answer = JSON.parse((await errand("prune", "-o", "json")).stdout) as PruneAnswer;
    expect(answer).toMatchObject({ dryRun: false, tasks: { completed: 2 }, cachedResults: 0 });
    expect(api.node.decisions.at(-1)).toBe("prune {}");
  });

  test("what is wrong is said before anything is removed", async () => {
    expect((await errand("prune", "--older-than", "soon")).code).toBe(2);
    expect(await errand("prune", "--state", "running")).toMatchObject({ code: 2 });
    await expect(
      api.client.call("POST", "/v1/prune", { body: { states: ["running"] } }),
    ).rejects.toMatchObject({
      code: "InvalidInput",
    });
    await expect(api.client.call("POST", "/v1/prune", { body: { olderThanMs: -1 } })).rejects.toMatchObject({
      code: "InvalidInput",
    });
    expect(api.node.decisions).toEqual([]);
  });
});
