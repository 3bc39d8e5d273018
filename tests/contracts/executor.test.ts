/** What every executor owes (src/worker/executor.ts), and what some owe beyond it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { limits } from "../../src/core/limits.ts";
import { pythonSource } from "../../src/skills/process-spec.ts";
import { defaultSkillSettings } from "../../src/skills/registry.ts";
import type { OfferedSkill } from "../../src/skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../../src/worker/executor.ts";
import { createExecutors } from "../../src/worker/executors/registry.ts";
import { hasPython } from "../support/python.ts";
import acts, { inputSchema, outputSchema } from "./executor-fixtures/acts.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`executor-fixtures/${name}`, import.meta.url));
const modulePath = fixture("acts.ts");

const offers: Record<string, OfferedSkill> = {
  inline: { definition: { ...acts.definition, cheap: true }, source: { kind: "module", path: modulePath } },
  function: { definition: acts.definition, source: { kind: "module", path: modulePath } },
  command: {
    definition: {
      ...acts.definition,
      input: { ...inputSchema, additionalProperties: true },
      output: outputSchema,
    },
    source: { kind: "command", argv: [process.execPath, fixture("acts.mjs")] },
  },
  process: {
    definition: { ...acts.definition, input: inputSchema, output: outputSchema },
    source: pythonSource(fixture("acts.py")),
  },
};

const ofAnySize = ["function", "command", ...(hasPython ? ["process"] : [])];
describe.skipIf(hasPython)("process executor: this machine has no python3", () =>
  test("all of it", () => {}),
);

let root: string;
let runs = 0;
let executors: Executor[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-executor-"));
  executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 2, heapMb: 64 });
});
afterAll(async () => {
  for (const executor of executors) await executor.close();
  for (const executor of executors) await executor.close();
  await rm(root, { recursive: true, force: true });
});

function executorNamed(name: string): Executor {
  const found = executors.find((executor) => executor.name === name);
  if (found === undefined) throw new Error(`no executor is called ${name}`);
  return found;
}

interface Options {
  signal?: AbortSignal;
  progress?: ExecutionContext["progress"];
  skill?: OfferedSkill;
  inputPath?: string;
  outputBytes?: number;
}

function execute(name: string, input: Body, options: Options = {}): Promise<ExecutionResult> {
  const execution: Execution = {
    id: "t",
    skill: options.skill ?? (offers[name] as OfferedSkill),
    input,
    outputBytes: options.outputBytes ?? 1_000_000,
    ...(options.inputPath === undefined ? {} : { inputPath: options.inputPath }),
  };
  return executorNamed(name).execute(execution, {
    signal: options.signal ?? new AbortController().signal,
    deadline: Date.now() + 60_000,
    scratchDir: join(root, String((runs += 1))),
    progress: options.progress ?? (() => {}),
    log: () => {},
  });
}

async function valueOf(result: Promise<ExecutionResult>): Promise<unknown> {
  const { output } = await result;
  return JSON.parse(Buffer.from(output.bytes ?? []).toString());
}

/** Starts `act`, cancels it at its first progress, and says how it ended, how long that took and what it had said. */
async function cancelled(name: string, act: string) {
  const stop = new AbortController();
  const reason = new ErrandError("Cancelled", "enough");
  let said = "";
  let at = 0;
  const progress = (_: number, message: string): void => {
    said = message;
    at = performance.now();
    stop.abort(reason);
  };
  const error: unknown = await execute(name, jsonBody({ act }), { signal: stop.signal, progress }).catch(
    (e: unknown) => e,
  );
  return { error, reason, said, tookMs: performance.now() - at };
}

