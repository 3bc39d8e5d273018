/** What every executor owes (src/worker/executor.ts), and what some owe beyond it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import wabt from "wabt";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { limits } from "../../src/core/limits.ts";
import { createLog } from "../../src/core/log.ts";
import { pythonSource } from "../../src/skills/process-spec.ts";
import { defaultSkillSettings } from "../../src/skills/registry.ts";
import type { OfferedSkill } from "../../src/skills/skill.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../../src/worker/executor.ts";
import { createExecutors } from "../../src/worker/executors/registry.ts";
import { hasPython } from "../support/python.ts";
import { createSandboxes, type Sandboxes } from "../../src/worker/sandbox/sandboxes.ts";
import { tierOne } from "../support/tier-one.ts";
import { until } from "../support/until.ts";
import acts, { inputSchema, outputSchema } from "./executor-fixtures/acts.ts";
import { javascript, python, wat } from "./executor-fixtures/sandboxed.ts";

const inT1 = await tierOne();

const fixture = (name: string): string =>
  fileURLToPath(new URL(`executor-fixtures/${name}`, import.meta.url));
const modulePath = fixture("acts.ts");

const definition = {
  ...acts.definition,
  input: { ...inputSchema, additionalProperties: true },
  output: outputSchema,
};
const argv = [process.execPath, fixture("acts.mjs")];

/** What runs the acts in each way; files of those in WebAssembly are written before the tests. */
function offersIn(folder: string): Record<string, OfferedSkill> {
  const script = (language: "javascript" | "python"): OfferedSkill => ({
    definition,
    source: { kind: "script", language, path: join(folder, language) },
  });
  return {
    inline: { definition: { ...acts.definition, cheap: true }, source: { kind: "module", path: modulePath } },
    function: { definition: acts.definition, source: { kind: "module", path: modulePath } },
    command: { definition, source: { kind: "command", argv } },
    "command in T1": {
      definition,
      source: { kind: "command", argv, sandbox: { tier: "T1", memoryMb: 192 } },
    },
    process: {
      definition: { ...acts.definition, input: inputSchema, output: outputSchema },
      source: pythonSource(fixture("acts.py")),
    },
    "script in JavaScript": script("javascript"),
    "script in Python": script("python"),
    wasm: { definition, source: { kind: "wasm", path: join(folder, "acts.wasm") } },
  };
}

let offers: Record<string, OfferedSkill>;
let root: string;
let runs = 0;
let executors: Executor[];
let sandboxes: Sandboxes;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-executor-"));
  await Promise.all([
    writeFile(join(root, "javascript"), javascript),
    writeFile(join(root, "python"), python),
    assemble(wat).then((bytes) => writeFile(join(root, "acts.wasm"), bytes)),
  ]);
  offers = offersIn(root);
  sandboxes = createSandboxes({ clock: systemClock, log: createLog("silent") });
  executors = createExecutors({
    settings: defaultSkillSettings,
    clock: systemClock,
    slots: 2,
    heapMb: 64,
    sandboxes,
    commandMemoryBytes: 192 * 1024 ** 2,
  });
});
afterAll(async () => {
  for (const executor of executors) await executor.close();
  for (const executor of executors) await executor.close();
  await rm(root, { recursive: true, force: true });
});

async function assemble(text: string): Promise<Uint8Array> {
  const module = (await wabt()).parseWat("acts.wat", text);
  return module.toBinary({}).buffer;
}

const inProcesses = ["command", ...(inT1.missing === undefined ? ["command in T1"] : [])];
const inWebAssembly = ["script in JavaScript", "script in Python", "wasm"];
const ofAnySize = ["function", ...inProcesses, ...inWebAssembly, ...(hasPython ? ["process"] : [])];
describe.skipIf(hasPython)("process executor: this machine has no python3", () =>
  test("all of it", () => {}),
);
describe.skipIf(inT1.missing === undefined)(`command in T1: ${inT1.missing}`, () =>
  test("all of it", () => {}),
);

