/** Graphs, batches and maps over a mesh of real processes; the home is killed in the middle of them. */
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GraphPlan, GraphView, TaskView } from "../../src/node/node.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const workers = [];
  for (const name of ["one", "two", "three"])
    workers.push(await mesh.start(name, { skills: [probe.file], workerSlots: 4 }));
  const home = await mesh.start("home", { builtinSkills: [] });
  await mesh.joined(home, ...workers);
  return { home, workers, probe };
});

const submit = (graph: object): Promise<GraphView> => t.home.call("POST", "/v1/graphs", { body: graph });
const look = (id: string, query = {}): Promise<GraphView> =>
  t.home.call("GET", `/v1/graphs/${id}`, { query });

async function ended(id: string, withinMs = 25_000): Promise<GraphView> {
  return until(
    "the end of the graph",
    async () => {
      const view = await t.home.call<GraphView>("GET", `/v1/graphs/${id}/wait`, { query: { timeout: 2 } });
      return view.finishedAt !== null && view;
    },
    withinMs,
  );
}

async function written(name: string, value: unknown): Promise<string> {
  const file = join(t.mesh.folder, name);
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("a graph", () => {
  test("maps over three peers and reduces what they return", async () => {
    // Three times what all of them do at once: so many that waiting for two would take longer than asking a slow third.
    const items = Array.from({ length: 36 }, (_, i) => i + 1).join(", ");
    const file = await written(
      "map-reduce.yaml",
      `
name: word count
nodes:
  texts:  { skill: echo, input: { list: [one, one two, one two three] } }
  wait:   { skill: sleep, forEach: [${items}], input: { seconds: 0.4 } }
  stats:  { skill: text.stats, forEach: texts.output.list, input: { text: { $ref: item } } }
  reduce:
    skill: echo
    needs: [wait]
    input: { words: [{ $ref: stats.output.0.words }, { $ref: stats.output.2.words }], text: "\${texts.output.list.1}!" }
`,
    );
    const plan = await t.home.cli("graph", "plan", file).done;
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain("● texts  echo");
    expect(plan.stdout).toContain("stats  text.stats  × its list");
    expect((await t.home.cli("graph", "plan", file, "-o", "json").done).json as GraphPlan).toMatchObject({
      levels: [["texts", "wait"], ["stats"], ["reduce"]],
    });

    const { code, json, stderr } = await t.home.cli("graph", "run", file, "-o", "json").done;
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const view = json as GraphView;
    expect(view).toMatchObject({
      status: "completed",
      output: { reduce: { words: [1, 3], text: "one two!" } },
    });
    const waited = view.nodes?.find(({ id }) => id === "wait")?.itemTasks ?? [];
    const peers = await Promise.all(waited.map(async (id) => (await t.home.task(id as string)).peer));
    expect(new Set(peers)).toEqual(new Set(t.workers.map(({ peerId }) => peerId)));
    const text = await t.home.cli("graph", "show", view.id.slice(-10)).done;
    expect(text.stdout).toContain("word count");
    expect(text.stdout).toMatch(/wait +sleep +completed +36 completed/);
  });

  test("with a failing node comes to its end under every rule", async () => {
    const rules = ["all-success", "all-done", "one-failed", "none-failed"];
    const echoes = Object.fromEntries(
      rules.map((when) => [when, { skill: "echo", needs: ["bad", "good"], when, input: "${bad.status}" }]),
    );
    const file = await written("rules.json", {
      failFast: false,
      defaults: { retries: 0 },
      nodes: {
        bad: { skill: "probe.fail", input: { key: "rules", times: 9 } },
        good: { skill: "echo" },
        ...echoes,
        after: { skill: "echo", needs: ["one-failed"], when: "none-failed" },
      },
    });
    const { code, stdout, stderr } = await t.home.cli("graph", "run", file).done;
    expect(code).toBe(10);
    expect(stderr).toContain("bad: failed: error: ");
    expect(JSON.parse(stdout)).toMatchObject({ "all-done": "failed", "all-success": null });
    const { json } = await t.home.cli("graph", "list", "--limit", "1", "-o", "json").done;
    const [listed] = (json as { graphs: GraphView[] }).graphs;
    const view = await look(listed?.id as string);
    expect(Object.fromEntries((view.nodes ?? []).map(({ id, state }) => [id, state]))).toEqual({
      bad: "failed",
      good: "completed",
      "all-success": "cancelled",
      "all-done": "completed",
      "one-failed": "completed",
      "none-failed": "cancelled",
      after: "completed",
    });
  });

  test("that cannot be is refused with the reason", async () => {
    const file = await written(
      "cycle.yaml",
      "defaults: { skill: echo }\nnodes: { a: [c], b: [a], c: [b] }\n",
    );
    const { code, stderr } = await t.home.cli("graph", "run", file).done;
    expect(code).toBe(2);
    expect(stderr).toContain("the graph has a cycle: a → b → c → a [InvalidInput]");
  });

  test("is cancelled with its tasks, at their workers", async () => {
    const file = await written("held.json", {
      nodes: {
        held: { skill: "probe.hold", input: { key: "graph-cancel" } },
        after: { skill: "echo", needs: ["held"] },
      },
    });
    const { stdout } = await t.home.cli("graph", "run", file, "--detach").done;
    const id = stdout.trim();
    await t.probe.started("graph-cancel");
    expect((await t.home.cli("graph", "cancel", id, "--reason", "enough").done).stdout).toBe(
      `${id} is cancelled.\n`,
    );
    await t.probe.aborted("graph-cancel");
    expect(await ended(id)).toMatchObject({
      status: "cancelled",
      reason: "enough",
      counts: { cancelled: 2 },
    });
    expect((await t.home.cli("graph", "wait", id).done).code).toBe(12);
  });

  test("survives a kill of its home, and runs nothing again that had ended", async () => {
    const steps = 150;
    const nodes: Record<string, object> = {
      held: { skill: "probe.hold", input: { key: "graph-held" } },
      last: { skill: "echo", needs: ["held", `n${steps - 1}`, "fan"], input: { $ref: "fan.output" } },
      fan: {
        skill: "probe.fail",
        needs: ["n20"],
        forEach: Array.from({ length: 40 }, (_, i) => `fan-${i}`),
        input: { key: { $ref: "item" }, times: 0 },
      },
    };
    for (let i = 0; i < steps; i++)
      nodes[`n${i}`] = {
        skill: "probe.fail",
        needs: i < 5 ? [] : [`n${i - 5}`],
        input: { key: `n-${i}`, times: 0 },
      };
    const { id } = await submit({ nodes });
    await t.probe.started("graph-held");
    const before = await until("a third is done", async () => {
      const view = await look(id);
      return view.counts.completed > 60 && view;
    });
    await t.home.process.kill();
    expect(before.counts.waiting).toBeGreaterThan(0);
    await t.home.restart();
    await t.probe.release("graph-held");
    const view = await ended(id, 40_000);
    expect(view).toMatchObject({ status: "completed", counts: { completed: steps + 42, waiting: 0 } });
    expect(view.output?.["last"]).toHaveLength(40);
    expect(await t.probe.starts("graph-held")).toHaveLength(1);
    for (const { id: node, state } of before.nodes ?? [])
      if (state === "completed" && /^n\d/.test(node))
        expect([node, (await t.probe.starts(node.replace("n", "n-"))).length]).toEqual([node, 1]);
    const tasks = await t.home.call<{ tasks: TaskView[] }>("GET", "/v1/tasks", { query: { limit: 1_000 } });
    const made = tasks.tasks.filter(({ graph }) => graph?.id === id).map(({ graph }) => graph?.node);
    expect(new Set(made).size).toBe(made.length);
    expect(made).toHaveLength(steps + 42);
  }, 90_000);

  test("may have ten thousand nodes", async () => {
    const nodes: Record<string, object> = {};
    for (let i = 0; i < 9_999; i++) nodes[`n${i}`] = { input: { i }, needs: i < 100 ? [] : [`n${i % 100}`] };
    nodes["join"] = { needs: Object.keys(nodes), input: { $ref: "n4242.output.i" } };
    const [one] = t.workers;
    const begunMs = performance.now();
    const { id } = await (one as (typeof t.workers)[0]).call<GraphView>("POST", "/v1/graphs", {
      body: { defaults: { skill: "echo" }, nodes },
    });
    const view = await (one as (typeof t.workers)[0]).call<GraphView>("GET", `/v1/graphs/${id}/wait`, {
      query: { timeout: 28, nodes: false },
    });
    expect(view).toMatchObject({
      status: "completed",
      counts: { completed: 10_000 },
      output: { join: 4242 },
    });
    expect(performance.now() - begunMs).toBeLessThan(28_000);
  }, 40_000);
});

describe("a batch", () => {
  test("is submitted at once by the API, each task judged on its own", async () => {
    const answer = await t.home.call<{
      accepted: number;
      results: { id?: string; error?: { code: string } }[];
    }>("POST", "/v1/tasks/batch", {
      body: { tasks: [{ skill: "echo", input: 1 }, { skil: "echo" }, { skill: "echo", priority: "high" }] },
    });
    expect(answer).toMatchObject({ accepted: 2, refused: 1 });
    expect(answer.results[1]?.error?.code).toBe("InvalidInput");
    const ids = answer.results.flatMap(({ id }) => (id === undefined ? [] : [id]));
    for (const id of ids) expect((await t.home.ended(id)).status).toBe("completed");
  });

  test("can be interrupted, goes on where it was, and runs nothing twice", async () => {
    const inputs = Array.from({ length: 30 }, (_, i) => ({
      id: `b${i}`,
      input: { key: `batch-${i}`, times: 0 },
    }));
    const held = { skill: "probe.hold", input: { key: "batch-held" } };
    const file = await written(
      "work.jsonl",
      [...inputs.slice(0, 10), held, ...inputs.slice(10)].map((one) => JSON.stringify(one)).join("\n"),
    );
    const out = join(t.mesh.folder, "results.jsonl");
    const args = ["batch", "run", file, "--skill", "probe.fail", "--out", out, "--concurrency", "4"];
    const first = t.home.cli(...args);
    await t.probe.started("batch-held");
    first.child.kill("SIGINT");
    await first.stderrHas("Stopping");
    first.child.kill("SIGINT");
    const stopped = await first.done;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("are left. Go on with: errand batch run");
    // As a crash leaves it.
    await appendFile(out, '{"line": 99, "sta');

    await t.probe.release("batch-held");
    const second = await t.home.cli(...args, "-o", "json").done;
    expect(second.code).toBe(0);
    expect(second.json).toMatchObject({ total: 31, successful: 31, failed: 0, interrupted: false });
    const results = lines(await readFile(out, "utf8"));
    expect(results.map(({ line }) => line).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 31 }, (_, i) => i + 1),
    );
    expect(results.find(({ id }) => id === "b17")).toMatchObject({
      status: "completed",
      output: { starts: 1 },
    });
    for (let i = 0; i < 30; i++) expect(await t.probe.starts(`batch-${i}`)).toHaveLength(1);
    expect(await t.probe.starts("batch-held")).toHaveLength(1);
    expect((await t.home.cli(...args).done).stderr).toContain("31 successful, 0 failed (31 of them before).");
  }, 60_000);

  test("tells what failed, with exit code 10, and runs that again when asked", async () => {
    const file = await written(
      "some-fail.jsonl",
      [
        '{"id": "good", "skill": "echo", "input": "fine"}',
        '{"id": "bad", "skill": "probe.fail", "input": {"key": "batch-bad", "times": 1}, "retries": 0}',
        "not json",
        '{"id": "odd", "skill": "echo", "inptu": 1}',
      ].join("\n"),
    );
    const out = join(t.mesh.folder, "some.jsonl");
    const { code, stderr } = await t.home.cli("batch", "run", file, "--out", out).done;
    expect([code, stderr]).toEqual([10, expect.stringContaining("1 successful, 3 failed.")]);
    const byLine = new Map(lines(await readFile(out, "utf8")).map((line) => [line["line"], line]));
    expect(byLine.get(1)).toMatchObject({ id: "good", status: "completed", output: "fine" });
    expect(byLine.get(2)).toMatchObject({ id: "bad", status: "failed", error: { code: "SkillFailed" } });
    expect(byLine.get(3)).toMatchObject({ status: "rejected", error: { code: "InvalidInput" } });
    expect(byLine.get(4)).toMatchObject({ status: "rejected", error: { hint: 'Did you mean "input"?' } });
    const again = await t.home.cli("batch", "run", file, "--out", out, "--retry-failed").done;
    expect([again.code, again.stderr]).toEqual([
      10,
      expect.stringContaining("2 successful, 2 failed (1 of them before)."),
    ]);
  });
});

