/** What a graph means before anything runs: its check, its order, its rules. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrandError } from "../../../src/core/errors.ts";
import { planGraph, type Plan } from "../../../src/tasks/graph/plan.ts";
import {
  createProgress,
  decide,
  wantsSuccess,
  type NodeState,
  type Outcome,
  type Step,
} from "../../../src/tasks/graph/progress.ts";
import {
  parseReference,
  referencesIn,
  resolveReferences,
  valueAt,
} from "../../../src/tasks/graph/references.ts";
import { checkGraph, TRIGGERS, type NodeSpec, type Trigger } from "../../../src/tasks/graph/spec.ts";
import { viewOfPlan } from "../../../src/tasks/graph/view.ts";

const plan = (graph: unknown): Plan => planGraph(checkGraph(graph).nodes);
const echoes = (nodes: Record<string, unknown>, more: object = {}): unknown => ({
  defaults: { skill: "echo" },
  nodes,
  ...more,
});

function refusal(graph: unknown): { code: string; message: string; hint: string } {
  try {
    plan(graph);
  } catch (error) {
    const { code, message, hint = "" } = error as ErrandError;
    return { code, message, hint };
  }
  throw new Error("it was accepted");
}

describe("what is refused", () => {
  const chain = (depth: number): unknown =>
    depth === 0 ? { skill: "echo" } : { graph: { nodes: { a: chain(depth - 1) } } };

  it.each([
    ["a cycle, by its nodes", echoes({ a: ["c"], b: ["a"], c: ["b"] }), "cycle: a → b → c → a", "remove one"],
    ["a cycle of two", echoes({ b: ["a"], a: ["b"], z: [] }), "cycle: a → b → a", ""],
    [
      "a cycle through a reference",
      echoes({ a: { input: { $ref: "b.output" } }, b: { needs: ["a"] } }),
      "cycle: a → b → a",
      "",
    ],
    [
      "a cycle through a nested graph",
      echoes({ a: ["g"], g: { graph: { nodes: { x: { input: "${a.output}" } } } } }),
      "cycle: a → g → a",
      "",
    ],
    ["a node that needs itself", echoes({ a: ["a"] }), "a needs itself", ""],
    [
      "a node that refers to itself",
      echoes({ a: { input: { $ref: "a.output" } } }),
      "a refers to itself",
      "",
    ],
    ["an unknown node", echoes({ fetch: [], b: ["fetsh"] }), 'b needs "fetsh"', 'Did you mean "fetch"?'],
    ["an unknown reference", echoes({ a: { input: "${b.output}" } }), 'a needs "b"', "Its graph has a"],
    ["an unknown field", echoes({ a: { neds: [] } }), 'a has no field "neds"', 'Did you mean "needs"?'],
    ["an unknown field of the graph", echoes({ a: [] }, { failfast: true }), '"failfast"', '"failFast"'],
    [
      "no reference",
      echoes({ a: [], b: { input: "${a.outputs.x}" } }),
      '"a.outputs.x" is not',
      "NODE.output",
    ],
    ["an item without a list", echoes({ a: { input: { $ref: "item" } } }), "only with forEach", ""],
    ["a list of its own items", echoes({ a: { forEach: { $ref: "item" } } }), "own items", ""],
    ["no skill", { nodes: { a: {} } }, "a: there is no skill", "defaults"],
    ["a bad skill", { nodes: { a: { skill: "Not A Skill" } } }, "a: ", "lower-case"],
    ["a bad retry policy", { nodes: { a: { skill: "echo", retries: 1_000 } } }, "a: retry.retries", ""],
    ["a bad rule", echoes({ a: { when: "always" } }), "when must be one of", ""],
    ["one-failed of nothing", echoes({ a: { when: "one-failed" } }), "never run", ""],
    ["a bad id", echoes({ "a b": [] }), '"a b" cannot be the id', ""],
    ["a reserved id", echoes({ item: [] }), '"item" cannot be the id', ""],
    ["no nodes", { nodes: {} }, "no nodes", ""],
    ["a skill and a graph", { nodes: { a: { skill: "echo", graph: { nodes: {} } } } }, "both given", ""],
    ["nesting beyond the limit", { nodes: { a: chain(4) } }, "nested deeper than 4", ""],
  ])("%s", (_name, graph, message, hint) => {
    const refused = refusal(graph);
    expect(["InvalidInput", "LimitExceeded"]).toContain(refused.code);
    expect(refused.message).toContain(message);
    expect(refused.hint).toContain(hint);
  });

  it("too many nodes and items", () => {
    const items = Array.from({ length: 20_000 }, (_, i) => i);
    expect(refusal(echoes({ a: { forEach: items } }))).toMatchObject({ code: "LimitExceeded" });
    expect(plan(echoes({ a: { forEach: items.slice(1) } })).nodes).toHaveLength(1);
  });

  it("nothing that is nested as deep as may be", () => {
    expect(plan({ nodes: { a: chain(3) } }).nodes.map(({ id }) => id)).toEqual([
      "a/",
      "a/a/",
      "a/a/a/",
      "a/a/a/a",
      "a/a/a",
      "a/a",
      "a",
    ]);
  });
});

describe("references", () => {
  const lookUp = (reference: { text: string; root: string; path: readonly string[] }): unknown =>
    valueAt(parseReference(reference.text), {
      status: "completed",
      output: { a: { n: 1, list: [{ x: "é" }] } }[reference.root],
      error: null,
    });

  it("stand for values and go into texts", () => {
    expect(
      resolveReferences(
        {
          whole: { $ref: "a.output" },
          deep: [{ $ref: "a.output.list.0.x" }],
          text: "n=${a.output.n}, list=${a.output.list}, $${a.output.n}, $n",
          literal: { $$ref: "a.output" },
          both: { $ref: 1 },
        },
        lookUp,
      ),
    ).toEqual({
      whole: { n: 1, list: [{ x: "é" }] },
      deep: ["é"],
      text: 'n=1, list=[{"x":"é"}], ${a.output.n}, $n',
      literal: { $ref: "a.output" },
      both: { $ref: 1 },
    });
  });

  it("are found wherever they are", () => {
    const found = referencesIn({
      a: ["${x.output}", { $ref: "y.status" }],
      b: "$${z.output}",
      c: "${w.error}",
    });
    expect(found.map(({ root, part }) => `${root}.${part}`)).toEqual(["x.output", "y.status", "w.error"]);
  });

  it("fail for a path that is not there, and are null for a node without an output", () => {
    expect(() => lookUp(parseReference("a.output.m"))).toThrow('there is no "m"');
    expect(() => lookUp(parseReference("a.output.toString"))).toThrow('there is no "toString"');
    expect(lookUp(parseReference("b.output.m"))).toBeNull();
  });

  it("leave every JSON without references as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("${") && !text.includes("$ref"));
        expect(JSON.stringify(resolveReferences(value, lookUp))).toEqual(text);
      }),
    );
  });
});

describe("a plan", () => {
  it("has levels, implied dependencies and nested graphs in an order that can run", () => {
    const made = plan(
      echoes({
        join: { input: { list: { $ref: "map.output" }, from: "${inner.output.y}" } },
        map: { forEach: "fetch.output.items", input: "${item}" },
        fetch: [],
        inner: { needs: ["fetch"], graph: { nodes: { y: ["x"], x: { input: "${fetch.output}" } } } },
      }),
    );
    expect(viewOfPlan("n", made)).toMatchObject({
      levels: [["fetch"], ["map", "inner/x"], ["inner/y"], ["join"]],
      counts: { nodes: 6, levels: 4, widest: 2 },
    });
    expect([...made.sinks.keys()]).toEqual(["join"]);
    const seen = new Set<number>();
    made.nodes.forEach(({ deps, gate }, i) => {
      for (const dep of [...deps, ...(gate < 0 ? [] : [gate])]) expect(seen).toContain(dep);
      seen.add(i);
    });
  });
});

// A random graph: each node needs some before it; some are nested; shuffled, so that the order is the plan's work.
const rules = fc.constantFrom(...TRIGGERS);
const graphs = fc
  .array(fc.record({ rule: rules, needs: fc.array(fc.nat(), { maxLength: 3 }), nest: fc.nat(3) }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((rows) => {
    const nodes: Record<string, NodeSpec> = {};
    rows.forEach(({ rule, needs, nest }, i) => {
      const before = i === 0 ? [] : [...new Set(needs.map((n) => `n${n % i}`))];
      const when: Trigger = before.length === 0 && rule === "one-failed" ? "all-done" : rule;
      nodes[`n${i}`] =
        nest > 0
          ? { needs: before, when }
          : { needs: before, when, graph: { nodes: { x: {}, y: { needs: ["x"], when: rule } } } };
    });
    const shuffled = Object.entries(nodes).toSorted(([a], [b]) => (a < b ? 1 : -1));
    return { defaults: { skill: "echo" }, nodes: Object.fromEntries(shuffled) };
  });

describe("progress", () => {
  /** Runs to the end; `pick` says which of the running ends next, and how. */
  function live(made: Plan, failFast: boolean, pick: () => number): { states: NodeState[]; ended: number[] } {
    const progress = createProgress(made, failFast);
    const running: number[] = [];
    const ended: number[] = [];
    const take = (step: Step): void => {
      for (const index of step.ready) {
        expect(made.nodes[index]?.kind).toBe("task");
        running.push(index);
      }
      ended.push(...step.ended.map(({ index }) => index));
    };
    take(progress.start());
    while (running.length > 0) {
      const [index] = running.splice(pick() % running.length, 1) as [number];
      const outcome: Outcome = pick() % 3 === 0 ? "failed" : "completed";
      ended.push(index);
      take(progress.end(index, outcome));
      expect(progress.end(index, outcome)).toEqual({ ready: [], ended: [] });
    }
    expect(progress.left).toBe(0);
    return { states: made.nodes.map((_, i) => progress.state(i)), ended };
  }

  const picks = fc.infiniteStream(fc.nat(1_000));
  const pickFrom = (stream: Iterator<number>) => (): number => stream.next().value as number;

  it("leaves no node stuck, ends each exactly once, and obeys every rule", () => {
    fc.assert(
      fc.property(graphs, fc.boolean(), picks, (graph, failFast, stream) => {
        const made = plan(graph);
        const { states, ended } = live(made, failFast, pickFrom(stream));
        expect(ended.toSorted((a, b) => a - b)).toEqual(made.nodes.map((_, i) => i));
        made.nodes.forEach((node, i) => {
          if (node.kind !== "task" || node.gate >= 0) return;
          const count = (...wanted: NodeState[]): number =>
            node.deps.filter((dep) => wanted.includes(states[dep] as NodeState)).length;
          const decision = decide(node.rule, {
            pending: 0,
            failed: count("failed", "cancelled"),
            skipped: count("skipped"),
          });
          const allowed: NodeState[] = decision === "run" ? ["completed", "failed"] : [];
          if (typeof decision === "object") allowed.push(decision.outcome);
          // Others may have failed before it was its turn.
          if (failFast && wantsSuccess(node)) allowed.push("cancelled");
          expect(allowed).toContain(states[i]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("goes on from any point as if nothing had been", () => {
    fc.assert(
      fc.property(graphs, fc.nat(1_000), picks, (graph, cut, stream) => {
        const made = plan(graph);
        const outcomeOf = made.nodes.map((): Outcome =>
          pickFrom(stream)() % 3 === 0 ? "failed" : "completed",
        );
        const whole = runAll(made, new Map(), outcomeOf);
        // What is known after a crash: some tasks that had ended, with all that had to end before them.
        const known = new Map<number, NodeState>();
        for (const index of whole.order.slice(0, cut % (whole.order.length + 1)))
          known.set(index, outcomeOf[index] as Outcome);
        expect(runAll(made, known, outcomeOf).states).toEqual(whole.states);
      }),
    );
  });

  /** Without failFast the end depends on the outcomes alone. */
  function runAll(made: Plan, known: Map<number, NodeState>, outcomeOf: readonly Outcome[]) {
    const progress = createProgress(made, false);
    const order: number[] = [];
    const running = [...progress.start(known).ready];
    for (const index of running) {
      expect(known.has(index)).toBe(false);
      order.push(index);
      running.push(...progress.end(index, outcomeOf[index] as Outcome).ready);
    }
    expect(progress.left).toBe(0);
    return { order, states: made.nodes.map((_, i) => progress.state(i)) };
  }

  it("after the first failure starts nothing but what waits for failures", () => {
    const made = plan(
      echoes({
        bad: [],
        other: [],
        after: ["other"],
        skippable: { needs: ["other"], when: "none-failed" },
        alarm: { needs: ["bad"], when: "one-failed" },
        cleanUp: { needs: ["after", "bad"], when: "all-done" },
      }),
    );
    const progress = createProgress(made, true);
    const at = (id: string): number => made.byId.get(id) as number;
    expect(progress.start().ready.map((i) => made.nodes[i]?.id)).toEqual(["bad", "other"]);
    const step = progress.end(at("bad"), "failed");
    expect(step.ready.map((i) => made.nodes[i]?.id)).toEqual(["alarm", "cleanUp"]);
    expect(step.ended.map(({ index, outcome, reason }) => [made.nodes[index]?.id, outcome, reason])).toEqual([
      ["after", "cancelled", "upstream-failed"],
      ["skippable", "cancelled", "upstream-failed"],
    ]);
    expect(progress.state(at("other"))).toBe("running");
  });

  it("takes ten thousand nodes into one without counting them again and again", () => {
    const nodes: Record<string, string[]> = {};
    for (let i = 0; i < 10_000; i++) nodes[`n${i}`] = [];
    const made = plan(echoes({ ...nodes, join: Object.keys(nodes) }));
    const progress = createProgress(made, true);
    const { ready } = progress.start();
    const begunMs = performance.now();
    const last = ready.map((index) => progress.end(index, "completed").ready);
    expect(last.flat().map((i) => made.nodes[i]?.id)).toEqual(["join"]);
    expect(performance.now() - begunMs).toBeLessThan(2_000);
  });
});
