/**
 * One piece of work as the worker is handed it and as it hands it back, and how a single run goes: signal and deadline
 * joined, folder made and removed, whatever happens. It knows no slots and no queue.
 */
import type { Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { limits, safeMessage } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import type { JobRequirements } from "./admission.ts";
import type { ExecutionContext, ExecutionOutput, Executor, ResourceUsage } from "./executor.ts";
import type { Grant } from "./policy.ts";
import type { Scratch } from "./scratch.ts";

/** What a submitter asked for. The callbacks and `fetchInput` are never called before `offer` has returned. */
export interface Job {
  /** For the log; task id and attempt. */
  id: string;
  /** Whose rate and share it counts against. */
  submitter: string;
  skill: string;
  /** Semver range, or "" for any. */
  skillVersion: string;
  /** 0–255; more is sooner. */
  priority: number;
  input: Body;
  /** Monotonic ms by the worker's clock. */
  deadline: number;
  /** Aborted by a cancel, or when the lease ends. Its reason should be an ErrandError; else the job ends as `Cancelled`. */
  signal: AbortSignal;
  requirements?: JobRequirements;
  /** What the run may use; zero and absent: nothing was said. */
  uses?: { cpuCores?: number; memoryBytes?: number };
  /** Largest output, bytes. */
  outputBytes?: number;
  /** The path of a blob input; called once a slot is held, only for blob inputs. `signal` ends with the run: cancel, deadline, shutdown. */
  fetchInput?: (signal: AbortSignal) => Promise<string>;
  /** The code is about to run. */
  onStart(): void;
  /** `fraction` is 0–1 and no NaN, `message` printable and bounded. */
  onProgress(fraction: number, message: string): void;
}

export interface JobResult {
  body: ExecutionOutput;
  usage: ResourceUsage;
  /** Of the skill that ran. */
  version: string;
  /** Removes the run's folder, with the output file if there is one and it was not taken. To be called once, always. */
  release(): Promise<void>;
}

export interface RunDeps {
  clock: Clock;
  log: Log;
  scratch: Scratch;
}

/** When the code has to be done: the attempt's deadline, or the skill's or the operator's own bound from now on. Monotonic ms. */
function deadlineOf(job: Job, skill: OfferedSkill, grant: Grant, clock: Clock): number {
  const { timeoutSeconds } = grant.limits;
  const granted = timeoutSeconds === undefined ? Infinity : timeoutSeconds * 1_000;
  return Math.min(
    job.deadline,
    clock.monotonic() + Math.min(skill.definition.timeoutMs ?? Infinity, granted),
  );
}

/** The largest output of a run, bytes. */
function outputBound(job: Job, grant: Grant, most: number): number {
  const { outputMb } = grant.limits;
  const granted = outputMb === undefined ? Infinity : outputMb * 1024 ** 2;
  return Math.min(job.outputBytes ?? most, granted, most);
}

function timeoutError(skill: OfferedSkill): ErrandError {
  return new ErrandError("TaskTimeout", `${skill.definition.id} was not done by its deadline`, {
    hint: "Give the task more time, or less to do.",
  });
}

/** The reason of an abort as one of the node's errors. */
export function abortError(reason: unknown): ErrandError {
  if (reason instanceof ErrandError) return reason;
  return new ErrandError("Cancelled", "the task was cancelled", { cause: reason });
}

/** A signal that aborts with any of `sources`, and by itself at the deadline. `done` takes timer and listeners back. */
function boundedSignal(sources: AbortSignal[], deadline: number, clock: Clock, late: () => ErrandError) {
  const stop = new AbortController();
  const abort = (): void => stop.abort(abortError(sources.find((source) => source.aborted)?.reason));
  for (const source of sources) {
    if (source.aborted) abort();
    source.addEventListener("abort", abort, { once: true });
  }
  const cancelTimer = clock.after(deadline - clock.monotonic(), () => stop.abort(late()));
  return {
    signal: stop.signal,
    done: () => {
      cancelTimer();
      for (const source of sources) source.removeEventListener("abort", abort);
    },
  };
}

/** `waiting`, or the reason of `signal` as soon as it aborts. */
export async function unlessAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What the executor is handed for `job`; the folder's path is made up when first asked for. */
function executionContext(
  job: Job,
  skill: OfferedSkill,
  signal: AbortSignal,
  deadline: number,
  deps: RunDeps,
) {
  const context = new JobContext(
    job,
    skill,
    signal,
    deps.clock.now() + (deadline - deps.clock.monotonic()),
    deps,
  );
  return { context, remove: () => context.remove() };
}

/** A class for the sake of its getter, which in an object literal would keep each run in memory (output.ts). */
class JobContext implements ExecutionContext {
  readonly signal: AbortSignal;
  readonly deadline: number;
  readonly #job: Job;
  readonly #skill: OfferedSkill;
  readonly #deps: RunDeps;
  #folder: string | undefined;

  constructor(job: Job, skill: OfferedSkill, signal: AbortSignal, deadline: number, deps: RunDeps) {
    this.signal = signal;
    this.deadline = deadline;
    this.#job = job;
    this.#skill = skill;
    this.#deps = deps;
  }
  get scratchDir(): string {
    return (this.#folder ??= this.#deps.scratch.path());
  }
  progress(fraction: number, message: string): void {
    if (this.signal.aborted || Number.isNaN(fraction)) return;
    this.#job.onProgress(Math.min(Math.max(fraction, 0), 1), safeMessage(message));
  }
  log(line: string): void {
    this.#deps.log.info({ task: this.#job.id, skill: this.#skill.definition.id }, safeMessage(line));
  }
  async remove(): Promise<void> {
    if (this.#folder !== undefined) await this.#deps.scratch.remove(this.#folder);
  }
}

/** What runs a job, and within what. */
export interface Placement {
  skill: OfferedSkill;
  executor: Executor;
  grant: Grant;
  /** The numbers of the machine's GPUs that are its own meanwhile. */
  gpus: readonly number[];
}

/** Runs a job that holds its slot, until `shutdown` at most. Throws `ErrandError`; then the folder is gone already. */
export async function runJob(
  job: Job,
  { skill, executor, grant, gpus }: Placement,
  deps: RunDeps,
  shutdown: AbortSignal,
): Promise<JobResult> {
  const deadline = deadlineOf(job, skill, grant, deps.clock);
  const { signal, done } = boundedSignal([job.signal, shutdown], deadline, deps.clock, () =>
    timeoutError(skill),
  );
  const { context, remove } = executionContext(job, skill, signal, deadline, deps);
  try {
    const inputPath =
      job.input.bytes === undefined && job.fetchInput !== undefined
        ? await unlessAborted(job.fetchInput(signal), signal)
        : undefined;
    signal.throwIfAborted();
    job.onStart();
    const { output, usage } = await executor.execute(
      {
        id: job.id,
        skill,
        input: job.input,
        ...(inputPath === undefined ? {} : { inputPath }),
        outputBytes: outputBound(job, grant, limits.blobBytes),
        ...(job.uses === undefined ? {} : { asked: job.uses }),
        grant,
        ...(gpus.length > 0 && { gpus }),
      },
      context,
    );
    // Code that ran past its deadline and then answered has still run past its deadline.
    signal.throwIfAborted();
    return { body: output, usage, version: skill.definition.version, release: remove };
  } catch (error) {
    await remove();
    throw signal.aborted ? abortError(signal.reason) : error;
  } finally {
    done();
  }
}

/** The short way for executors that take no slot: no timer, the input's value is known, and mostly no folder. */
export async function runJobInline(
  job: Job,
  skill: OfferedSkill,
  executor: Executor,
  grant: Grant,
  deps: RunDeps,
  checked: { value: unknown } | undefined,
): Promise<JobResult> {
  const deadline = deadlineOf(job, skill, grant, deps.clock);
  const { context, remove } = executionContext(job, skill, job.signal, deadline, deps);
  try {
    job.onStart();
    const { output, usage } = await executor.execute(
      {
        id: job.id,
        skill,
        input: job.input,
        outputBytes: outputBound(job, grant, limits.jsonBodyBytes),
        ...(checked === undefined ? {} : { checked }),
      },
      context,
    );
    if (deps.clock.monotonic() >= deadline) throw timeoutError(skill);
    return { body: output, usage, version: skill.definition.version, release: remove };
  } catch (error) {
    await remove();
    throw job.signal.aborted ? abortError(job.signal.reason) : error;
  }
}
