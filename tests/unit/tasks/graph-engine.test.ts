/** Graphs as they run: inputs from outputs, fan-out, failures, cancels, and restarts at any moment. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { ErrandError } from "../../../src/core/errors.ts";
import type { GraphSpec, NodeSpec } from "../../../src/tasks/graph/spec.ts";
import { TRIGGERS } from "../../../src/tasks/graph/spec.ts";
import type { GraphView } from "../../../src/tasks/graph/view.ts";
import { graphLife, type GraphLife } from "../../support/graph-life.ts";
import { settled } from "../../support/memory-mesh.ts";
import { until } from "../../support/until.ts";

const echoes = (nodes: GraphSpec["nodes"], more: Partial<GraphSpec> = {}): GraphSpec => ({
  defaults: { skill: "echo" },
  nodes,
  ...more,
});

async function begin(nodes: GraphSpec["nodes"], more: Partial<GraphSpec> = {}) {
  const life = await graphLife();
  const { id } = await life.graphs.submit(echoes(nodes, more));
  await settled();
  return { life, id };
}

const statesOf = (view: GraphView): Record<string, string> =>
  Object.fromEntries(
    (view.nodes ?? []).map(({ id, state, reason }) => [id, reason === "" ? state : `${state}: ${reason}`]),
  );

describe("a graph", () => {
  it("sends a node when what it needs is done, with what that brought forth", async () => {
    const { life, id } = await begin({
      a: { input: { n: 1 } },
      b: { input: { text: "n is ${a.output.n}", was: { $ref: "a.status" } } },
      c: { needs: ["b"], inputFrom: "a" },
    });
    expect(life.out()).toEqual(["a"]);
    await life.complete("a", { n: 7 });
    expect(life.out()).toEqual(["b"]);
    expect(life.input("b")).toEqual({ text: "n is 7", was: "completed" });
    const ended = life.graphs.wait(id);
    await life.complete("b");
    expect(life.input("c")).toEqual({ n: 7 });
    await life.complete("c", "done");
    expect(await ended).toMatchObject({
      status: "completed",
      reason: "",
      progress: 1,
      output: { c: "done" },
    });
    const all = await life.graphs.get(id, { output: "all" });
    expect(all.output).toEqual({ a: { n: 7 }, b: { text: "n is 7", was: "completed" }, c: "done" });
    expect(all.nodes?.map(({ task }) => typeof task)).toEqual(["string", "string", "string"]);
  });

  it("maps over a list and reduces what came of it, in order", async () => {
    const { life, id } = await begin({
      list: {},
      map: { forEach: "list.output.words", input: { word: { $ref: "item" }, at: { $ref: "index" } } },
      reduce: { input: { all: { $ref: "map.output" }, text: "${map.output.1}" } },
    });
    await life.complete("list", { words: ["x", "y", "z"] });
    expect(life.out()).toEqual(["map[0]", "map[1]", "map[2]"]);
    expect(life.input("map[2]")).toEqual({ word: "z", at: 2 });
    expect((await life.graphs.get(id)).counts).toMatchObject({ completed: 1, running: 3, waiting: 1 });
    for (const i of [2, 0, 1]) await life.complete(`map[${i}]`, `out ${i}`);
    expect(life.input("reduce")).toEqual({ all: ["out 0", "out 1", "out 2"], text: "out 1" });
    await life.complete("reduce");
    expect(await life.graphs.wait(id)).toMatchObject({
      status: "completed",
      counts: { completed: 5, running: 0, waiting: 0 },
    });
  });

  it("runs an empty fan-out, a literal list and items as they are", async () => {
    const { life, id } = await begin({
      none: { forEach: [] },
      some: { needs: ["none"], forEach: [{ a: 1 }, "b"] },
      end: { input: [{ $ref: "none.output" }, { $ref: "some.output" }] },
    });
    expect(life.out().map((node) => [node, life.input(node)])).toEqual([
      ["some[0]", { a: 1 }],
      ["some[1]", "b"],
    ]);
    await life.complete("some[0]");
    await life.complete("some[1]");
    expect(life.input("end")).toEqual([[], [{ a: 1 }, "b"]]);
    await life.complete("end");
    expect((await life.graphs.get(id)).status).toBe("completed");
  });

  it("fails a node whose reference leads nowhere, or whose list is none", async () => {
    const { life, id } = await begin(
      { a: {}, b: { input: "${a.output.x.y}" }, c: { forEach: "a.output.x" } },
      { failFast: false },
    );
    await life.complete("a", { x: "text" });
    expect(statesOf(await life.graphs.wait(id))).toEqual({
      a: "completed",
      b: 'failed: error: a.output.x.y: there is no "y"',
      c: "failed: error: forEach needs a list, and got a text",
    });
  });

  it("reads outputs that are files, and hands on bytes of any type", async () => {
    const { life } = await begin({ a: {}, b: { input: { $ref: "a.output.0" } }, c: { inputFrom: "a" } });
    const folder = await mkdtemp(join(tmpdir(), "errand-graph-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const hash = "ab".repeat(32);
    life.files.set(hash, join(folder, "a"));
    await writeFile(join(folder, "a"), '["from the file"]');
    const body = { blob: { hash, sizeBytes: 17 }, type: "application/json" };
    await life.completeWith("a", body);
    await until("the file is read", () => life.out().includes("b"));
    expect(life.input("b")).toBe("from the file");
    expect(life.body("c")).toEqual(body);
  });

  it("is a node of another", async () => {
    const { life, id } = await begin({
      a: {},
      g: { needs: ["a"], graph: { nodes: { x: { input: "${a.output}" }, y: ["x"] } } },
      end: { inputFrom: "g" },
    });
    await life.complete("a", "from a");
    expect([life.out(), life.input("g/x")]).toEqual([["g/x"], "from a"]);
    await life.complete("g/x");
    await life.complete("g/y", 5);
    expect(life.input("end")).toEqual({ y: 5 });
    await life.complete("end");
    expect((await life.graphs.wait(id)).counts).toMatchObject({ completed: 4 });
  });

  it("keeps no more tasks out than leave the queue room, and waits while it is full", async () => {
    const { life, id } = await begin({ map: { forEach: Array.from({ length: 600 }, (_, i) => i) } });
    expect(life.out()).toHaveLength(256);
    life.refuse(new ErrandError("QueueFull", "full", { retryAfterMs: 1_000 }));
    await life.complete("map[0]");
    expect(life.out()).toHaveLength(255);
    life.refuse(undefined);
    await life.complete("map[1]");
    expect(life.out()).toHaveLength(254);
    life.clock.advance(1_000);
    await settled();
    expect(life.out()).toHaveLength(256);
    for (let out = life.out(); out.length > 0; out = life.out()) {
      for (const node of out) life.completeNow(node);
      await settled();
    }
    expect(await life.graphs.wait(id)).toMatchObject({ status: "completed", counts: { completed: 600 } });
    expect(new Set(life.submitted).size).toBe(600);
  });
});

describe("a failure", () => {
  const rules: GraphSpec["nodes"] = {
    bad: {},
    good: {},
    ...Object.fromEntries(TRIGGERS.map((when) => [when, { needs: ["bad", "good"], when }])),
    after: { needs: ["one-failed"], when: "none-failed" },
    report: { when: "all-done", input: "${bad.status}: ${bad.error.reason}" },
  };

  async function finish(life: GraphLife): Promise<void> {
    for (let out = life.out(); out.length > 0; out = life.out())
      for (const node of out) await life.complete(node);
  }

  it("leads every rule to its end", async () => {
    const { life, id } = await begin(rules, { failFast: false });
    await life.fail("bad");
    await finish(life);
    const view = await life.graphs.wait(id);
    expect(statesOf(view)).toEqual({
      bad: "failed: error: no luck",
      good: "completed",
      "all-success": "cancelled: upstream-failed",
      "all-done": "completed",
      "one-failed": "completed",
      "none-failed": "cancelled: upstream-failed",
      after: "completed",
      report: "completed",
    });
    expect(view).toMatchObject({ status: "failed", reason: "bad failed: error: no luck" });
    expect(view.output).toMatchObject({ report: "failed: error: no luck" });
  });

  it("that does not come skips who waits for one", async () => {
    const { life, id } = await begin({ ...rules, last: ["one-failed"] });
    await finish(life);
    const view = await life.graphs.wait(id);
    expect(view.status).toBe("completed");
    expect(statesOf(view)).toMatchObject({
      "all-success": "completed",
      "all-done": "completed",
      "one-failed": "skipped: not-triggered",
      "none-failed": "completed",
      after: "completed",
      last: "skipped: upstream-skipped",
    });
  });

  it("cancels what has not started, and what runs only if asked", async () => {
    const nodes: GraphSpec["nodes"] = {
      bad: {},
      long: {},
      map: { forEach: Array.from({ length: 300 }, (_, i) => i) },
      after: ["long"],
      cleanUp: { needs: ["long"], when: "all-done" },
    };
    const first = await begin(nodes);
    expect(first.life.out()).toHaveLength(256);
    await first.life.fail("bad");
    const view = await first.life.graphs.get(first.id);
    expect(view.counts).toMatchObject({ failed: 1, running: 255, cancelled: 47, waiting: 1 });
    await finish(first.life);
    const ended = await first.life.graphs.wait(first.id);
    expect(statesOf(ended)).toMatchObject({
      long: "completed",
      after: "cancelled: upstream-failed",
      cleanUp: "completed",
      map: "cancelled: upstream-failed",
    });

    const second = await begin(nodes, { cancelRunning: true });
    await second.life.fail("bad");
    expect(second.life.out()).toEqual(["cleanUp"]);
    await finish(second.life);
    expect(await second.life.graphs.wait(second.id)).toMatchObject({
      status: "failed",
      reason: /^bad failed/,
    });
  });

  it("of one item fails its node fast", async () => {
    const { life, id } = await begin({ map: { forEach: [0, 1, 2] }, after: ["map"] });
    await life.fail("map[1]");
    expect((await life.graphs.get(id)).nodes?.at(-1)).toMatchObject({ id: "after", state: "cancelled" });
    await finish(life);
    expect(statesOf(await life.graphs.wait(id))["map"]).toBe(
      "failed: 1 of 3 failed, the first: error: no luck",
    );
  });
});

describe("a cancel", () => {
  it("ends what waits and what runs", async () => {
    const { life, id } = await begin({
      a: {},
      map: { forEach: [1, 2] },
      after: { needs: ["a"], when: "all-done" },
    });
    await life.complete("map[0]");
    const view = await life.graphs.cancel(id.slice(-8), "not needed");
    expect(view).toMatchObject({ status: "cancelled", reason: "not needed" });
    expect(view.counts).toMatchObject({ completed: 1, cancelled: 3, running: 0, waiting: 0 });
    expect(life.out()).toEqual([]);
    await expect(life.graphs.cancel(id, "")).rejects.toMatchObject({ code: "Conflict" });
  });

  it("survives a crash in its middle", async () => {
    const { life, id } = await begin({ a: {}, b: ["a"] });
    void life.graphs.cancel(id, "not needed");
    await settled();
    const { commits } = life.store;
    for (let kept = 1; kept <= commits.length; kept++) {
      const next = await graphLife(commits.slice(0, kept));
      const view = await next.graphs.get(id);
      if (view.status === "running") expect(next.out()).toEqual(["a"]);
      else {
        expect(await next.graphs.wait(id)).toMatchObject({ status: "cancelled", reason: "not needed" });
        expect(next.out()).toEqual([]);
      }
    }
  });
});

describe("a restart", () => {
  const nodes = fc
    .array(
      fc.record({
        when: fc.constantFrom(...TRIGGERS),
        needs: fc.array(fc.nat(), { maxLength: 3 }),
        kind: fc.constantFrom("task", "task", "fan", "nest"),
        fails: fc.nat(3),
      }),
      { minLength: 1, maxLength: 7 },
    )
    .map((rows) => {
      const made: Record<string, NodeSpec> = {};
      rows.forEach(({ when, needs, kind, fails }, i) => {
        const before = i === 0 ? [] : [...new Set(needs.map((n) => `n${n % i}`))];
        const rule = before.length === 0 ? "all-success" : when;
        const name = `n${i}`;
        const input = { fails: fails === 0, from: before.map((id) => `\${${id}.output}`) };
        if (kind === "nest")
          made[name] = { needs: before, when: rule, graph: { nodes: { x: { input }, y: ["x"] } } };
        else if (kind === "fan")
          made[name] = {
            needs: before,
            when: rule,
            forEach: [0, 1, 2],
            input: { ...input, n: { $ref: "item" } },
          };
        else made[name] = { needs: before, when: rule, input };
      });
      return made;
    });

  /** Ends tasks as their inputs say, until the graph has ended. `after`: stops after so many. */
  async function drive(life: GraphLife, pick: () => number, after = Number.POSITIVE_INFINITY): Promise<void> {
    for (let ended = 0; ended < after; ended++) {
      const out = life.out();
      const node = out[pick() % Math.max(1, out.length)];
      if (node === undefined) return;
      const input = life.input(node) as { fails?: boolean };
      if (input.fails === true) life.failNow(node);
      else life.completeNow(node);
      await settled();
    }
  }

  it("at any commit goes on to the same end, and runs nothing again that had ended", async () => {
    await fc.assert(
      fc.asyncProperty(
        nodes,
        fc.boolean(),
        fc.infiniteStream(fc.nat(100)),
        fc.nat(1_000),
        async (made, failFast, stream, cut) => {
          const pick = (): number => stream.next().value as number;
          const first = await graphLife();
          const { id } = await first.graphs.submit(echoes(made, { failFast }));
          await settled();
          await drive(first, pick, cut % 12);
          first.stop();
          const { commits } = first.store;
          // From the first commit on, which has the graph.
          const kept = 1 + (cut % commits.length);
          const second = await graphLife(commits.slice(0, kept));
          const before = await second.graphs.get(id);
          const endedBefore = namesOf(before, first);
          await drive(second, pick);
          const view = await second.graphs.get(id);
          expect(view.finishedAt).not.toBeNull();
          expect(view.counts).toMatchObject({ waiting: 0, running: 0 });
          for (const name of endedBefore) expect(second.submitted).not.toContain(name);
          expect(new Set(second.submitted).size).toBe(second.submitted.length);
          if (failFast) return;
          const whole = await graphLife();
          const { id: other } = await whole.graphs.submit(echoes(made, { failFast }));
          await settled();
          await drive(whole, () => 0);
          expect(statesOf(view)).toEqual(statesOf(await whole.graphs.get(other)));
          expect(view.output).toEqual((await whole.graphs.get(other)).output);
          // What was shown from memory is what is shown from the rows.
          const third = await graphLife(second.store.commits);
          expect(statesOf(await third.graphs.get(id))).toEqual(statesOf(view));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  /** Nodes and items that had a task and have ended. */
  function namesOf(view: GraphView, life: GraphLife): string[] {
    return (view.nodes ?? []).flatMap(({ id, state }) =>
      ["completed", "failed"].includes(state) && life.submitted.includes(id) ? [id] : [],
    );
  }
});

describe("listing", () => {
  it("shows the newest first, by state, and finds shortened ids", async () => {
    const { life, id } = await begin({ a: {} }, { name: "first" });
    const second = await life.graphs.submit(echoes({ b: { forEach: [1, 2] } }, { name: "second" }));
    await settled();
    await life.complete("a");
    expect((await life.graphs.list()).map(({ name, status }) => [name, status])).toEqual([
      ["second", "running"],
      ["first", "completed"],
    ]);
    expect(await life.graphs.list({ states: ["completed"] })).toMatchObject([
      { id, counts: { completed: 1 } },
    ]);
    expect(await life.graphs.list({ before: second.id })).toHaveLength(1);
    expect(await life.graphs.get(id.slice(-10), { nodes: false, output: "none" })).toMatchObject({
      id,
      output: null,
    });
    await expect(life.graphs.get("00000000")).rejects.toMatchObject({ code: "NotFound" });
    await expect(life.graphs.wait(second.id, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "WaitTimeout",
    });
  });
});
