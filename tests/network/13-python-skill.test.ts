/** A function of a user, in Python, served by a warm process on one peer and called from another peer's command line. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { newTaskId } from "../../src/core/ids.ts";
import type { SkillView, TaskView } from "../../src/node/node.ts";
import { hasPython } from "../support/python.ts";
import { createRawPeer } from "../support/raw-peer.ts";
import { openTaskStream } from "../support/raw-task.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const words = `
import os, time
from errand_skill import Context, skill

@skill(id="acme.words", version="1.0.0", input_modes=["text/plain"], examples=[{"text": "to be"}])
def words(text: str, context: Context, least: int = 1) -> dict[str, int]:
    "How often each word of a text occurs."
    counts: dict[str, int] = {}
    parts = text.split()
    for i, word in enumerate(parts):
        context.progress(i / len(parts), word)
        if len(word) >= least:
            counts[word] = counts.get(word, 0) + 1
    return counts

@skill(id="acme.pid")
def pid() -> int:
    return os.getpid()

@skill(id="acme.nap")
def nap(context: Context, seconds: float) -> str:
    context.progress(0.5, "asleep")
    time.sleep(seconds)
    return "rested"

@skill(id="acme.secret")
def secret() -> str:
    return "for friends"

@skill(id="acme.die")
def die(context: Context) -> None:
    context.progress(0, str(os.getpid()))
    os._exit(1)
`;

describe.skipIf(!hasPython)("a user's Python function on another peer", () => {
  const t = useMesh(async (mesh) => {
    const file = join(mesh.folder, "words.py");
    await writeFile(file, words);
    const asks = await mesh.start("asks", { builtinSkills: [] });
    const serves = await mesh.start("serves", {
      skills: [file],
      builtinSkills: [],
      access: { "acme.secret": { allow: "pinned" } },
    });
    await mesh.joined(asks, serves);
    return { asks, serves };
  });

  test("is called from the command line with JSON and with a file", async () => {
    const { code, json } = await t.asks.cli(
      "run",
      "acme.words",
      '{"text": "to be or not to be"}',
      "-o",
      "json",
    ).done;
    expect(code).toBe(0);
    expect(json).toMatchObject({
      status: "completed",
      peer: t.serves.peerId,
      output: { to: 2, be: 2, or: 1, not: 1 },
    });
    await mkdir(t.asks.dataDir, { recursive: true });
    await writeFile(join(t.asks.dataDir, "text.txt"), "a rose is a rose");
    const plain = await t.asks.cli("run", "acme.words", "@text.txt").done;
    expect(JSON.parse(plain.stdout)).toEqual({ a: 2, rose: 2, is: 1 });
  });

  test("has the schema that its type hints say, and refuses what does not meet it", async () => {
    const view = await t.asks.call<SkillView>("GET", "/v1/skills/acme.words");
    expect(view).toMatchObject({
      description: "How often each word of a text occurs.",
      input: {
        properties: { text: { type: "string" }, least: { type: "integer", default: 1 } },
        required: ["text"],
      },
      output: { additionalProperties: { type: "integer" } },
    });
    const { code, stderr } = await t.asks.cli("run", "acme.words", '{"text": 7}').done;
    expect(code).toBe(10);
    expect(stderr).toContain("input.text must be string");
  });

  test("is served by one warm process", async () => {
    const pids = new Set<unknown>();
    for (let i = 0; i < 5; i++) {
      const { output } = await t.asks.run({ skill: "acme.pid", cache: false });
      pids.add(output);
    }
    expect(pids.size).toBe(1);
  });

  test("is cancelled there, and the process goes on", async () => {
    const { output: before } = await t.asks.run({ skill: "acme.pid" });
    const task = await t.asks.submit({ skill: "acme.nap", input: { seconds: 100 } });
    await until("it sleeps", async () => (await t.asks.task(task.id)).progressMessage === "asleep");
    await t.asks.call("POST", `/v1/tasks/${task.id}/cancel`);
    expect((await t.asks.ended(task.id)).status).toBe("cancelled");
    await until("its process is free again", async () => {
      const { load } = await t.serves.status();
      return load.running === 0;
    });
    expect((await t.asks.run({ skill: "acme.pid" })).output).toBe(before);
  });

  test("that ends its process fails alone, and leaves no folder behind", async () => {
    const task = await t.asks.run({ skill: "acme.die", retries: 0 });
    expect(task).toMatchObject({ status: "failed", error: { code: "SkillFailed" } });
    expect(task.error?.message).toContain("ended with exit code 1");
    const after = await t.asks.run({ skill: "acme.words", input: { text: "on and on" } });
    expect(after.output).toEqual({ on: 2, and: 1 });
    await until("no folder is left", async () => {
      const left = await readdir(join(t.serves.dataDir, "scratch"), { recursive: true }).catch(() => []);
      return left.every((path) => !path.includes(sep));
    });
  });

  test("runs where the machine has what it asks for, and nowhere else", async () => {
    const small = await t.asks.cli("run", "acme.pid", "--cores", "1", "--memory", "0.01", "-o", "json").done;
    expect(small.json).toMatchObject({ status: "completed", peer: t.serves.peerId });
    const large = await t.asks.cli("run", "acme.pid", "--memory", "1e6", "--tag", "huge", "-o", "json").done;
    expect(large.code).toBe(13);
    const reasons = JSON.stringify(large.json.error ?? large.json);
    expect(reasons).toMatch(/needs 1000000 GB of memory, has [\d.]+ GB; lacks tag huge/);
    // Asked all the same, the worker says no by itself.
    const limits = { memoryBytes: 1e15 };
    const refused = await t.asks.run({ skill: "acme.pid", limits, cache: false });
    expect(refused).toMatchObject({ status: "failed", reason: "no-capable-peer" });
    expect(JSON.stringify(refused.error)).toMatch(/asks for 1000000.0 GB of memory, [\d.]+ are there/);
  });

  test("for pinned peers is refused until the caller is pinned", async () => {
    const listed = await t.serves.cli("skill", "list").done;
    expect(listed.stdout).toMatch(/acme\.secret .* pinned/);
    expect(await t.asks.call("GET", "/v1/skills/acme.secret")).toMatchObject({ access: "pinned" });
    const refused = await t.asks.run({ skill: "acme.secret" });
    expect(refused).toMatchObject({ status: "failed", reason: "no-capable-peer" });
    expect(JSON.stringify(refused.error)).toContain("pinned");
    await t.serves.call("PUT", `/v1/peers/${t.asks.peerId}/pin`, { body: { trust: 0.9 } });
    const allowed = await t.asks.run({ skill: "acme.secret" });
    expect(allowed).toMatchObject({ status: "completed", output: "for friends" });
  });

  test("is refused to a stranger who asks without looking at the card, at once and with the reason", async () => {
    await using stranger = await createRawPeer();
    const session = await openTaskStream(await stranger.connect(t.serves.address));
    session.hello();
    const request = {
      taskId: newTaskId(),
      attempt: 1,
      leaseEpoch: 1,
      skill: "acme.secret",
      skillVersion: "",
      priority: 96,
      deadlineMs: 30_000,
      leaseMs: 15_000,
      input: jsonBody({}),
      deterministic: false,
      idempotent: false,
    };
    session.send({ kind: "request", request });
    const ack = await session.hears("its answer", (said) => (said.kind === "ack" ? said.ack : undefined));
    expect(ack).toMatchObject({ verdict: "refused", code: "Unauthorized" });
    expect(ack.message).toContain("pinned");
  });

  test("leaves no process behind when its node is killed", async () => {
    const { output: pid } = await t.asks.run({ skill: "acme.pid" });
    const nap = await t.asks.submit({ skill: "acme.nap", input: { seconds: 100 }, retries: 0 });
    await until("it sleeps", async () => (await t.asks.task(nap.id)).progressMessage === "asleep");
    await t.serves.process.kill();
    await until("its processes are gone", () => !isAlive(Number(pid)));
    await t.asks.call<TaskView>("POST", `/v1/tasks/${nap.id}/cancel`);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