describe.each(["inline", ...ofAnySize])("%s executor", (name) => {
  test("says which skills are its", () => {
    expect(executorNamed(name).canExecute(offers[name] as OfferedSkill)).toBe(true);
    const other = name === "command" ? "function" : "command";
    expect(executorNamed(name).canExecute(offers[other] as OfferedSkill)).toBe(false);
  });

  test("returns the output and what the run used", async () => {
    const result = execute(name, jsonBody({ value: { list: [1, "zwei", null] } }));
    expect(await valueOf(result)).toEqual({ value: { list: [1, "zwei", null] } });
    const { usage, output } = await result;
    expect(output.type).toBe("application/json");
    expect(usage.wallMs).toBeGreaterThan(0);
    expect(usage.cpuMs).toBeGreaterThanOrEqual(0);
    expect(usage.peakMemoryBytes).toBeGreaterThanOrEqual(0);
  });

  test("text arrives as { text }", async () => {
    expect(await valueOf(execute(name, { bytes: Buffer.from("häll\no"), type: "text/plain" }))).toEqual({
      value: "häll\no",
    });
  });

  test("refuses input that does not meet the schema", async () => {
    await expect(execute(name, jsonBody({ act: 1 }))).rejects.toMatchObject({
      code: "InvalidInput",
      message: "input.act must be string",
    });
    await expect(execute(name, { bytes: Buffer.from("{"), type: "application/json" })).rejects.toMatchObject({
      code: "InvalidInput",
    });
  });

  test("a failure of the code is the skill's", async () => {
    await expect(execute(name, jsonBody({ act: "throw" }))).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("it broke"),
    });
  });

  test("an output that breaks the schema is the skill's failure", async () => {
    await expect(execute(name, jsonBody({ act: "wrong" }))).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining('output must not have the property "other"'),
    });
  });

  test("an output above the bound is refused, one below is not", async () => {
    const input = jsonBody({ act: "large", bytes: 5_000 });
    await expect(execute(name, input, { outputBytes: 4_000 })).rejects.toMatchObject({
      code: "LimitExceeded",
    });
    expect((await execute(name, input, { outputBytes: 6_000 })).output.bytes).toHaveLength(5_012);
  });

  test("passes progress on", async () => {
    const seen: unknown[] = [];
    await execute(name, jsonBody({ act: "progress" }), { progress: (...report) => seen.push(report) });
    expect(seen).toEqual([[0.25, "a quarter"]]);
  });

  test("a cancel reaches the code, and the reason comes back", async () => {
    const { error, reason, tookMs } = await cancelled(name, "wait");
    expect(error).toBe(reason);
    expect(tookMs).toBeLessThan(limits.cancelGraceMs);
  });

  test("does not start what is cancelled already", async () => {
    const reason = new ErrandError("Cancelled", "before");
    const progress = (): void => expect.unreachable("it ran");
    const run = execute(name, jsonBody({ act: "progress" }), { signal: AbortSignal.abort(reason), progress });
    await expect(run).rejects.toBe(reason);
  });
});

describe.each(ofAnySize)("%s executor, whatever the code does", (name) => {
  test("code that ignores a cancel is ended, with all it started, and the next run works", async () => {
    const { error, reason, said, tookMs } = await cancelled(name, "ignore");
    expect(error).toBe(reason);
    expect(tookMs).toBeLessThan(limits.cancelGraceMs + 1_000);
    for (const pid of said.split(" ").map(Number).filter(Number.isInteger))
      expect(isAlive(pid), said).toBe(false);
    expect(await valueOf(execute(name, jsonBody({ value: 1 })))).toEqual({ value: 1 });
  });

  test("an input too large for the node's own thread, inline or from a file", async () => {
    const value = "y".repeat(600_000);
    const body = jsonBody({ value });
    expect(await valueOf(execute(name, body))).toEqual({ value });
    const bytes = body.bytes ?? new Uint8Array();
    const inputPath = join(root, `${name}-blob`);
    await writeFile(inputPath, bytes);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const blob = { blob: { hash, sizeBytes: bytes.length }, type: "application/json" };
    expect(await valueOf(execute(name, blob, { inputPath }))).toEqual({ value });
    const wrong = jsonBody({ act: 1, value });
    await expect(execute(name, wrong)).rejects.toMatchObject({ code: "InvalidInput" });
  });
});

