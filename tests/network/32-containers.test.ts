/**
 * Containers on another peer, with a real Docker engine and an image imported on the spot: code of a task in `container.run`, and
 * a skill that the operator declared. Skipped with the reason where no engine can be had.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { startTestEngine, type TestEngine } from "../support/container-engine.ts";
import type { TaskView } from "../../src/node/node.ts";
import { detectResources } from "../../src/worker/resources.ts";
import { createMesh, type Mesh, type MeshNode } from "../support/mesh.ts";
import { runCli } from "../support/run-cli.ts";
import { until } from "../support/until.ts";

interface Story {
  mesh: Mesh;
  engine: TestEngine;
  worker: MeshNode;
  home: MeshNode;
}

/** An engine on a machine with much else to do. */
const slowMs = 60_000;

let story: Story | { missing: string };

beforeAll(async () => {
  const engine = await startTestEngine();
  if ("missing" in engine) {
    story = engine;
    return;
  }
  const mesh = await createMesh();
  const declared = join(mesh.folder, "shout.yaml");
  const script = `tr=$(cat); echo "{\\"said\\": $tr}"`;
  await writeFile(
    declared,
    JSON.stringify({
      id: "box.shout",
      version: "1.0.0",
      description: "Says it again, out of a container.",
      input: true,
      output: { type: "object" },
      container: { image: "busybox", command: ["sh", "-c", script] },
    }),
  );
  const needy = join(mesh.folder, "needy.yaml");
  await writeFile(
    needy,
    JSON.stringify({
      id: "box.needy",
      version: "1.0.0",
      description: "Needs a GPU.",
      input: true,
      output: true,
      container: { image: "busybox", gpu: true },
    }),
  );
  // The first, so that the worker finds it again after its restart.
  const home = await mesh.start("home", { builtinSkills: [] });
  const worker = await mesh.start("worker", {
    builtinSkills: ["container.run"],
    skills: [declared, needy],
    containers: { socket: engine.socket, images: ["busybox"] },
    allowCode: "everyone",
  });
  await mesh.joined(home, worker);
  story = { mesh, engine, worker, home };
}, 240_000);

afterAll(async () => {
  if (story === undefined || "missing" in story) return;
  await story.mesh.close();
  await story.engine.close();
}, 60_000);

function storyOf(context: TestContext): Story {
  if ("missing" in story) return context.skip(`no container engine: ${story.missing}`);
  return story;
}

const containersOf = ({ engine }: Story): Promise<unknown[]> =>
  engine.engine.call("GET", "/containers/json?all=1", { signal: AbortSignal.timeout(5_000) });

describe("from another peer's command line", { timeout: 2 * slowMs }, () => {
  test("a command in an image that was imported on the spot", async (context) => {
    const { home } = storyOf(context);
    const run = await home.cli(
      "run",
      "container.run",
      '{"image":"busybox","command":["echo","hello","box"]}',
      "-o",
      "json",
    ).done;
    expect(run.code, run.stderr).toBe(0);
    expect(run.json.output).toEqual({ exitCode: 0, stdout: "hello box\n", stderr: "" });
  });

  test("a file goes along and another one comes back", async (context) => {
    const { home, mesh } = storyOf(context);
    const file = join(mesh.folder, "text.txt");
    await writeFile(file, "one\ntwo\nthree\n");
    const options = ["image=busybox", 'command=["tail","-n","1","/in/file"]', "outputType=text/plain"];
    const run = await home.cli(
      "run",
      "container.run",
      `@${file}`,
      ...options.flatMap((one) => ["--set", one]),
    ).done;
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toBe("three\n");
  });

  test("a skill that the operator declared is a skill like any other", async (context) => {
    const { home } = storyOf(context);
    expect(await home.run({ skill: "box.shout", input: { a: 1 } })).toMatchObject({
      status: "completed",
      output: { said: { a: 1 } },
    });
  });

  test("one that needs a GPU is not offered by a machine without", async (context) => {
    const { worker } = storyOf(context);
    const { skills } = await worker.call<{ skills: { id: string }[] }>("GET", "/v1/skills");
    const ids = skills.map(({ id }) => id);
    expect(ids).toContain("box.shout");
    // On a machine that has one it is.
    const { gpus } = await detectResources({ dataDir: "/", internet: false });
    expect(ids.includes("box.needy")).toBe(gpus.length > 0);
  });

  test("and its author tries it without a node, in the same engine", async (context) => {
    const { engine, mesh } = storyOf(context);
    const file = join(mesh.folder, "shout.yaml");
    await writeFile(
      join(mesh.folder, "shout.test.yaml"),
      "- { input: { a: 1 }, output: { said: { a: 1 } } }\n",
    );
    const env = { DOCKER_HOST: `unix://${engine.socket}` };
    const data = join(mesh.folder, "author");
    const tested = await runCli(["skill", "test", file, "--data", data, "-o", "json"], { env });
    expect(tested.code, tested.stderr).toBe(0);
    expect(JSON.parse(tested.stdout)).toMatchObject({ passed: 1, failed: 0 });
  });

  test("an image that the operator does not allow", async (context) => {
    const { home } = storyOf(context);
    const run = await home.cli("run", "container.run", '{"image":"alpine"}', "-o", "json").done;
    expect(run.json.error).toMatchObject({ code: "InvalidInput" });
  });
});

describe("whatever becomes of it", { timeout: 4 * slowMs }, () => {
  test("a cancel leaves no container", async (context) => {
    const s = storyOf(context);
    const command = ["sleep", "1000"];
    const { id } = await s.home.submit({ skill: "container.run", input: { image: "busybox", command } });
    await until("it runs", async () => (await containersOf(s)).length === 1, slowMs);
    await s.home.call("POST", `/v1/tasks/${id}/cancel`, { body: {} });
    expect(await s.home.ended(id)).toMatchObject({ status: "cancelled" });
    await until("the container is gone", async () => (await containersOf(s)).length === 0, slowMs);
  });

  test("what a killed node leaves is gone when it is back", { timeout: 2 * slowMs }, async (context) => {
    const s = storyOf(context);
    const command = ["sleep", "1000"];
    const input = { image: "busybox", command, timeoutSeconds: 600 };
    const { id } = await s.home.submit({ skill: "container.run", input });
    await until("it runs", async () => (await containersOf(s)).length === 1, slowMs);
    await s.worker.process.kill();
    expect(await containersOf(s)).toHaveLength(1);
    await s.home.call("POST", `/v1/tasks/${id}/cancel`, { body: {} });
    await s.worker.restart();
    await until("the container is gone", async () => (await containersOf(s)).length === 0, slowMs);
    // The node is back before its container tier is: until its trial is over, nobody offers the skill.
    let again: TaskView | undefined;
    await until(
      "the skill is offered again",
      async () =>
        (again = await s.home.run({ skill: "box.shout", input: "back" })).error?.code !== "NoCapablePeer",
      slowMs,
    );
    expect(again).toMatchObject({ status: "completed", output: { said: "back" } });
  });
});