function executorNamed(name: string): Executor {
  const kind = name.split(" ", 1)[0];
  const found = executors.find((executor) => executor.name === kind);
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
    const other = name.startsWith("command") ? "function" : "command";
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
    // Inside a sandbox they have numbers of their own.
    const pids = name.endsWith("T1") ? [] : said.split(" ").map(Number).filter(Number.isInteger);
    for (const pid of pids) expect(isAlive(pid), said).toBe(false);
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

describe.each(["function", ...inProcesses, ...inWebAssembly])("%s executor, what a run uses", (name) => {
  test("processor time and memory are measured", async () => {
    const { usage } = await execute(name, jsonBody({ act: "spin" }));
    // The code spins for some 200 ms of processor time; clocks of processes tick every 10.
    expect(usage.cpuMs).toBeGreaterThan(30);
    expect(usage.wallMs).toBeGreaterThan(30);
    expect(usage.peakMemoryBytes).toBeGreaterThan(1_000_000);
  });

  test("too much memory ends the run, not the node", async () => {
    await expect(execute(name, jsonBody({ act: "memory" }))).rejects.toMatchObject({ code: "LimitExceeded" });
    expect(await valueOf(execute(name, jsonBody({ value: 2 })))).toEqual({ value: 2 });
  });

  test("code that is not done by its deadline is ended", async () => {
    const late = new ErrandError("TaskTimeout", "late");
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(late), 700);
    const start = performance.now();
    await expect(execute(name, jsonBody({ act: "ignore" }), { signal: stop.signal })).rejects.toBe(late);
    expect(performance.now() - start).toBeLessThan(700 + limits.cancelGraceMs + 2_000);
    clearTimeout(timer);
  });
});

describe.each([...inProcesses, ...inWebAssembly])("%s executor, afterwards", (name) => {
  test("no process, folder or cgroup is left when its node is killed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "errand-killed-"));
    const skill = JSON.stringify(offersIn(root)[name]);
    const node = spawn(process.execPath, [fixture("running-child.ts"), skill, join(folder, "run")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(node.stdout, "data");
    const started = descendants(node.pid as number).filter((pid) => isAlive(pid));
    expect(started.length).toBeGreaterThan(0);
    node.kill("SIGKILL");
    await until("its processes are gone", () => started.every((pid) => !isAlive(pid)));
    await until("its folder is gone", () => !existsSync(join(folder, "run")));
    await until("its cgroups are gone", () => cgroupsOf(node.pid as number).length === 0);
    await rm(folder, { recursive: true, force: true });
  });
});

describe("all executors", () => {
  test("leave no process and no cgroup when they are closed", async () => {
    const own = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
    const before = new Set(descendants(process.pid));
    for (const name of [...inProcesses, ...inWebAssembly]) {
      const executor = own.find((one) => one.name === name.split(" ", 1)[0]);
      await executor?.execute(
        { id: "t", skill: offers[name] as OfferedSkill, input: jsonBody({ value: 1 }), outputBytes: 1_000 },
        {
          signal: new AbortController().signal,
          deadline: Date.now() + 60_000,
          scratchDir: join(root, `left-${name}`),
          progress() {},
          log() {},
        },
      );
    }
    for (const executor of own) await executor.close();
    await until("no process is left", () =>
      descendants(process.pid).every((pid) => before.has(pid) || !isAlive(pid)),
    );
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
  const command = offersIn("")["command"] as OfferedSkill;
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
    const own = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 }).find(
      (executor) => executor.name === "command",
    );
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

/** Of a process, at any depth. */
function descendants(pid: number): number[] {
  const children = readChildren(pid);
  return [...children, ...children.flatMap(descendants)];
}

function readChildren(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Folders of runs that a process has made, in any hierarchy. */
function cgroupsOf(pid: number): string[] {
  return readdirSync("/sys/fs/cgroup", { recursive: true, encoding: "utf8" }).filter((path) =>
    path.split("/").at(-1)?.startsWith(`errand-${pid}-`),
  );
}

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