describe("function executor", () => {
  test("a skill that spins does not hold up this thread", async () => {
    await valueOf(execute("function", jsonBody({ value: "warm" })));
    const stop = new AbortController();
    const started = Promise.withResolvers<void>();
    const run = execute("function", jsonBody({ act: "ignore" }), {
      signal: stop.signal,
      progress: () => started.resolve(),
    });
    await started.promise;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 5);
    stop.abort(new ErrandError("Cancelled", "enough"));
    await expect(run).rejects.toThrow("enough");
    clearInterval(ticking);
    delay.disable();
    // The code spun for the whole grace of a second. Far from it even on a busy machine.
    expect(ticks).toBeGreaterThan(20);
    expect(delay.max / 1e6).toBeLessThan(500);
  });

  test("too much memory ends the run, not the node", async () => {
    await expect(execute("function", jsonBody({ act: "memory" }))).rejects.toMatchObject({
      code: "LimitExceeded",
    });
    expect(await valueOf(execute("function", jsonBody({ value: 2 })))).toEqual({ value: 2 });
  });

  test("code that ends its thread is told as a failure", async () => {
    await expect(execute("function", jsonBody({ act: "exit" }))).rejects.toMatchObject({
      code: "SkillFailed",
    });
  });

  test("code can lay the blame on the input", async () => {
    await expect(execute("function", jsonBody({ act: "blame" }))).rejects.toMatchObject({
      code: "InvalidInput",
      message: "your fault",
    });
  });

  test("a file from the scratch folder can be the output, no other", async () => {
    const { output } = await execute("function", jsonBody({ act: "file", bytes: 100 }));
    expect(output.type).toBe("application/x-seven");
    expect(await readFile(output.file ?? "")).toEqual(Buffer.alloc(100, 7));
    const large = execute("function", jsonBody({ act: "file", bytes: 101 }), { outputBytes: 100 });
    await expect(large).rejects.toMatchObject({ code: "LimitExceeded" });
    const foreign = execute("function", jsonBody({ act: "foreign-file", value: modulePath }));
    await expect(foreign).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("outside"),
    });
  });

  test("a value that only looks like a file is a value", async () => {
    expect(await valueOf(execute("function", jsonBody({ act: "fake-file" })))).toEqual({
      value: { $file: "/etc/hostname", type: "text/plain" },
    });
  });
});

describe("command executor", () => {
  const command = offers["command"] as OfferedSkill;
  const withArgv = (argv: string[], more: object = {}): OfferedSkill => ({
    definition: command.definition,
    source: { kind: "command", argv, ...more },
  });

  test("the environment holds nothing of the node's", async () => {
    process.env["ERRAND_TEST_SECRET"] = "secret";
    const skill = withArgv([process.execPath, fixture("acts.mjs")], { env: { DECLARED: "yes" } });
    const { value } = (await valueOf(execute("command", jsonBody({ act: "env" }), { skill }))) as {
      value: Record<string, string>;
    };
    delete process.env["ERRAND_TEST_SECRET"];
    expect(Object.keys(value).toSorted()).toEqual([
      "DECLARED",
      "ERRAND_SCRATCH",
      "HOME",
      "LANG",
      "PATH",
      "TMPDIR",
    ]);
    expect(value["HOME"]?.startsWith(root)).toBe(true);
  });

  test("a file is handed over by its path", async () => {
    const skill: OfferedSkill = { ...command, definition: { ...command.definition, inputModes: ["*/*"] } };
    const body = { bytes: Buffer.from("abc"), type: "image/png" };
    expect(await valueOf(execute("command", body, { skill }))).toEqual({
      value: {
        sizeBytes: 3,
        type: "image/png",
        hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      },
    });
  });

  test("a command that does not read its input may still succeed", async () => {
    const skill = withArgv([process.execPath, fixture("acts.mjs"), "deaf"]);
    expect(await valueOf(execute("command", jsonBody({ value: "z".repeat(500_000) }), { skill }))).toEqual({
      value: "did not listen",
    });
  });

  test("endless output is cut off", async () => {
    await expect(execute("command", jsonBody({ act: "endless" }))).rejects.toMatchObject({
      code: "LimitExceeded",
    });
  });

  test("output that is no JSON, and a command that is not there", async () => {
    await expect(execute("command", jsonBody({ act: "no-json" }))).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("no JSON"),
    });
    const gone = execute("command", jsonBody({}), { skill: withArgv(["/nonexistent/command"]) });
    await expect(gone).rejects.toMatchObject({
      code: "SkillFailed",
      message: expect.stringContaining("could not be started"),
    });
  });

  test("a child that outlives the command goes with it", async () => {
    const { value: pid } = (await valueOf(execute("command", jsonBody({ act: "orphan" })))) as {
      value: number;
    };
    expect(isAlive(pid)).toBe(false);
  });

  test("closing it ends what runs", async () => {
    const [, , own] = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
    const said = Promise.withResolvers<string>();
    const run = own?.execute(
      { id: "t", skill: command, input: jsonBody({ act: "ignore" }), outputBytes: 1_000 },
      {
        signal: new AbortController().signal,
        deadline: Date.now() + 60_000,
        scratchDir: join(root, "closing"),
        progress: (_, message) => said.resolve(message),
        log: () => {},
      },
    );
    const pids = (await said.promise).split(" ").map(Number);
    await own?.close();
    await expect(run).rejects.toMatchObject({ code: "SkillFailed" });
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });
});

/** Signal 0 asks whether a process is there. One that ended and waits for init to notice (a zombie) is not running. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return true;
  }
}
