/**
 * Runs skills in containers of Docker or Podman: declared ones, which speak JSON on standard input and output as commands do, and
 * `container.run`, whose image comes with the task. Which engine there is, and that it bounds what it runs, the sandbox tier
 * T2 found out; without it nothing runs here.
 */
import { constants } from "node:fs";
import { chmod, copyFile, mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits, safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { inputShape, readInput } from "../../skills/input.ts";
import type { FileInput } from "../../skills/skill.ts";
import type { Gpu, GpuDevice } from "../gpus.ts";
import type { Execution, ExecutionContext, ExecutionOutput, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput, parseOutput, tooLarge } from "../output.ts";
import { createVoice } from "../pace.ts";
import { createCgroupPlaces, type CgroupPlaces } from "./container-cgroup.ts";
import { EngineRefusal, type Engine } from "./container-engine.ts";
import { gpuConfig } from "./container-gpu.ts";
import { runContainer, type ContainerEnd } from "./container-run.ts";
import { planRun, type ContainerPlan } from "./container-plan.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { readStderr } from "./stderr.ts";

/** What the tier found, shared with the executor. */
export interface ContainerHost {
  /** Of this node; its containers carry it. */
  readonly owner: string;
  readonly settings: ContainerSettings;
  /** Undefined until the canary has passed. */
  engine: Engine | undefined;
  /** What its containers are started with besides, such as a seccomp profile. */
  security: readonly string[];
  /** Where the engine's cgroups are, as far as known. */
  readonly places: CgroupPlaces;
  /** Podman, which speaks the same with an accent. */
  podman: boolean;
  /** The machine's GPUs, by number; absent: none. */
  gpus?: () => Promise<readonly Gpu[]>;
  /** Resolves when the canary has been tried, whatever came of it. */
  tried?: () => Promise<unknown>;
}

/** Without an engine: the tier finds it. */
export function createContainerHost(
  known: Pick<ContainerHost, "owner" | "settings" | "gpus" | "tried">,
): ContainerHost {
  return { ...known, engine: undefined, security: [], places: createCgroupPlaces(), podman: false };
}

export interface ContainerExecutorOptions {
  host: ContainerHost;
  clock: Clock;
  log: Log;
}

/** Where a container sees the file of its task. */
const pathInside = "/in/file";
/** Text of `container.run`; more goes by `outputType`. */
const textBytes = 1024 * 1024;
/** Read to its end by the node's own thread, for progress: who writes more is up to something else. */
const stderrBytes = 32 * 1024 * 1024;
const pullMs = 10 * 60_000;

export function createContainerExecutor({ host, clock, log }: ContainerExecutorOptions): Executor {
  const stop = new AbortController();
  const removals = new Set<Promise<void>>();
  let runs = 0;
  const leftover = (removal: Promise<void>): void => {
    const watched: Promise<void> = removal
      .catch((error: unknown) => log.warn({ err: error }, "a container could not be removed"))
      .finally(() => removals.delete(watched));
    removals.add(watched);
  };

  return {
    name: "container",
    canExecute: ({ source }) => source.kind === "container",
    async execute(execution, context) {
      if (host.engine === undefined) await host.tried?.();
      const { engine } = host;
      if (engine === undefined || stop.signal.aborted)
        throw new ErrandError("SkillFailed", "this node has no container engine that it may use");
      context.signal.throwIfAborted();
      const start = clock.monotonic();
      runs += 1;
      const name = `errand-${host.owner.slice(-12).toLowerCase()}-${process.pid.toString(36)}-${runs.toString(36)}-${Math.floor(clock.now()).toString(36)}`;
      const signal = AbortSignal.any([context.signal, stop.signal]);
      const run: Run = { execution, context, signal, engine, host, name, leftover, clock };
      try {
        const { output, end } = await runOnce(run);
        const { cpuMs, peakMemoryBytes } = end;
        return {
          output,
          usage: { wallMs: clock.monotonic() - start, cpuMs, peakMemoryBytes },
        } satisfies ExecutionResult;
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : engineWords(error);
      }
    },
    async close() {
      stop.abort(new ErrandError("SkillFailed", "this node is shutting down"));
      await Promise.all(removals);
    },
  };
}

interface Run {
  execution: Execution;
  context: ExecutionContext;
  signal: AbortSignal;
  engine: Engine;
  host: ContainerHost;
  name: string;
  leftover: (removal: Promise<void>) => void;
  clock: Clock;
}

async function runOnce(run: Run): Promise<{ output: ExecutionOutput; end: ContainerEnd }> {
  const { execution, context } = run;
  const { definition } = execution.skill;
  const value =
    execution.checked === undefined
      ? await readInput(definition, execution.input, execution.inputPath, context.scratchDir)
      : execution.checked.value;
  // Only what the node itself put there: a path in a peer's JSON is not a file to be lent.
  const shape = inputShape(definition, execution.input.type);
  const file = shape === "file" || shape === "form" ? (value as { file?: FileInput }).file : undefined;
  const { source } = execution.skill;
  const given = file === undefined ? value : { ...(value as object), file: { ...file, path: pathInside } };
  const plan = planRun(source, given, run.host.settings, execution.grant);
  const inputFolder = file === undefined ? undefined : await lendFile(file.path, context.scratchDir);
  await haveImage(run, plan.image);
  const sink = await openSink(run, plan);
  try {
    const end = await runContainer(
      run.engine,
      {
        ...plan,
        name: run.name,
        security: run.host.security,
        podman: run.host.podman,
        labels: { "errand.node": run.host.owner, "errand.run": execution.id.slice(0, 128) },
        ...(inputFolder !== undefined && { inputFolder }),
        gpus: gpuConfig(await gpusOf(run), run.host.podman),
      },
      {
        signal: withTimeout(run.signal, plan.timeoutMs),
        places: run.host.places,
        take: sink.take,
        leftover: run.leftover,
      },
    );
    if (end.outOfMemory)
      throw new ErrandError("LimitExceeded", `it used more than ${plan.memoryMb} MiB of memory`);
    return { output: await sink.finish(end.exitCode), end };
  } finally {
    await sink.close();
  }
}

/** That it may have them was asked before it got its share of the machine. */
async function gpusOf({ execution: { gpus = [] }, host }: Run): Promise<GpuDevice[]> {
  if (gpus.length === 0) return [];
  const there = (await host.gpus?.()) ?? [];
  return gpus.map((number) => {
    const gpu = there[number];
    if (gpu === undefined) throw new ErrandError("SkillFailed", "the GPU that the task was given is gone");
    return gpu.device;
  });
}

function withTimeout(signal: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  if (timeoutMs === undefined) return signal;
  const late = new AbortController();
  const error = new ErrandError("LimitExceeded", `it ran longer than ${timeoutMs / 1_000} s`);
  setTimeout(() => late.abort(error), timeoutMs).unref();
  return AbortSignal.any([signal, late.signal]);
}

/** A copy that whoever runs in the container may read; made without copying where the file system can. */
async function lendFile(path: string, scratchDir: string): Promise<string> {
  const folder = join(scratchDir, "in");
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const copy = join(folder, "file");
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
  await chmod(copy, 0o444);
  return folder;
}

async function haveImage({ engine, host, signal }: Run, image: string): Promise<void> {
  try {
    await engine.call("GET", `/images/${image}/json`, { signal });
    return;
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.status !== 404) throw error;
  }
  if (!host.settings.pull) {
    throw new ErrandError("SkillFailed", `the image ${image} is not on this machine`, {
      retryable: false,
      hint: "Its operator can fetch it, or let the node do so: containers: { pull: true }.",
    });
  }
  const ends = AbortSignal.any([signal, AbortSignal.timeout(pullMs)]);
  const last = await engine.call<{ error?: string } | undefined>(
    "POST",
    `/images/create?fromImage=${encodeURIComponent(image.includes(":") || image.includes("@") ? image : `${image}:latest`)}`,
    { signal: ends, waits: true },
  );
  if (last?.error !== undefined) throw new ErrandError("SkillFailed", safeMessage(`${image}: ${last.error}`));
}

