import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import type { ExecutionContext } from "../../../src/worker/executor.ts";
import { createMcpExecutor, type McpExecutor } from "../../../src/worker/executors/mcp.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { skillId, toolSkills } from "../../../src/worker/executors/mcp-skills.ts";

const child = fileURLToPath(new URL("mcp-server-child.ts", import.meta.url));
const spec = {
  name: "child",
  via: {
    kind: "stdio" as const,
    argv: [process.execPath, child],
    env: {},
    passEnv: [],
    memoryBytes: 250 * 1024 ** 2,
  },
};

let executor: McpExecutor;
let offered: OfferedSkill[];
let offers: number;
beforeEach(async () => {
  offered = [];
  offers = 0;
  const first = Promise.withResolvers<void>();
  executor = createMcpExecutor({ servers: [spec], clock: systemClock, log: silentLog });
  executor.start((server, skills) => {
    expect(server).toBe("child");
    offered = skills;
    offers += 1;
    first.resolve();
  });
  await first.promise;
});
afterEach(async () => {
  await executor.close();
  await executor.close();
});

function call(tool: string, context: Partial<ExecutionContext> = {}) {
  const skill = offered.find(({ definition }) => definition.id === `mcp.child.${tool}`);
  if (skill === undefined) throw new Error(`no skill for ${tool} among ${offered.length}`);
  return executor.execute(
    { id: "t", skill, input: jsonBody({}), outputBytes: 100_000 },
    {
      signal: new AbortController().signal,
      deadline: Date.now() + 60_000,
      scratchDir: "/nonexistent",
      progress: () => {},
      log: () => {},
      ...context,
    },
  );
}

async function value(run: ReturnType<typeof call>): Promise<Record<string, unknown>> {
  return JSON.parse(Buffer.from((await run).output.bytes ?? []).toString()) as Record<string, unknown>;
}

describe("a server's tools", () => {
  test("are skills by clean names, in the server's version; what has no name for one is left out", () => {
    expect(offered.map(({ definition }) => definition.id)).toEqual(
      ["fail", "exit", "cancelled", "wait", "noise", "get-pid", "grow", "work", "fill"].map(
        (name) => `mcp.child.${name}`,
      ),
    );
    expect(offered[0]?.definition).toMatchObject({
      version: "3.2.1",
      tags: ["mcp", "child"],
      input: { type: "object" },
    });
  });

  test("a change of the list changes what is offered", async () => {
    expect(await value(call("grow"))).toMatchObject({ text: "grown" });
    await expect.poll(() => offered.at(-1)?.definition.id, { timeout: 20_000 }).toBe("mcp.child.grown");
    // The new tool is called by its own name.
    await expect(call("grown")).rejects.toThrow("no tool grown");
  });
});

describe("a call", () => {
  test("gives the tool's content; what it calls an error is the skill's failure", async () => {
    const output = await value(call("get-pid"));
    expect(output).toMatchObject({
      text: expect.stringMatching(/^\d+$/),
      structured: { pid: expect.any(Number) },
    });
    await expect(call("fail")).rejects.toMatchObject({ code: "SkillFailed", message: "it did not work" });
  });

  test("a cancel is told to the server, and the next call is served", async () => {
    const stop = new AbortController();
    const reason = new ErrandError("Cancelled", "enough");
    const said: unknown[] = [];
    const progress = (...all: unknown[]): void => {
      said.push(all);
      stop.abort(reason);
    };
    await expect(call("wait", { signal: stop.signal, progress })).rejects.toBe(reason);
    expect(said).toEqual([[0.5, "waiting"]]);
    await expect
      .poll(async () => (await value(call("cancelled")))["text"], { timeout: 20_000 })
      .toContain("enough");
  });

  test("what its server used is told, when it had the server to itself", async () => {
    const { usage } = await call("work");
    expect(usage.cpuMs).toBeGreaterThanOrEqual(50);
    expect(usage.peakMemoryBytes).toBeGreaterThan(1e6);
    const both = await Promise.all([call("work"), call("noise")]);
    expect(both.map((one) => one.usage.cpuMs)).toEqual([0, 0]);
  });

  test("what is no message of the protocol is skipped", async () => {
    expect(await value(call("noise"))).toMatchObject({ text: "still here" });
  });

  test("does not start what is cancelled already", async () => {
    const reason = new ErrandError("Cancelled", "before");
    await expect(call("exit", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await value(call("noise"))).toMatchObject({ text: "still here" });
  });
});

test("a server that ends is started again; a call meanwhile waits for it, and its skills stay offered", async () => {
  const before = await value(call("get-pid"));
  await expect(call("exit")).rejects.toMatchObject({ code: "SkillFailed", retryable: true });
  expect(offered).toHaveLength(9);
  const after = await value(call("get-pid"));
  expect(after["text"]).not.toBe(before["text"]);
  expect(offers).toBe(2);
});

test("a server that fills the memory is ended, and started again", async () => {
  const before = await value(call("get-pid"));
  await expect(call("fill")).rejects.toMatchObject({ code: "SkillFailed" });
  expect((await value(call("get-pid")))["text"]).not.toBe(before["text"]);
});

test("a server that cannot be started is tried again ever more rarely", async () => {
  const clock = manualClock();
  const failures: string[] = [];
  let next = Promise.withResolvers<void>();
  const gone = { name: "gone", via: { ...spec.via, argv: ["/nonexistent/server"] } };
  const one = createMcpExecutor({ servers: [gone], clock, log: silentLog });
  one.start(
    () => {},
    (_, error) => {
      failures.push((error as Error).message);
      next.resolve();
    },
  );
  for (const pauseMs of [500, 1_000, 2_000]) {
    await next.promise;
    next = Promise.withResolvers();
    const seen = failures.length;
    // The pause begins in the turn of the failure.
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(pauseMs - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).toHaveLength(seen);
    clock.advance(1);
  }
  await next.promise;
  expect(failures).toHaveLength(4);
  expect(failures[0]).toContain("ENOENT");
  await one.close();
});

test("closing ends the server and what waits for it", async () => {
  const { text } = await value(call("get-pid"));
  const waiting = call("wait");
  const closed = executor.close();
  await expect(waiting).rejects.toMatchObject({ code: "SkillFailed" });
  await closed;
  expect(() => process.kill(Number(text), 0)).toThrow("ESRCH");
});

describe("names and schemas", () => {
  test.each([
    ["getSum", "mcp.s.get-sum"],
    ["get_sum", "mcp.s.get-sum"],
    ["GET.SUM!", "mcp.s.get-sum"],
    ["größe", "mcp.s.gr-e"],
    ["___", undefined],
    ["x".repeat(200), undefined],
  ])("%s is %s", (tool, id) => expect(skillId("s", tool)).toBe(id));

  test("two tools of one name, tools of another kind, schemas that nobody can compile", () => {
    const object = { type: "object" as const };
    const { skills, left } = toolSkills(
      { ...spec, name: "s" },
      [
        { name: "a_b", inputSchema: { ...object, $schema: "http://json-schema.org/draft-07/schema#" } },
        { name: "aB", inputSchema: object },
        { name: "strange", inputSchema: { ...object, properties: { x: { $ref: "#/nowhere" } } } },
        { name: "background", inputSchema: object, execution: { taskSupport: "required" } },
      ],
      "not a version",
    );
    expect(skills.map(({ definition }) => [definition.id, definition.version])).toEqual([
      ["mcp.s.a-b", "0.0.0"],
      ["mcp.s.strange", "0.0.0"],
    ]);
    expect(skills[1]?.definition.input).toEqual({ type: "object" });
    expect(left).toHaveLength(2);
  });
});
