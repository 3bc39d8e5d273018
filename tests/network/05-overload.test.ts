/** More work than there is room for: it is refused in good order, done in the end, and nobody goes down. */
import { describe, expect, test } from "vitest";
import type { NodeStatus } from "../../src/node/node.ts";
import type { MeshNode } from "../support/mesh.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

// Longer than a lease of 15 s: without heartbeats the task would go elsewhere.
const spinMs = 17_000;

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const home = await mesh.start("home", { builtinSkills: [] });
  const small = { workerSlots: 1, workerQueue: 4, builtinSkills: ["sleep", "echo"] };
  const [one, two, three, spinner] = await Promise.all([
    mesh.start("one", small),
    mesh.start("two", small),
    mesh.start("three", small),
    mesh.start("spinner", { skills: [probe.file], workerSlots: 2, builtinSkills: ["echo", "hash.file"] }),
  ]);
  await mesh.joined(home, one, two, three, spinner);
  return { home, small: [one, two, three], spinner, probe };
});

async function counter(nodes: MeshNode[], name: string): Promise<number> {
  const all: NodeStatus[] = await Promise.all(nodes.map((node) => node.status()));
  return all.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
}

describe("300 tasks at once for three workers with one slot and four places each", () => {
  test("all complete, after refusals, and every process lives", async () => {
    const { home, small } = t;
    // Not to be run twice: a second attempt beside one that a busy machine makes slow is another test's.
    const submissions = Array.from({ length: 300 }, () =>
      home.submit({ skill: "sleep", input: { seconds: 0.02 }, idempotent: false }),
    );
    const ids = (await Promise.all(submissions)).map(({ id }) => id);
    const ended = await Promise.all(ids.map((id) => home.ended(id, 40_000)));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["completed"]));
    expect(new Set(ended.map(({ peer }) => peer))).toEqual(new Set(small.map(({ peerId }) => peerId)));
    expect(await counter(small, "refused")).toBeGreaterThan(0);
    // A refused offer is no attempt.
    expect(new Set(ended.map(({ attempts }) => attempts))).toEqual(new Set([1]));
    for (const node of t.mesh.nodes) expect(node.process.running, node.name).toBe(true);
    for (const node of small) expect((await node.status()).load).toMatchObject({ running: 0, queued: 0 });
  }, 60_000);
});

describe("a submitter whose own queue is full", () => {
  test("says so, with when to come back, and takes tasks again later", async () => {
    const narrow = await t.mesh.start("narrow", { builtinSkills: [], queuePerBand: 5 });
    await t.mesh.joined(narrow, t.spinner);
    // Tasks that failed once wait for a minute to be tried again.
    const waiting = {
      skill: "probe.fail",
      retry: { retries: 1, strategy: "fixed", delayMs: 60_000 },
    } as const;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { id } = await narrow.submit({ ...waiting, input: { key: `narrow-${i}`, times: 99 } });
      ids.push(id);
      await until("it waits", async () => (await narrow.task(id)).status === "retrying");
    }
    const refused = narrow.submit({ skill: "echo", input: 6 });
    await expect(refused).rejects.toMatchObject({ code: "QueueFull", retryable: true, retryAfterMs: 1_000 });

    const response = await fetch(`${narrow.process.ready.api}/v1/tasks`, {
      method: "POST",
      headers: { authorization: `Bearer ${narrow.process.token}`, "content-type": "application/json" },
      body: '{"skill": "echo"}',
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: "QueueFull" } });

    const full = await narrow.cli("submit", "echo", "-o", "json").done;
    expect(full).toMatchObject({ code: 1, json: { error: { code: "QueueFull" } } });
    expect(full.json.error.hint).not.toBe("");
    // Another band has room of its own.
    const urgent = await narrow.submit({ skill: "echo", input: "urgent", priority: "critical" });
    expect(await narrow.ended(urgent.id)).toMatchObject({ status: "completed" });

    await narrow.call("POST", `/v1/tasks/${ids[0]}/cancel`, { body: {} });
    expect(await narrow.run({ skill: "echo", input: "later" })).toMatchObject({ status: "completed" });
  }, 60_000);
});

describe("a skill that yields to nobody", () => {
  test("does not stop its node from answering, and keeps its lease", async () => {
    const { home, spinner } = t;
    const spin = await home.submit({ skill: "probe.spin", input: { ms: spinMs } });
    await until("it spins", async () => (await home.task(spin.id)).status === "running");
    const answersMs: number[] = [];
    let done = 0;
    while (done < 40) {
      const startedMs = performance.now();
      await spinner.status();
      answersMs.push(performance.now() - startedMs);
      const task = await home.run({
        skill: "hash.file",
        input: { text: String(done) },
        peer: spinner.peerId,
      });
      expect(task).toMatchObject({ status: "completed", attempts: 1 });
      done++;
    }
    expect(answersMs.toSorted((a, b) => a - b)[20]).toBeLessThan(250);
    expect((await home.task(spin.id)).status).toBe("running");
    const ended = await home.ended(spin.id, 40_000);
    expect(ended).toMatchObject({ status: "completed", attempts: 1, peer: spinner.peerId });
    expect(ended.usage?.wallMs).toBeGreaterThanOrEqual(spinMs);
  }, 60_000);
});
