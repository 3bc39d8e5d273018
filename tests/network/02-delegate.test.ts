/** Tasks submitted at one node run at others: by the command line, in batches, with files, and with every wish of the user. */
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { TaskView } from "../../src/node/node.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const outline = fileURLToPath(new URL("../../scripts/examples/markdown-outline.yaml", import.meta.url));

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  // The submitter offers nothing, so whatever it gets done was done elsewhere.
  const home = await mesh.start("home", { builtinSkills: [] });
  const [one, two, three] = await Promise.all([
    mesh.start("one", { skills: [probe.file] }),
    mesh.start("two", { skills: [outline], tags: ["outliner"] }),
    mesh.start("three", { workerSlots: 1 }),
  ]);
  await mesh.joined(home, one, two, three);
  return { home, one, two, three, probe };
});

const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("errand run", () => {
  test("runs a task at another peer and prints one JSON document", async () => {
    const { code, json, stderr } = await t.home.cli("run", "echo", '{"a": [1, "ä"]}', "-o", "json").done;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      skill: "echo",
      skillVersion: "1.0.0",
      status: "completed",
      output: { a: [1, "ä"] },
      outputRef: null,
      error: null,
      local: false,
      attempts: 1,
      priority: 96,
    });
    expect([t.one, t.two, t.three].map(({ peerId }) => peerId)).toContain(json.peer);
    expect(json.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(json.durationMs).toBeGreaterThan(0);
  });

  test("prints the output alone as text", async () => {
    const { code, stdout } = await t.home.cli("run", "echo", '"just this"').done;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "just this\n" });
  });

  test("takes a text file as the text of a skill that takes texts", async () => {
    const file = join(t.mesh.folder, "report.txt");
    await writeFile(file, "One sentence here. And another one follows it.\n");
    const { code, json } = await t.home.cli("run", "text.stats", `@${file}`, "-o", "json").done;
    expect(code).toBe(0);
    expect(json.output).toMatchObject({ words: 8, sentences: 2 });
  });

  test("hashes a file of 20 MiB at the peer that is named", async () => {
    const file = join(t.mesh.folder, "disk.img");
    const bytes = randomBytes(20 * 1024 * 1024);
    await writeFile(file, bytes);
    const run = t.home.cli("run", "hash.file", `@${file}`, "--peer", t.three.peerId.slice(-8), "-o", "json");
    const { code, json } = await run.done;
    expect(code).toBe(0);
    expect(json.peer).toBe(t.three.peerId);
    expect(json.output).toMatchObject({ sizeBytes: bytes.length, hashes: { sha256: sha256(bytes) } });
  });

  test("brings an output that fits into no frame", async () => {
    const file = join(t.mesh.folder, "large.json");
    const run = t.home.cli("run", "probe.large", '{"size": 600000}', "--save", file, "-o", "json");
    const { code, json } = await run.done;
    expect(code).toBe(0);
    expect(json).toMatchObject({ output: null, outputRef: { type: "application/json" }, peer: t.one.peerId });
    const saved = await readFile(file);
    expect(saved.length).toBe(json.outputRef.sizeBytes);
    expect(sha256(saved)).toBe(json.outputRef.hash);
    expect(JSON.parse(saved.toString()).text).toHaveLength(600_000);
  });
});

describe("an operator's own skills run from another peer", () => {
  test("a TypeScript module", async () => {
    const task = await t.home.run({ skill: "probe.fail", input: { key: "none", times: 0 } });
    expect(task).toMatchObject({ status: "completed", output: { starts: 1 }, peer: t.one.peerId });
    expect(await t.probe.starts("none")).toEqual([t.one.process.pid]);
  });

  test("a command declared in YAML", async () => {
    const file = join(t.mesh.folder, "notes.md");
    await writeFile(file, "# Title\n\nSome [words](https://example.com/).\n\n## Part\n\nMore.\n");
    const { code, json } = await t.home.cli(
      "run",
      "markdown.outline",
      `@${file}`,
      "--input-type",
      "text/plain",
      "-o",
      "json",
    ).done;
    expect(code).toBe(0);
    expect(json).toMatchObject({ peer: t.two.peerId, output: { links: ["https://example.com/"] } });
    expect(json.output.sections.map(({ title }: { title: string }) => title)).toEqual(["Title", "Part"]);
  });
});