describe("a map", () => {
  test("runs a skill on each file, and keeps each output", async () => {
    const folder = join(t.mesh.folder, "texts");
    await mkdir(folder);
    const files = [];
    for (const [name, text] of [
      ["a.txt", "one two"],
      ["b.txt", "three"],
      ["c.md", "# four five six"],
    ] as const) {
      files.push(join(folder, name));
      await writeFile(join(folder, name), text);
    }
    const out = join(t.mesh.folder, "stats");
    const { code, stdout, stderr } = await t.home.cli("map", "text.stats", ...files, "--out", out).done;
    expect([code, stderr]).toEqual([0, expect.stringContaining("3 successful, 0 failed.")]);
    expect(stdout).toMatch(/b\.txt +completed/);
    expect((await readdir(out)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "a.txt.json",
      "b.txt.json",
      "c.md.json",
    ]);
    expect(JSON.parse(await readFile(join(out, "a.txt.json"), "utf8"))).toMatchObject({ words: 2 });
    const json = await t.home.cli("map", "text.stats", ...files, "-o", "json").done;
    expect(lines(json.stdout).map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
    const missing = await t.home.cli("map", "text.stats", join(folder, "none.txt")).done;
    expect([missing.code, existsSync(join(folder, "none.txt"))]).toEqual([2, false]);
  });
});
