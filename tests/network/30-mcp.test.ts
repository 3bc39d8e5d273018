/**
 * MCP servers as skills: the reference server from npm, over stdio and over streamable HTTP on one node, used from another
 * peer's command line. Real processes throughout.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { TaskView } from "../../src/node/node.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const server = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
let http: ChildProcess | undefined;
afterAll(() => http?.kill("SIGKILL"));

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

const story = useMesh(async (mesh) => {
  const port = await freePort();
  http = spawn(process.execPath, [server, "streamableHttp"], {
    env: { PATH: process.env["PATH"], PORT: String(port) },
    stdio: "ignore",
  });
  const stdio = join(mesh.folder, "stdio.yaml");
  const remote = join(mesh.folder, "remote.yaml");
  await writeFile(
    stdio,
    JSON.stringify({ mcp: { name: "everything", command: process.execPath, args: [server] } }),
  );
  const url = `http://127.0.0.1:${port}/mcp`;
  await writeFile(remote, JSON.stringify({ mcp: { name: "remote", url, tools: ["echo", "get-sum"] } }));
  const worker = await mesh.start("worker", { skills: [stdio, remote], builtinSkills: [] });
  const home = await mesh.start("home", { builtinSkills: [] });
  await mesh.joined(worker, home);
  await until(
    "both servers' tools are on the worker's card",
    async () => {
      const skills = (await home.peers()).find(({ id }) => id === worker.peerId)?.skills ?? [];
      return ["mcp.everything.echo", "mcp.remote.echo"].every((id) => skills.includes(id));
    },
    40_000,
  );
  return { worker, home };
});

/** Processes that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const texts = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8"));
  return (await Promise.all(texts)).join(" ").trim().split(/\s+/).filter(Boolean).map(Number);
}

async function progressOf(home: typeof story.home, id: string): Promise<TaskView> {
  return until("it says how far it is", async () => {
    const task = await home.task(id);
    return (task.progress ?? 0) > 0 && task.status === "running" ? task : undefined;
  });
}

describe("from another peer's command line", () => {
  test.each(["everything", "remote"])("a tool of %s is a skill like any other", async (name) => {
    const run = await story.home.cli("run", `mcp.${name}.echo`, '{"message":"from afar"}', "-o", "json").done;
    expect(run.code, run.stderr).toBe(0);
    expect(run.json.output).toMatchObject({ text: "Echo: from afar" });
    const sum = await story.home.cli("run", `mcp.${name}.get-sum`, '{"a":2,"b":40}').done;
    expect(JSON.parse(sum.stdout)).toMatchObject({ text: expect.stringContaining("42") });
  });

  test("only the tools that the operator chose", async () => {
    const { stdout } = await story.home.cli("skill", "list").done;
    expect(stdout).toContain("mcp.everything.get-tiny-image");
    expect(stdout).not.toContain("mcp.remote.get-tiny-image");
  });

  test("its schema is the skill's, on the card and at the door", async () => {
    const shown = await story.home.cli("skill", "get", "mcp.everything.get-sum", "-o", "json").done;
    expect(shown.json.input).toMatchObject({ required: ["a", "b"] });
    const wrong = await story.home.cli("run", "mcp.everything.get-sum", '{"a":"x"}', "-o", "json").done;
    expect(wrong.code).toBe(10);
    expect(wrong.json.error.code).toBe("InvalidInput");
  });

  test("what a tool gives as structured content is the output", async () => {
    const run = await story.home.cli("run", "mcp.everything.get-structured-content", '{"location":"Chicago"}')
      .done;
    expect(JSON.parse(run.stdout)).toEqual({
      temperature: expect.any(Number),
      conditions: expect.any(String),
      humidity: expect.any(Number),
    });
  });
});

describe("while it runs", () => {
  const skill = "mcp.everything.trigger-long-running-operation";

  test("the tool's progress is the task's", async () => {
    const { id } = await story.home.submit({ skill, input: { duration: 4, steps: 4 } });
    const { progress } = await progressOf(story.home, id);
    expect([0.25, 0.5, 0.75, 1]).toContain(progress);
    expect(await story.home.ended(id)).toMatchObject({ status: "completed" });
  });

  test("a cancel ends the task at once, and the server goes on", async () => {
    const { id } = await story.home.submit({ skill, input: { duration: 120, steps: 240 } });
    await progressOf(story.home, id);
    const at = performance.now();
    await story.home.call("POST", `/v1/tasks/${id}/cancel`, { body: {} });
    expect(await story.home.ended(id)).toMatchObject({ status: "cancelled" });
    await until("the worker's slot is free", async () => (await story.worker.status()).load.running === 0);
    expect(performance.now() - at).toBeLessThan(10_000);
    const next = await story.home.run({ skill: "mcp.everything.echo", input: { message: "next" } });
    expect(next.output).toMatchObject({ text: "Echo: next" });
  });
});

test("a server that is killed is started again, and its tools work as before", async () => {
  const before = await childrenOf(story.worker.process.pid);
  expect(before).toHaveLength(1);
  process.kill(before[0] as number, "SIGKILL");
  const [now] = await until("another server runs", async () => {
    const children = await childrenOf(story.worker.process.pid);
    return children.length === 1 && children[0] !== before[0] ? children : undefined;
  });
  const run = await story.home.run({ skill: "mcp.everything.echo", input: { message: "again" } });
  expect(run.output).toMatchObject({ text: "Echo: again" });
  expect(await story.worker.process.stop()).toBe(0);
  await until("the server has ended with its node", () => {
    try {
      process.kill(now as number, 0);
      return false;
    } catch {
      return true;
    }
  });
});