describe("many tasks", () => {
  test("200 at once are all right, and spread over the workers", async () => {
    const texts = Array.from({ length: 140 }, (_, i) => `text number ${i}`);
    const hashing = texts.map((text) => t.home.run({ skill: "hash.file", input: { text } }));
    // These keep a slot long enough for the load to count.
    const sleeping = Array.from({ length: 60 }, () =>
      t.home.run({ skill: "sleep", input: { seconds: 0.1 } }),
    );
    const hashed = await Promise.all(hashing);
    const hashes = hashed.map(({ output }) => (output as { hashes: { sha256: string } }).hashes.sha256);
    expect(hashes).toEqual(texts.map(sha256));
    const slept = await Promise.all(sleeping);
    expect(new Set(slept.map(({ status }) => status))).toEqual(new Set(["completed"]));
    for (const worker of [t.one, t.two, t.three]) {
      // Of all of them: where the machine is busy the last come while the hashes still wait, and have none for who is slow at it.
      const share = [...hashed, ...slept].filter(({ peer }) => peer === worker.peerId).length;
      expect(share, `tasks of ${worker.name}`).toBeGreaterThan(0);
      // Two thirds may well go to the one that answers fastest; not all but a handful.
      expect(share, `tasks of ${worker.name}`).toBeLessThan(190);
    }
  });

  test("waiting at a worker, the more urgent go first", async () => {
    const blocker = await t.one.submit({ skill: "sleep", input: { seconds: 1.5 }, peer: t.three.peerId });
    await until("the slot is taken", async () => (await t.one.task(blocker.id)).status === "running");
    const submit = (priority: string): Promise<TaskView> =>
      t.home.submit({ skill: "sleep", input: { seconds: 0.05 }, peer: t.three.peerId, priority });
    const ids: string[] = [];
    for (const priority of ["low", "normal", "high", "critical"]) ids.push((await submit(priority)).id);
    const ended = await Promise.all(ids.map((id) => t.home.ended(id)));
    const order = ended.toSorted((a, b) => String(a.finishedAt).localeCompare(String(b.finishedAt)));
    expect(order.map(({ priority }) => priority)).toEqual([224, 160, 96, 32]);
    await t.one.ended(blocker.id);
  });
});

describe("who may do it", () => {
  test("--min-trust leaves out whoever is not trusted so much", async () => {
    await t.home.cli("peer", "pin", t.two.peerId, "0.9").done;
    const trusting = await t.home.cli("run", "echo", "--min-trust", "0.8", "-o", "json").done;
    expect(trusting).toMatchObject({ code: 0, json: { status: "completed", peer: t.two.peerId } });

    const stricter = await t.home.cli("run", "echo", "--min-trust", "0.99", "-o", "json").done;
    expect(stricter).toMatchObject({ code: 13, json: { status: "failed", reason: "no-capable-peer" } });
    const explained = await t.home.explain(stricter.json.id);
    const decision = explained.attempts[0]?.decision as { considered: { peer: string; refused: string }[] };
    const { considered } = decision;
    expect(considered.map(({ peer }) => peer).toSorted()).toEqual(
      [t.one, t.two, t.three].map(({ peerId }) => peerId).toSorted(),
    );
    for (const { refused } of considered) expect(refused).toMatch(/trust/);
    await t.home.cli("peer", "pin", t.two.peerId, "none").done;
  });

  test("requirements are met by the peer that has them, and explain says why not by the others", async () => {
    const task = await t.home.run({ skill: "echo", input: 1, requirements: { tags: ["outliner"] } });
    expect(task).toMatchObject({ status: "completed", peer: t.two.peerId });
    const { code, json } = await t.home.cli("task", "explain", task.id, "-o", "json").done;
    expect(code).toBe(0);
    expect(json.summary).not.toBe("");
    expect(json.history.map(({ to }: { to: string }) => to).slice(-1)).toEqual(["completed"]);
    const { considered } = json.attempts[0].decision;
    const of = (peer: string) => considered.find((one: { peer: string }) => one.peer === peer);
    expect(of(t.two.peerId).refused ?? "").toBe("");
    expect(of(t.two.peerId).score.totalMs).toEqual(expect.any(Number));
    expect(of(t.one.peerId).refused).toMatch(/outliner/);
    expect(of(t.three.peerId).refused).toMatch(/outliner/);
  });

  test("a skill that nobody offers fails after the discovery window", async () => {
    const startedMs = performance.now();
    const { code, json, stderr } = await t.home.cli("run", "nosuch.skill", "{}", "-o", "json").done;
    expect(stderr).toBe("");
    expect(code).toBe(13);
    expect(json).toMatchObject({
      status: "failed",
      reason: "no-capable-peer",
      error: { code: "NoCapablePeer" },
    });
    expect(json.error.hint).toMatch(/errand/);
    expect(json.durationMs).toBeGreaterThanOrEqual(5_000);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  test("an input that the skill does not take is told, with what to look at", async () => {
    const { code, json } = await t.home.cli("run", "vector.knn", '{"vectors": "none"}', "-o", "json").done;
    expect(code).toBe(10);
    expect(json).toMatchObject({ status: "failed", error: { code: "InvalidInput" } });
    expect(json.error.hint).toMatch(/errand skill get vector.knn/);

    const text = await t.home.cli("run", "vector.knn", '{"vectors": "none"}').done;
    expect(text).toMatchObject({ code: 10, stdout: "" });
    expect(text.stderr).toMatch(/error: .*\[InvalidInput\]\nhint: /);
  });

  test("what is no JSON is a usage error and reaches nobody", async () => {
    const { code, json } = await t.home.cli("run", "echo", "{not json", "-o", "json").done;
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "InvalidInput" } });
  });
});
