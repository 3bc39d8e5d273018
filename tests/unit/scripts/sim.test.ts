/** The simulator in its small form: it repeats, it measures what it says, and the router keeps its targets in it. */
import { beforeAll, describe, expect, it } from "vitest";
import { charts } from "../../../scripts/sim/charts.ts";
import { EventQueue } from "../../../scripts/sim/event-queue.ts";
import { plan, type GroupName, type Run } from "../../../scripts/sim/plan.ts";
import type { Finished } from "../../../scripts/sim/pool.ts";
import { stream } from "../../../scripts/sim/random.ts";
import { reportOf } from "../../../scripts/sim/report-json.ts";
import { tableText, tables } from "../../../scripts/sim/report.ts";
import { latencySetting, taskEveryMsAt, trustSetting } from "../../../scripts/sim/setting.ts";
import { simulate } from "../../../scripts/sim/simulation.ts";
import { badLate, judge } from "../../../scripts/sim/targets.ts";

const options = (only: GroupName[], seed = 1) => ({ seed, quick: true, peers: undefined, only });
const finish = (run: Run): Finished => ({ ...run, result: simulate(run.setting) });

describe("the small form", () => {
  let finished: Finished[];
  beforeAll(() => {
    finished = plan(options(["A", "S", "sampled", "slow"])).map(finish);
  }, 300_000);

  it("shows what the router must show, each figure beside a rival's", () => {
    const targets = judge(finished);
    expect(targets.length).toBeGreaterThanOrEqual(6);
    for (const { text, reached, rival, kept } of targets) {
      expect(reached, text).toMatch(/\d/);
      expect(rival, text).toMatch(/\d/);
      expect(kept, `${text}: ${reached} (${rival})`).toBe(true);
    }
  });

  it("lets liars bend a choice at random as they are many", () => {
    const random = finished.find(({ group, setting }) => group === "A" && setting.policy === "random");
    // Four skills of a liar against three of an honest peer, and two in a hundred honest errors.
    const liars = 0.4 * 4;
    const expected = 100 * ((liars + 0.02 * 0.6 * 3) / (liars + 0.6 * 3));
    expect(random && badLate(random.result)).toBeGreaterThan(expected - 5);
    expect(random && badLate(random.result)).toBeLessThan(expected + 5);
  });

  it("writes tables and pictures of all of it", () => {
    const text = tables(finished).map(tableText).join("\n");
    for (const wanted of ["independent liars", "eigentrust-.5", "Without an oracle", "p99"])
      expect(text).toContain(wanted);
    const pictures = new Map(charts(finished));
    expect([...pictures.keys()]).toContain("trust.svg");
    for (const svg of pictures.values()) {
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      expect(svg).not.toContain("NaN");
      expect(svg).toContain("prefers-color-scheme:dark");
    }
  });
});

describe("a run", () => {
  const small = { ...trustSetting, nodes: 30, askers: 10, tasksPerClient: 40, malicious: 0.4 } as const;

  it("is the same for the same seed, to the last digit, and another for another", () => {
    const text = (seed: number): string => {
      const run = plan(options(["S"], seed)).at(-1) as Run;
      const setting = { ...run.setting, ...small, threat: "S" as const, seed };
      return JSON.stringify(reportOf(options(["S"], seed), [finish({ ...run, setting })]));
    };
    expect(text(7)).toBe(text(7));
    expect(text(7).replaceAll(/"seed":\d+/g, "")).not.toBe(text(8).replaceAll(/"seed":\d+/g, ""));
  });

  it("meets every policy with the same tasks", () => {
    const tasks = (["random", "prequal", "errand"] as const).map(
      (policy) => simulate({ ...small, policy }).tasks,
    );
    expect(new Set(tasks).size).toBe(1);
    expect(tasks[0]).toBeGreaterThan(300);
  });

  it("finishes every task that comes in time, and counts each answer", () => {
    const result = simulate({ ...small, policy: "random", threat: "A" });
    const sum = (list: number[]): number => list.reduce((all, n) => all + n, 0);
    expect(result.unfinished).toBeLessThan(0.02 * result.tasks);
    // Of an oracle's accepted answers none is wrong, and every wrong one cost a run.
    expect(sum(result.acceptedBad)).toBe(0);
    expect(sum(result.executions) - sum(result.bad)).toBeGreaterThanOrEqual(sum(result.accepted));
  });

  it("loads the workers as much as it was told", () => {
    const setting = { ...latencySetting, spells: false, nodes: 20, clients: 20, tasksPerClient: 200 };
    const taskEveryMs = taskEveryMsAt(setting, 0.7);
    // Twenty workers of two slots at 200 ms times 1, 2 and 5 by turns do this many a second.
    const rate = (factor: number): number => (2 * 1_000) / (200 * factor);
    expect((setting.clients * 1_000) / taskEveryMs).toBeCloseTo(
      (0.7 * 20 * (rate(1) + rate(2) + rate(5))) / 3,
    );
  });
});

it("takes events by time, and those of one moment in the order in which they came", () => {
  const queue = new EventQueue();
  const random = stream(3, "events");
  const times = Array.from({ length: 5_000 }, () => Math.floor(random() * 200));
  for (const [i, at] of times.entries()) queue.push(at, i % 7, i);
  const wanted = times
    .map((at, i) => ({ at, i }))
    .toSorted((x, y) => x.at - y.at || x.i - y.i)
    .map(({ i }) => i);
  const taken: number[] = [];
  while (queue.pop()) {
    expect(queue.kind).toBe(queue.a % 7);
    taken.push(queue.a);
  }
  expect(taken).toEqual(wanted);
});
