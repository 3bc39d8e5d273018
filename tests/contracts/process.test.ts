/** What the executor of long-lived processes owes beyond the contract: warmth, several programs, and whatever a process does. */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { limits } from "../../src/core/limits.ts";
import { loadSkills } from "../../src/skills/load.ts";
import { pythonSource } from "../../src/skills/process-spec.ts";
import { defaultSkillSettings } from "../../src/skills/registry.ts";
import type { OfferedSkill, ProcessSource } from "../../src/skills/skill.ts";
import type { ExecutionContext, ExecutionResult, Executor } from "../../src/worker/executor.ts";
import { createProcessExecutor } from "../../src/worker/executors/process.ts";
import { createThreadPool } from "../../src/worker/executors/threads.ts";
import { hasPython } from "../support/python.ts";
import { until } from "../support/until.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`executor-fixtures/${name}`, import.meta.url));

let root: string;
let executor: Executor;
let runs = 0;
const pool = createThreadPool({ settings: defaultSkillSettings, threads: 1 });
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-process-"));
  executor = createProcessExecutor({ pool, clock: systemClock, processes: 2 });
});
afterAll(async () => {
  await executor.close();
  await executor.close();
  await pool.close();
  await rm(root, { recursive: true, force: true });
});

interface Options {
  signal?: AbortSignal;
  progress?: ExecutionContext["progress"];
  log?: ExecutionContext["log"];
  outputBytes?: number;
  on?: Executor;
}

function execute(skill: OfferedSkill, input: object, options: Options = {}): Promise<ExecutionResult> {
  const { on = executor, outputBytes = 10_000_000 } = options;
  return on.execute(
    { id: "t", skill, input: jsonBody(input), outputBytes },
    {
      signal: options.signal ?? new AbortController().signal,
      deadline: Date.now() + 60_000,
      scratchDir: join(root, String((runs += 1))),
      progress: options.progress ?? (() => {}),
      log: options.log ?? (() => {}),
    },
  );
}

async function valueOf(result: Promise<ExecutionResult>): Promise<unknown> {
  const { output } = await result;
  return JSON.parse(Buffer.from(output.bytes ?? []).toString());
}

/** A process of its own for a test that hurts it. */
function program(more: Partial<ProcessSource> = {}): OfferedSkill {
  const source = pythonSource(fixture("acts.py"));
  const env = { TEST: String((runs += 1)) };
  return {
    definition: {
      id: "contract.acts",
      version: "1.0.0",
      description: "d",
      input: true,
      output: true,
      inputModes: ["*/*"],
    },
    source: { ...source, env, ...more },
  };
}

async function pidOf(skill: OfferedSkill): Promise<number> {
  const { value } = (await valueOf(execute(skill, { act: "pid" }))) as { value: number };
  return value;
}