interface Sink {
  take(stream: "stdout" | "stderr", piece: Buffer): Promise<void> | void;
  finish(exitCode: number): Promise<ExecutionOutput>;
  close(): Promise<void>;
}

/** Where what the container writes goes: standard output into a file or into memory, standard error to progress and log. */
async function openSink({ execution, context, clock }: Run, plan: ContainerPlan): Promise<Sink> {
  const { definition } = execution.skill;
  const bound = Math.min(
    execution.outputBytes,
    plan.outputType !== undefined ? limits.blobBytes : plan.report ? textBytes : limits.jsonBodyBytes,
  );
  const voice = createVoice(context, () => clock.monotonic());
  const heard = new PassThrough();
  const stderr = readStderr(heard, voice);
  const path = join(context.scratchDir, "output");
  let file: FileHandle | undefined;
  if (plan.outputType !== undefined) {
    await mkdir(context.scratchDir, { recursive: true, mode: 0o700 });
    file = await open(path, "wx", 0o600);
  }
  const chunks: Buffer[] = [];
  let complaint = "";
  let complained = 0;
  let sizeBytes = 0;
  return {
    take(stream, piece) {
      if (stream === "stderr") {
        complained += piece.length;
        if (complained > stderrBytes) throw tooLarge(undefined, stderrBytes);
        complaint = (complaint + piece.toString("utf8")).slice(-limits.inlineBodyBytes / 4);
        heard.write(piece);
        return;
      }
      sizeBytes += piece.length;
      if (sizeBytes > bound) throw tooLarge(undefined, bound);
      if (file === undefined) chunks.push(piece);
      else return file.appendFile(piece);
    },
    async finish(exitCode) {
      if (plan.report && file === undefined) {
        const stdout = Buffer.concat(chunks).toString("utf8");
        const report = { exitCode, stdout, stderr: complaint };
        return { bytes: encodeOutput(definition, report, execution.outputBytes), type: "application/json" };
      }
      if (exitCode !== 0) {
        const tail = stderr.tail();
        throw new ErrandError(
          "SkillFailed",
          safeMessage(`the container ended with exit code ${exitCode}${tail === "" ? "" : `: ${tail}`}`),
        );
      }
      if (file !== undefined) return { file: path, type: plan.outputType ?? "" };
      const value = parseOutput(definition, Buffer.concat(chunks));
      return { bytes: encodeOutput(definition, value, execution.outputBytes), type: "application/json" };
    },
    async close() {
      heard.end();
      voice.stop();
      await file?.close();
    },
  };
}

/** What the engine refuses is told as the skill's failure. */
function engineWords(error: unknown): unknown {
  if (!(error instanceof EngineRefusal)) return error;
  return new ErrandError("SkillFailed", safeMessage(`the container engine: ${error.message}`), {
    cause: error,
  });
}
