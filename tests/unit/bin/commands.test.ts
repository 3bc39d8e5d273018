/** The command line as real processes against the real API in front of a fake node. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ErrorJson } from "../../../src/core/errors.ts";
import type { TaskView } from "../../../src/node/node.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { fakePeer, otherPeer } from "../../support/fake-views.ts";
import { runCli, startCli, type CliOptions, type CliResult } from "../../support/run-cli.ts";

let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});

afterAll(() => api.close());

beforeEach(() => {
  api.node.submissions.length = 0;
  api.node.decisions.length = 0;
});

const errand = (args: string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli(args, { ...options, env: { ERRAND_DATA: api.dataDir, ...options.env } });

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the document's shape
async function json<T>(
  args: string[],
  options?: CliOptions,
): Promise<{ code: number | null; value: T; stderr: string }> {
  const { code, stdout, stderr } = await errand([...args, "-o", "json"], options);
  return { code, value: JSON.parse(stdout) as T, stderr };
}

async function submitted(skill: string): Promise<string> {
  return (await api.client.call<TaskView>("POST", "/v1/tasks", { body: { skill } })).id;
}

describe("run", () => {
  test("prints JSON output pretty, a bare text plainly, other bytes as they are", async () => {
    expect(await errand(["run", "echo", '{"a":[1]}'])).toEqual({
      code: 0,
      stdout: '{\n  "a": [\n    1\n  ]\n}\n',
      stderr: "",
    });
    expect((await errand(["run", "echo", '"hello"'])).stdout).toBe("hello\n");
    expect((await errand(["run", "bytes"])).stdout).toBe("plain text\n");
    expect((await errand(["run", "echo"])).stdout).toBe("{}\n");
  });

  test("-o json prints one document", async () => {
    const { code, value } = await json<TaskView>([
      "run",
      "echo",
      "null",
      "--priority",
      "high",
      "--label",
      "a=b=c",
    ]);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      status: "completed",
      skill: "echo",
      output: null,
      peer: otherPeer,
      attempts: 1,
      durationMs: expect.any(Number),
      error: null,
      priority: 160,
      labels: { a: "b=c" },
    });
  });

  test.each([
    ["fail", 10, "SkillFailed"],
    ["late", 11, "TaskTimeout"],
    ["nobody", 13, "NoCapablePeer"],
  ])("%s exits with %i and names %s, in both formats", async (skill, code, name) => {
    const text = await errand(["run", skill]);
    expect([text.code, text.stdout]).toEqual([code, ""]);
    expect(text.stderr).toMatch(new RegExp(`^error: .* \\[${name}\\]\nhint: .`));
    const document = await json<TaskView>(["run", skill]);
    expect(document.code).toBe(code);
    expect(document.value.error?.code).toBe(name);
  });

  test("--save writes the output to a file", async () => {
    const file = join(api.dataDir, "out.txt");
    const { code, stdout, stderr } = await errand(["run", "bytes", "--save", file]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain(file);
    expect(await readFile(file, "utf8")).toBe("plain text\n");
  });

  test("options reach the node", async () => {
    const options = [
      "--peer",
      otherPeer.slice(-6),
      "--task-timeout",
      "1.5",
      "--retries",
      "0",
      "--min-trust",
      ".5",
    ];
    expect((await errand(["run", "echo", "1", ...options])).code).toBe(0);
    expect(api.node.submissions[0]).toMatchObject({
      peer: otherPeer,
      taskTimeoutMs: 1_500,
      retry: { retries: 0 },
      minTrust: 0.5,
    });
  });

  test("Ctrl-C leaves the task running and says how to follow it", async () => {
    const running = startCli(["run", "hold", "-o", "json"], { env: { ERRAND_DATA: api.dataDir } });
    await api.node.watched();
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.result;
    const { id, status } = JSON.parse(stdout) as TaskView;
    expect([code, status]).toEqual([130, "running"]);
    expect(stderr).toContain(`errand task wait ${id}`);
    expect((await api.node.tasks.get(id)).status).toBe("running");
  });

  test("a second Ctrl-C cancels it", async () => {
    const running = startCli(["run", "hold", "-o", "json"], { env: { ERRAND_DATA: api.dataDir } });
    await api.node.watched();
    running.child.kill("SIGINT");
    await running.stderrHas("cancels it");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.result;
    expect([code, (JSON.parse(stdout) as TaskView).status]).toEqual([12, "cancelled"]);
  });
});

describe("INPUT", () => {
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(api.dataDir, name);
    await writeFile(path, content);
    return `@${path}`;
  };
  const lastInput = (): string => {
    const body = api.node.submissions.at(-1)?.input;
    const bytes = body?.bytes ?? api.node.blobBytes(body?.blob?.hash ?? "");
    return `${body?.type}: ${Buffer.from(bytes ?? []).toString()}`;
  };

  test.each([
    ["echo", "a.json", '{"a":1}', 'application/json: {"a":1}'],
    ["text.stats", "a.json", '{"text":"x"}', 'application/json: {"text":"x"}'],
    ["text.stats", "b.md", "# Title", "text/plain: # Title"],
    ["text.stats", "list.json", "[1]", "text/plain: [1]"],
    ["text.stats", "c.csv", "a,b", "text/plain: a,b"],
    ["hash.file", "d.json", '{"a":1}', 'application/octet-stream: {"a":1}'],
    ["hash.file", "e.png", "bytes", "image/png: bytes"],
    ["unknown.skill", "f.json", "[2]", "application/json: [2]"],
  ])("%s of %s (%s) is sent as %s", async (skill, name, content, expected) => {
    expect((await errand(["submit", skill, await file(name, content)])).stderr).toBe("");
    expect(lastInput()).toBe(expected);
  });

  test("--input-type overrides", async () => {
    await errand(["submit", "echo", await file("a.bin", "raw"), "--input-type", "image/gif"]);
    expect(lastInput()).toBe("image/gif: raw");
  });

  test("- is standard input: JSON, or the text for a skill of texts", async () => {
    await errand(["submit", "echo", "-"], { stdin: "[1, 2]" });
    expect(lastInput()).toBe("application/json: [1,2]");
    await errand(["submit", "text.stats", "-"], { stdin: "some words" });
    expect(lastInput()).toBe("text/plain: some words");
  });

  test.each([
    ['{"a": 1,}', "position"],
    ["hello", "hello"],
    ["@/nonexistent", "/nonexistent"],
    ["@/tmp", "folder"],
  ])("%s is refused with exit code 2 and shows where", async (input, expected) => {
    const { code, value } = await json<{ error: ErrorJson }>(["run", "echo", input]);
    expect([code, value.error.code]).toEqual([2, "InvalidInput"]);
    expect(value.error.message).toContain(expected);
    expect(value.error.hint).toBeTruthy();
    expect(api.node.submissions).toEqual([]);
  });

  test("a shortened skill is taken where unique, and asked about where not", async () => {
    const short = await errand(["submit", "stats", '{"text":"a"}']);
    expect([short.code, api.node.submissions[0]?.skill]).toEqual([0, "text.stats"]);
    expect(short.stderr).toContain("text.stats");
    const { code, value } = await json<{ error: ErrorJson }>(["submit", "text"]);
    expect([code, value.error.code]).toEqual([1, "Ambiguous"]);
    expect(value.error.hint).toContain("text.keywords");
  });
});

describe("task", () => {
  test("submit, get, list, explain, cancel", async () => {
    const { stdout } = await errand(["submit", "hold", "--label", "story=1"]);
    const id = stdout.trim();
    expect((await json<TaskView>(["task", "get", id.slice(-8)])).value).toMatchObject({
      id,
      status: "running",
    });
    expect((await errand(["task", "get", id])).stdout).toMatch(/^status +running$/m);
    const list = await json<{ tasks: TaskView[]; next: null }>(["task", "list", "--label", "story=1"]);
    expect(list.value).toMatchObject({ tasks: [{ id }], next: null });
    expect((await errand(["task", "list", "--label", "story=1"])).stdout).toMatch(
      /^TASK +STATUS.*\n.*running +hold/,
    );
    const explained = (await errand(["task", "explain", id])).stdout;
    expect(explained).toContain("It ran where it was fastest.");
    expect(explained).toMatch(/chosen/);
    expect(explained).toMatch(/this node +- .*does not offer the skill/);
    expect((await json(["task", "explain", id])).value).toMatchObject({ id, attempts: [{ attempt: 1 }] });
    expect((await json<TaskView>(["task", "cancel", id, "--reason", "enough"])).value).toMatchObject({
      status: "cancelled",
      reason: "enough",
    });
    expect((await errand(["task", "wait", id])).code).toBe(12);
    expect((await json<{ error: ErrorJson }>(["task", "cancel", id])).value.error.code).toBe("Conflict");
  });

  test("wait gives up after --timeout with exit code 5; the task goes on", async () => {
    const id = await submitted("hold");
    const { code, value } = await json<{ error: ErrorJson }>(["task", "wait", id, "--timeout", "0.1"]);
    expect([code, value.error.code]).toEqual([5, "WaitTimeout"]);
    expect((await api.node.tasks.get(id)).status).toBe("running");
  });

  test("wait prints the output as run does", async () => {
    const id = await submitted("hold");
    const running = startCli(["task", "wait", id], { env: { ERRAND_DATA: api.dataDir } });
    await api.node.watched();
    api.node.finish(id, "late but good");
    expect(await running.result).toMatchObject({ code: 0, stdout: "late but good\n" });
  });

  test("watch prints JSON lines until the task has ended", async () => {
    const id = await submitted("hold");
    const running = startCli(["task", "watch", id, "-o", "json"], { env: { ERRAND_DATA: api.dataDir } });
    await running.stdoutHas("TaskState");
    api.node.progress(id, 0.25, "a \u001b[31mred\u001b[0m message");
    api.node.finish(id, 1);
    const { code, stdout } = await running.result;
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect([code, events]).toEqual([0, ["TaskState", "TaskProgress", "TaskCompleted"]]);
  });

  test("what a peer says never reaches the terminal as control characters", async () => {
    const id = await submitted("hold");
    api.node.progress(id, 0.25, "a \u001b[31mred\u001b]0;title\u0007 message");
    for (const args of [
      ["task", "list"],
      ["task", "get", id],
    ]) {
      // oxlint-disable-next-line no-control-regex -- the point of the test
      expect((await errand(args)).stdout).not.toMatch(/[\u001b\u0007]/);
    }
  });
});

describe("skill, peer, status, id", () => {
  test("skill list, find, get", async () => {
    const list = await json<{ skills: { id: string }[] }>(["skill", "list"]);
    expect(list.value.skills.map(({ id }) => id)).toContain("text.stats");
    expect((await json<{ skills: [] }>(["skill", "list", "--local"])).value.skills).toHaveLength(2);
    const found = await json<{ providers: { id: string }[] }>(["skill", "find", "text.stats"]);
    expect(found.value.providers.map(({ id }) => id)).toEqual([fakePeer, otherPeer]);
    expect((await errand(["skill", "get", "echo"])).stdout).toContain("What echo does.");
    expect((await errand(["skill", "get", "no.such"])).code).toBe(1);
  });

  test("peer list, get, connect, pin, block, unblock", async () => {
    const short = otherPeer.slice(-8);
    expect((await json<{ peers: [] }>(["peer", "list"])).value.peers).toHaveLength(2);
    expect((await errand(["peer", "get", short])).stdout).toContain(otherPeer);
    await errand(["peer", "connect", "/ip4/127.0.0.1/tcp/5"]);
    await errand(["peer", "pin", short, "0.75"]);
    await errand(["peer", "pin", short, "none"]);
    await errand(["peer", "block", short]);
    await errand(["peer", "unblock", short]);
    expect(api.node.decisions).toEqual([
      "connect /ip4/127.0.0.1/tcp/5",
      "pin 0.75",
      "pin null",
      "block",
      "unblock",
    ]);
    expect((await errand(["peer", "pin", short, "2"])).code).toBe(2);
    expect((await errand(["peer", "connect", "/ip4/127.0.0.1/tcp/1"])).stderr).toContain("[PeerUnreachable]");
  });

  test("status and id", async () => {
    expect((await json(["status"])).value).toMatchObject({ peerId: fakePeer, api: api.url });
    expect((await errand(["id"])).stdout).toBe(`${fakePeer}\n`);
    expect((await json(["id"])).value).toMatchObject({ peerId: fakePeer, running: true });
  });

  test("completion asks for ids, and says nothing when there is no node", async () => {
    expect((await errand(["__complete", "skill"])).stdout.split("\n")).toContain("text.stats");
    expect(await errand(["__complete", "skill"], { env: { ERRAND_DATA: "/nonexistent" } })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe("the node cannot be used", () => {
  test.each([
    ["none runs", { ERRAND_DATA: "/nonexistent" }, 3, "NodeUnreachable"],
    ["nobody answers", { ERRAND_API: "127.0.0.1:1" }, 3, "NodeUnreachable"],
  ])("%s", async (_name, env, code, name) => {
    const answer = await json<{ error: ErrorJson }>(["task", "list"], { env });
    expect([answer.code, answer.value.error.code]).toEqual([code, name]);
    expect(answer.value.error.hint).toContain("errand up");
    expect(answer.stderr).toContain(`[${name}]`);
  });

  test("a wrong token", async () => {
    const answer = await json<{ error: ErrorJson }>(["status"], { env: { ERRAND_TOKEN: "x" } });
    expect([answer.code, answer.value.error.code]).toEqual([4, "Unauthorized"]);
  });
});
