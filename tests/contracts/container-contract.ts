/** What the container executor owes as an executor (src/worker/executor.ts), with a real engine of either kind. */
import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { limits } from "../../src/core/limits.ts";
import { createLog } from "../../src/core/log.ts";
import { containerRun } from "../../src/skills/container-run.ts";
import type { ContainerSpec } from "../../src/skills/container-spec.ts";
import type { OfferedSkill } from "../../src/skills/skill.ts";
import type { ExecutionContext, ExecutionResult, Executor } from "../../src/worker/executor.ts";
import {
  createContainerExecutor,
  createContainerHost,
  type ContainerHost,
} from "../../src/worker/executors/container.ts";
import { defaultContainerSettings } from "../../src/worker/executors/container-settings.ts";
import type { Grant } from "../../src/worker/policy.ts";
import { createContainerTier, removeLeftovers } from "../../src/worker/sandbox/t2.ts";
import { startTestEngine, type EngineKind, type TestEngine } from "../support/container-engine.ts";

interface Options {
  signal?: AbortSignal;
  progress?: ExecutionContext["progress"];
  log?: ExecutionContext["log"];
  inputPath?: string;
  outputBytes?: number;
  grant?: Grant;
  gpus?: number[];
}

export function containerContract(kind: EngineKind): void {
  let folder: string;
  let found: TestEngine | { missing: string };
  let host: ContainerHost;
  let executor: Executor;
  let runs = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "errand-container-"));
    found = await startTestEngine(kind);
    if ("missing" in found) return;
    host = createContainerHost({
      owner: "12D3KooWcontainertest",
      settings: { ...defaultContainerSettings, socket: found.socket, images: ["busybox", "absent"] },
    });
    executor = createContainerExecutor({ host, clock: systemClock, log: createLog("silent") });
    const report = await createContainerTier({ host, wanted: true, folder: join(folder, "canary") }).check(
      AbortSignal.timeout(60_000),
    );
    expect(report).toMatchObject({ ok: true });
    expect(report.tried).toContain("memory bounded");
  }, 240_000);

  afterAll(async () => {
    await executor?.close();
    await executor?.close();
    if ("engine" in found) await found.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** The engine, or the test is skipped with the reason. */
  function engineOf(context: TestContext): TestEngine {
    if ("missing" in found) return context.skip(`no ${kind}: ${found.missing}`);
    return found;
  }

  const containers = (engine: TestEngine): Promise<{ Id: string; Names: string[] }[]> =>
    engine.engine.call("GET", "/containers/json?all=1", { signal: AbortSignal.timeout(5_000) });

  function execute(skill: OfferedSkill, input: Body, options: Options = {}): Promise<ExecutionResult> {
    const { signal = new AbortController().signal, progress = () => {}, log = () => {} } = options;
    const { inputPath, grant, gpus, outputBytes = 1_000_000 } = options;
    return executor.execute(
      {
        id: "t",
        skill,
        input,
        outputBytes,
        ...(inputPath !== undefined && { inputPath }),
        ...(grant !== undefined && { grant }),
        ...(gpus !== undefined && { gpus }),
      },
      { signal, deadline: Date.now() + 60_000, scratchDir: join(folder, String((runs += 1))), progress, log },
    );
  }

  function declared(
    spec: Partial<ContainerSpec>,
    more: Partial<OfferedSkill["definition"]> = {},
  ): OfferedSkill {
    return {
      definition: { id: "my.box", version: "1.0.0", description: "d", input: true, output: true, ...more },
      source: { kind: "container", container: { image: "busybox", ...spec } },
    };
  }

  const shell = (script: string): string[] => ["sh", "-c", script];

  async function value(result: Promise<ExecutionResult>): Promise<unknown> {
    return JSON.parse(Buffer.from((await result).output.bytes ?? []).toString());
  }

  const runShell = (script: string, more: object = {}, options: Options = {}): Promise<ExecutionResult> =>
    execute(containerRun, jsonBody({ image: "busybox", command: shell(script), ...more }), options);

  describe("declared skills", { timeout: 120_000 }, () => {
    test("JSON in, JSON out, progress and log on standard error, nothing left behind", async (context) => {
      const engine = engineOf(context);
      const seen: unknown[] = [];
      const lines: string[] = [];
      const script = `echo '{"progress":0.5,"message":"half"}' >&2; echo note >&2; printf '{"got":'; cat; printf '}'`;
      const options = {
        progress: (...all: unknown[]) => void seen.push(all),
        log: (line: string) => void lines.push(line),
      };
      expect(
        await value(execute(declared({ command: shell(script) }), jsonBody({ a: [1] }), options)),
      ).toEqual({
        got: { a: [1] },
      });
      expect(seen).toEqual([[0.5, "half"]]);
      expect(lines).toEqual(["note"]);
      expect(await containers(engine)).toEqual([]);
    });

    test("input and output must meet the schemas", async (context) => {
      engineOf(context);
      const skill = declared(
        { command: shell("echo 5") },
        { input: { type: "object" }, output: { type: "string" } },
      );
      await expect(execute(skill, jsonBody(1))).rejects.toMatchObject({ code: "InvalidInput" });
      await expect(execute(skill, jsonBody({}))).rejects.toMatchObject({ code: "SkillFailed" });
      await expect(execute(declared({ command: shell("echo no json") }), jsonBody({}))).rejects.toThrow(
        "no JSON",
      );
      const failing = execute(declared({ command: shell("echo it broke >&2; exit 3") }), jsonBody({}));
      await expect(failing).rejects.toThrow("exit code 3: it broke");
    });

    test("a file goes in by a read-only mount, and bytes come out as a file", async (context) => {
      engineOf(context);
      const path = join(folder, "photo");
      await writeFile(path, "not really a photo", { mode: 0o600 });
      const hash = "0".repeat(64);
      const skill = declared(
        {
          command: shell("cat >/dev/null; cat /in/file; echo x 2>/dev/null >/in/file"),
          outputType: "image/png",
        },
        { inputModes: ["image/*"] },
      );
      const blob = { blob: { hash, sizeBytes: 18 }, type: "image/png" };
      await expect(execute(skill, blob, { inputPath: path })).rejects.toThrow("exit code 1");
      const reading = declared(
        { command: ["cat", "/in/file"], outputType: "image/png" },
        { inputModes: ["image/*"] },
      );
      const { output } = await execute(reading, blob, { inputPath: path });
      expect(output.type).toBe("image/png");
      expect(await readFile(output.file ?? "", "utf8")).toBe("not really a photo");
    });

    test("the GPU that a run holds is in its container, and no other", async (context) => {
      engineOf(context);
      // A container's own /tmp, and Podman's /var/tmp, would hide them.
      const place = await mkdtemp("/var/lib/errand-gpus-");
      context.onTestFinished(() => rm(place, { recursive: true }));
      const nodes = [join(place, "gpu0"), join(place, "gpu1")];
      // Stand-ins with the device numbers of /dev/null: what an engine hands on is a device file.
      for (const node of nodes) {
        execFileSync("mknod", ["-m", "660", node, "c", "1", "3"]);
        await chown(node, 0, 4_711);
      }
      host.gpus = () =>
        Promise.resolve(
          nodes.map((path) => ({ name: "GPU", device: { kind: "nodes", paths: [path], groups: [4_711] } })),
        );
      const look = nodes.map((node) => `test -c ${node} && echo x > ${node} && echo -n "${node.slice(-4)} "`);
      const skill = declared({
        command: shell(`cat >/dev/null; ${look.join("; ")}; true`),
        outputType: "text/plain",
      });
      const seen = async (gpus?: number[]): Promise<string> => {
        const { output } = await execute(skill, jsonBody({}), gpus === undefined ? {} : { gpus });
        return readFile(output.file ?? "", "utf8");
      };
      expect(await seen([1])).toBe("gpu1 ");
      expect(await seen()).toBe("");
      await expect(seen([2])).rejects.toThrow("is gone");
    });

    test("a path that a peer names in its JSON is no file to be lent", async (context) => {
      engineOf(context);
      const path = join(folder, "host-secret");
      await writeFile(path, "of the host");
      const skill = declared({ command: shell("cat; ls /in 2>/dev/null; cat /in/file 2>/dev/null; true") });
      expect(await value(execute(skill, jsonBody({ file: { path } })))).toEqual({ file: { path } });
    });
  });

  describe("container.run", { timeout: 120_000 }, () => {
    test("says how the container ended", async (context) => {
      engineOf(context);
      const run = runShell("id -u; cat; echo oops >&2; exit 7", { stdin: "said", env: { A: "b" } });
      expect(await value(run)).toEqual({ exitCode: 7, stdout: "65534\nsaid", stderr: "oops\n" });
    });

    test("only images that the operator allows, and none is fetched", async (context) => {
      engineOf(context);
      const other = execute(containerRun, jsonBody({ image: "alpine" }));
      await expect(other).rejects.toMatchObject({ code: "InvalidInput" });
      const absent = execute(containerRun, jsonBody({ image: "absent" }));
      await expect(absent).rejects.toMatchObject({ code: "SkillFailed", retryable: false });
    });

    test("a container that does not read its input, and a program that is not there", async (context) => {
      engineOf(context);
      const stdin = "x".repeat(8 * 1024 * 1024);
      expect(await value(runShell("echo deaf", { stdin }))).toMatchObject({ exitCode: 0, stdout: "deaf\n" });
      const gone = execute(containerRun, jsonBody({ image: "busybox", command: ["nonexistent"] }));
      await expect(gone).rejects.toMatchObject({ code: "SkillFailed" });
    });

    test("gets what the operator grants, and no more time", async (context) => {
      engineOf(context);
      const grant = {
        allow: "everyone",
        minTrust: 0,
        runsCode: true,
        network: false,
        mounts: [],
        gpu: false,
      } as const;
      const large = jsonBody({
        image: "busybox",
        command: shell("set -o pipefail; head -c 60m /dev/zero | tail | wc -c"),
        memoryMb: 300,
      });
      expect(
        await value(execute(containerRun, large, { grant: { ...grant, limits: { memoryMb: 300 } } })),
      ).toMatchObject({
        exitCode: 0,
      });
      await expect(
        execute(containerRun, large, { grant: { ...grant, limits: { memoryMb: 16 } } }),
      ).rejects.toMatchObject({
        code: "LimitExceeded",
      });
      await expect(runShell("sleep 60", { timeoutSeconds: 0.5 })).rejects.toMatchObject({
        code: "LimitExceeded",
      });
    });

    test("sees the folders that the operator mounts, and writes where it may", async (context) => {
      engineOf(context);
      const place = await mkdtemp("/var/lib/errand-mounts-");
      context.onTestFinished(() => rm(place, { recursive: true }));
      await chmod(place, 0o755);
      const [shown, open] = [join(place, "shown"), join(place, "open")];
      for (const path of [shown, open]) {
        await mkdir(path);
        await chmod(path, 0o777);
      }
      await writeFile(join(shown, "data"), "of the operator");
      const mounts = [{ path: shown }, { path: open, write: true }];
      const grant = {
        allow: "everyone",
        minTrust: 0,
        runsCode: true,
        limits: {},
        network: false,
        mounts,
        gpu: false,
      } as const;
      const script = `cat ${shown}/data; echo x > ${shown}/no; echo made > ${open}/yes`;
      expect(await value(runShell(script, {}, { grant }))).toMatchObject({
        exitCode: 0,
        stdout: "of the operator",
      });
      expect(await readdir(shown)).toEqual(["data"]);
      expect(await readFile(join(open, "yes"), "utf8")).toBe("made\n");
    });

    test("what it used is measured while it runs", async (context) => {
      engineOf(context);
      const { usage } = await runShell("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; sleep 1");
      expect(usage.wallMs).toBeGreaterThan(1_000);
      expect(usage.cpuMs).toBeGreaterThan(10);
      expect(usage.peakMemoryBytes).toBeGreaterThan(100_000);
      const short = await runShell("i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done");
      expect(short.usage.cpuMs).toBeGreaterThan(0);
    });
  });

  describe("whatever it does", { timeout: 120_000 }, () => {
    test("a cancel ends it within the grace, and nothing is left", async (context) => {
      const engine = engineOf(context);
      const stop = new AbortController();
      const reason = new ErrandError("Cancelled", "enough");
      let at = 0;
      const log = (): void => {
        at = performance.now();
        stop.abort(reason);
      };
      const running = runShell(
        "trap '' TERM INT; echo up >&2; while true; do sleep 1; done",
        {},
        { signal: stop.signal, log },
      );
      await expect(running).rejects.toBe(reason);
      expect(performance.now() - at).toBeLessThan(limits.cancelGraceMs + 1_000);
      await expect.poll(() => containers(engine), { timeout: 60_000 }).toEqual([]);
      expect(await value(runShell("echo next"))).toMatchObject({ stdout: "next\n" });
    });

    test("what is cancelled already does not start", async (context) => {
      engineOf(context);
      const reason = new ErrandError("Cancelled", "before");
      await expect(runShell("echo ran >&2", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test("too much output ends it", async (context) => {
      const engine = engineOf(context);
      await expect(runShell("yes")).rejects.toMatchObject({ code: "LimitExceeded" });
      const bytes = runShell("yes", { outputType: "text/plain" }, { outputBytes: 100_000 });
      await expect(bytes).rejects.toMatchObject({ code: "LimitExceeded" });
      await expect.poll(() => containers(engine), { timeout: 60_000 }).toEqual([]);
    });

    test("what a killed node left is removed by its next life, and nothing of others", async (context) => {
      const { engine } = engineOf(context);
      const signal = AbortSignal.timeout(20_000);
      const left = (name: string, node: string): Promise<unknown> =>
        engine.call("POST", `/containers/create?name=${name}`, {
          signal,
          body: {
            Image: "busybox",
            Cmd: ["sleep", "1000"],
            Labels: { "errand.node": node },
            HostConfig: { NetworkMode: "none" },
          },
        });
      await left("ours", host.owner);
      await left("theirs", "another");
      await engine.call("POST", "/containers/ours/start", { signal });
      await removeLeftovers(engine, host.owner, signal);
      expect((await containers(engineOf(context))).map(({ Names }) => Names[0])).toEqual(["/theirs"]);
      await engine.call("DELETE", "/containers/theirs?force=1", { signal });
    });

    test("no scratch of the canary is left", async (context) => {
      engineOf(context);
      // Podman reads the profile of each container there.
      const kept = kind === "podman" ? ["canary-seccomp.json"] : [];
      expect((await readdir(folder)).filter((name) => name.startsWith("canary"))).toEqual(kept);
    });
  });
}