/** A zombie that waits for init is not running. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}

describe.skipIf(!hasPython)("a warm process", () => {
  test("serves one run after the other, and says that it is warm", async () => {
    const skill = program();
    expect(executor.isWarm?.(skill)).toBe(false);
    const first = await pidOf(skill);
    expect(executor.isWarm?.(skill)).toBe(true);
    expect(await pidOf(skill)).toBe(first);
  });

  test("two runs at once are two processes; a third waits", async () => {
    const skill = program();
    const stop = new AbortController();
    const started: Promise<void>[] = [];
    const waits = [1, 2].map(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      started.push(promise);
      return execute(skill, { act: "wait" }, { signal: stop.signal, progress: () => resolve() });
    });
    await Promise.all(started);
    const third = pidOf(skill);
    const ends = Promise.allSettled(waits);
    stop.abort(new ErrandError("Cancelled", "enough"));
    for (const end of await ends) expect(end).toMatchObject({ reason: { message: "enough" } });
    expect(await third).toBeGreaterThan(1);
  });

  test("ends when it has had nothing to do for a while, and starts again", async () => {
    const skill = program({ idleMs: 50 });
    const first = await pidOf(skill);
    await until("it is gone", () => !isAlive(first));
    expect(executor.isWarm?.(skill)).toBe(false);
    expect(await pidOf(skill)).not.toBe(first);
  });

  test("a cancel interrupts plain code, and the process lives on", async () => {
    const skill = program();
    const pid = await pidOf(skill);
    const stop = new AbortController();
    const wait = execute(
      skill,
      { act: "wait" },
      { signal: stop.signal, progress: () => stop.abort(new ErrandError("Cancelled", "enough")) },
    );
    await expect(wait).rejects.toThrow("enough");
    expect(await pidOf(skill)).toBe(pid);
  });

  test("what it prints is log, and no part of the protocol", async () => {
    const lines: string[] = [];
    expect(await valueOf(execute(program(), { act: "print" }, { log: (line) => lines.push(line) }))).toEqual({
      value: "printed",
    });
    expect(lines).toEqual(["on standard output"]);
  });

  test("measures what a run used", async () => {
    const { usage } = await execute(program(), { act: "large", bytes: 50_000_000 }, { outputBytes: 1e9 });
    expect(usage.cpuMs).toBeGreaterThan(0);
    expect(usage.peakMemoryBytes).toBeGreaterThan(50_000_000);
  });

  test("a large output goes through a file, and is held to its bound", async () => {
    const skill = program();
    const large = await execute(skill, { act: "large", bytes: 3_000_000 });
    expect(large.output.bytes).toHaveLength(3_000_012);
    const tooLarge = execute(skill, { act: "large", bytes: 3_000_000 }, { outputBytes: 2_000_000 });
    await expect(tooLarge).rejects.toMatchObject({ code: "LimitExceeded" });
  });

  test("files come in and go out; none from outside the run's folder", async () => {
    const skill = program();
    const { output } = await execute(skill, { act: "file", bytes: 100 });
    expect(output.type).toBe("application/x-seven");
    expect(await readFile(output.file ?? "")).toEqual(Buffer.alloc(100, 7));
    await expect(execute(skill, { act: "foreign-file", value: "/etc/hostname" })).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("outside"),
    });
  });

  test("its environment holds nothing of the node's", async () => {
    process.env["ERRAND_TEST_SECRET"] = "secret";
    const { value } = (await valueOf(execute(program(), { act: "env" }))) as { value: object };
    delete process.env["ERRAND_TEST_SECRET"];
    expect(Object.keys(value)).not.toContain("ERRAND_TEST_SECRET");
    expect(value).toMatchObject({ ERRAND_SKILL_PROTOCOL: "1" });
  });

  test("code can lay the blame on the input", async () => {
    const blame = execute(program(), { act: "blame" });
    await expect(blame).rejects.toMatchObject({ code: "InvalidInput", retryable: false });
  });
});

describe.skipIf(!hasPython)("whatever a process does", () => {
  test("one that ends fails its run, and the next finds another", async () => {
    const skill = program();
    const first = await pidOf(skill);
    await expect(execute(skill, { act: "exit" })).rejects.toMatchObject({
      code: "SkillFailed",
      message: "the skill's process ended: it ended with exit code 3",
    });
    expect(await pidOf(skill)).not.toBe(first);
  });

  test("one that keeps ending is started again ever more rarely, and says why", async () => {
    const broken = program({ argv: ["python3", "-c", "import not_installed"] });
    const messages: string[] = [];
    for (let i = 0; i < 6; i++) {
      const error = await execute(broken, {}).catch((e: unknown) => e as ErrandError);
      expect(error).toMatchObject({ code: "SkillFailed" });
      messages.push((error as ErrandError).message);
    }
    expect(messages[0]).toMatch(/^before its hello it ended with exit code 1: .*not_installed/);
    expect(messages.at(-1)).toMatch(/failed \d times in a row and is started again in \d s: .*not_installed/);
  });

  test("what is no JSON, or has no end, ends it", async () => {
    await expect(execute(program(), { act: "garbage" })).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("a line that is no JSON: no json"),
    });
    await expect(execute(program(), { act: "endless" })).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining(`a line of more than ${limits.processLineBytes} bytes`),
    });
  });

  test("more memory than it may have ends it, and not the next run", async () => {
    const skill = program({ memoryBytes: 150 * 1024 ** 2 });
    await expect(execute(skill, { act: "memory" })).rejects.toMatchObject({
      code: "LimitExceeded",
      message: expect.stringContaining("150 are allowed"),
    });
    expect(await pidOf(skill)).toBeGreaterThan(1);
  });

  test("closing ends what runs and what waits, and leaves no process", async () => {
    const own = createProcessExecutor({ pool, clock: systemClock, processes: 1 });
    const skill = program();
    const said = Promise.withResolvers<string>();
    const run = execute(
      skill,
      { act: "ignore" },
      { on: own, progress: (_, message) => said.resolve(message) },
    );
    const waits = execute(skill, { act: "pid" }, { on: own });
    const ended = Promise.allSettled([run, waits]);
    const pids = (await said.promise).split(" ").map(Number);
    await own.close();
    for (const end of await ended) expect(end).toMatchObject({ reason: { code: "ShuttingDown" } });
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });
});

describe.skipIf(!hasPython)("several runs in one process", () => {
  const several = `
import os, time
from errand_skill import skill, serve, Context

@skill(id="my.pid")
def pid() -> int:
    return os.getpid()

@skill(id="my.nap")
async def nap(context: Context, seconds: float) -> str:
    import asyncio
    context.progress(0, "napping")
    await asyncio.sleep(seconds)
    return "rested"

@skill(id="my.spin")
def spin(context: Context) -> None:
    context.progress(0, "spinning")
    while True:
        time.sleep(0.01)

serve(concurrency=4)
`;

  test("share it; one that ignores its cancel takes the others along, at no cost to them", async () => {
    const file = join(root, "several.py");
    await writeFile(file, several);
    const skills = await loadSkills([file]);
    const named = (id: string): OfferedSkill => skills.find(({ definition }) => definition.id === id)!;
    const pid = await valueOf(execute(named("my.pid"), {}));
    const stop = new AbortController();
    const spinning = Promise.withResolvers<void>();
    const napping = Promise.withResolvers<void>();
    const nap = execute(named("my.nap"), { seconds: 60 }, { progress: () => napping.resolve() });
    const spin = execute(named("my.spin"), {}, { signal: stop.signal, progress: () => spinning.resolve() });
    const ends = Promise.allSettled([nap, spin]);
    await Promise.all([napping.promise, spinning.promise]);
    expect(await valueOf(execute(named("my.pid"), {}))).toBe(pid);
    stop.abort(new ErrandError("Cancelled", "enough"));
    const [napped, spun] = await ends;
    expect(napped).toMatchObject({ reason: { code: "Lost" } });
    expect(spun).toMatchObject({ reason: { code: "Cancelled" } });
    expect(await valueOf(execute(named("my.pid"), {}))).not.toBe(pid);
  });

  test("a cancel reaches a coroutine", async () => {
    const file = join(root, "coroutine.py");
    await writeFile(file, several.replaceAll("my.", "our."));
    const skills = await loadSkills([file]);
    const nap = skills.find(({ definition }) => definition.id === "our.nap")!;
    const stop = new AbortController();
    const began = performance.now();
    const run = execute(
      nap,
      { seconds: 60 },
      {
        signal: stop.signal,
        progress: () => stop.abort(new ErrandError("Cancelled", "enough")),
      },
    );
    await expect(run).rejects.toThrow("enough");
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

describe("in other languages", () => {
  /** The examples of the specification, so that they are known to work. */
  async function example(language: string, file: string, command: string[]): Promise<OfferedSkill> {
    const text = readFileSync(new URL("../../src/worker/SKILL-PROCESS.md", import.meta.url), "utf8");
    const code = text.split(`\`\`\`${language}\n`)[1]?.split("\n```")[0];
    if (code === undefined) throw new Error(`the specification has no example in ${language}`);
    const folder = await mkdtemp(join(root, language));
    await writeFile(join(folder, file), code);
    const yaml = join(folder, "skill.yaml");
    await writeFile(yaml, JSON.stringify({ process: { command } }));
    const [skill] = await loadSkills([yaml]);
    if (skill === undefined) throw new Error("it offers no skill");
    return skill;
  }

  test("JavaScript", async () => {
    const skill = await example("js", "reverse.mjs", [process.execPath, "./reverse.mjs"]);
    expect(skill.definition.id).toBe("acme.reverse");
    expect(await valueOf(execute(skill, { text: "stressed" }))).toEqual({ text: "desserts" });
    const slow = new AbortController();
    const seen: unknown[] = [];
    const run = execute(
      skill,
      { text: "later", seconds: 60 },
      {
        signal: slow.signal,
        progress: (fraction) => {
          seen.push(fraction);
          slow.abort(new ErrandError("Cancelled", "enough"));
        },
      },
    );
    await expect(run).rejects.toThrow("enough");
    expect(seen).toEqual([0]);
    expect(await valueOf(execute(skill, { text: "abc" }))).toEqual({ text: "cba" });
  });

  test("a shell", async () => {
    // One run at a time, and no more of JSON than it takes.
    const shout = `
echo '{"type":"hello","protocol":1,"skills":[{"id":"acme.shout","version":"1.0.0","description":"d","input":true,"output":true}]}'
while read -r line; do
  id=$(printf %s "$line" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
  text=$(printf %s "$line" | sed 's/.*"text":"\\([^"]*\\)".*/\\1/' | tr a-z A-Z)
  echo '{"type":"a later version","id":"'"$id"'"}'
  echo '{"type":"result","id":"'"$id"'","output":{"text":"'"$text"'"}}'
done`;
    const file = join(root, "shout.yaml");
    await writeFile(join(root, "shout.sh"), shout);
    await writeFile(file, JSON.stringify({ process: { command: ["sh", "./shout.sh"] } }));
    const [skill] = await loadSkills([file]);
    expect(await valueOf(execute(skill!, { text: "hello" }))).toEqual({ text: "HELLO" });
    expect(await valueOf(execute(skill!, { text: "again" }))).toEqual({ text: "AGAIN" });
  });
});
