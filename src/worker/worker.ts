/**
 * The worker: bounded slots, a bounded queue and each submitter's share of both. It says at once whether it takes a job
 * (`admission.ts` decides), runs what it took when a slot is free, and knows nothing of peers, leases or the wire: a
 * submitter is a name here.
 */
import { availableParallelism } from "node:os";
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError, toErrandError, type ErrorCode } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { admit, takeToken, type WorkerProfile } from "./admission.ts";
import type { Executor } from "./executor.ts";
import { createRangeCheck, fitJob, unfit, type Fitting } from "./fit.ts";
import { abortError, runJob, runJobInline, type Job, type JobResult } from "./job.ts";
import type { Machine, Share } from "./ledger.ts";
import { defaultAccess, grantFor, type AccessPolicy, type Caller, type Grant } from "./policy.ts";
import { createScratch } from "./scratch.ts";
import { createSlots } from "./slots.ts";
import { createSubmitters, type Submitter } from "./submitters.ts";

export type { Job, JobResult } from "./job.ts";

/** The answer to a job. `result` rejects with an `ErrandError`; left alone it makes no unhandled rejection. */
export type Offer =
  | {
      verdict: "accepted" | "queued";
      /** Place in the queue, from 1; 0 when accepted. */
      position: number;
      result: Promise<JobResult>;
    }
  | { verdict: "refused"; code: ErrorCode; message: string; retryAfterMs: number };

interface WorkerLoad {
  running: number;
  slots: number;
  queued: number;
  /** Moving average of a run that took a slot, ms; 0 before the first. */
  serviceMs: number;
}

export interface Worker {
  readonly skills: ReadonlyMap<string, OfferedSkill>;
  /**
   * The skills of a source that comes and goes (a server, a sandbox) from now on; they replace what the same source had. Ids
   * that others have stay theirs: the ids left out are returned. What runs goes on.
   */
  offerFrom(source: string, offered: readonly OfferedSkill[]): string[];
  /** Whether it offers the skill in a version that `range` ("" for any) allows. */
  has(id: string, range: string): boolean;
  offer(job: Job): Offer;
  /** Place in the queue, from 1, or 0 when it does not wait. */
  position(job: Job): number;
  load(): WorkerLoad;
  /** Who may call the skill, and what its runs may use. */
  grantOf(skill: OfferedSkill): Grant;
  /** Ids of the skills whose next run finds its code loaded and waiting: a task of theirs costs less here. */
  warm(): string[];
  /** What running tasks hold of the machine. */
  held(): Readonly<Share>;
  /** Resolves when nothing runs or waits; for draining. */
  idle(signal: AbortSignal): Promise<void>;
  /** Ends what runs (`ShuttingDown`) and closes the executors. Tolerates closed-twice. */
  close(): Promise<void>;
}

export interface WorkerOptions {
  skills: readonly OfferedSkill[];
  /** In order of preference. */
  executors: readonly Executor[];
  /** Runs at once, always; default: as many as do well together (adaptive-limit.ts), at most one per core. */
  slots?: number;
  clock: Clock;
  log: Log;
  /** Folder for the runs' own folders; made when needed. It belongs to this worker alone: whatever else is in it goes. */
  scratchRoot: string;
  random: Random;
  /** For requirements; absent: routing alone looks at them. Called for each request that has some. */
  profile?: () => WorkerProfile;
  /** The operator's word; by default ordinary skills are for everybody. */
  access?: AccessPolicy;
  /** What is known of a submitter; absent: nothing of anybody. */
  callerOf?: (submitter: string) => Caller;
  queueLimit?: number;
  requestsPerSecondPerPeer?: number;
  inFlightPerPeer?: number;
}

const settledAlready = Promise.resolve();

const unknownCaller: Caller = { self: false, pin: undefined, trust: 0 };

export function createWorker(options: WorkerOptions): Worker {
  const { clock } = options;
  const skills = new Map(options.skills.map((skill) => [skill.definition.id, skill]));
  const perSecond = options.requestsPerSecondPerPeer ?? limits.requestsPerSecondPerPeer;
  const submitterOf = createSubmitters(perSecond);
  const matchesRange = createRangeCheck();
  const grants = new WeakMap<OfferedSkill, Grant>();
  const grantOf = (skill: OfferedSkill): Grant => {
    let grant = grants.get(skill);
    if (grant === undefined) grants.set(skill, (grant = grantFor(skill, options.access ?? defaultAccess)));
    return grant;
  };
  // A slot's part of the machine is that of the most there can be: fewer leave the rest idle on purpose.
  const parts = Math.max(1, options.slots ?? availableParallelism());
  const unknown: Machine = { cpuCores: parts, memoryBytes: Number.MAX_SAFE_INTEGER, gpus: [] };
  const machine = (): Machine => options.profile?.().resources ?? unknown;
  const callerOf = options.callerOf ?? (() => unknownCaller);
  const fitOptions = { ...options, skills, matchesRange, grantOf, callerOf, slots: parts, machine };
  const scratch = createScratch({ root: options.scratchRoot, random: options.random, log: options.log });
  const deps = { clock, log: options.log, scratch };
  const shutdown = new AbortController();
  const slots = createSlots<Submitter>({
    fixed: options.slots,
    machine,
    execute(job, { skill, executor, grant }, gpus) {
      scratch.sweep();
      return runJob(job, { skill, executor, grant, gpus }, deps, shutdown.signal);
    },
    left: leave,
    clock,
  });
  let inline = 0;
  let idleWaiters: (() => void)[] = [];
  let closed: Promise<void> | undefined;

  const lent = new Map<string, string[]>();

  const isIdle = (): boolean => slots.running === 0 && inline === 0 && slots.queued === 0;

  function leave(submitter: Submitter): void {
    submitter.inFlight -= 1;
    if (idleWaiters.length === 0 || !isIdle()) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const wake of waiters) wake();
  }

  async function runInline(
    job: Job,
    { skill, executor, grant, checked }: Fitting,
    submitter: Submitter,
  ): Promise<JobResult> {
    inline += 1;
    try {
      // Not before the caller has its answer in hand: the job calls back.
      await settledAlready;
      return await runJobInline(job, skill, executor, grant, deps, checked);
    } catch (error) {
      throw toErrandError(error);
    } finally {
      inline -= 1;
      leave(submitter);
    }
  }

  function take(job: Job, fits: Fitting, submitter: Submitter, waits: boolean): Offer {
    submitter.inFlight += 1;
    if (fits.executor.slotless === true) {
      const result = runInline(job, fits, submitter);
      result.catch(ignore);
      return { verdict: "accepted", position: 0, result };
    }
    if (waits) return { verdict: "queued", ...slots.wait(job, fits, submitter) };
    return { verdict: "accepted", position: 0, result: slots.run(job, fits, submitter) };
  }

  function offer(job: Job): Offer {
    const nowMs = clock.monotonic();
    const submitter = submitterOf(job.submitter, nowMs);
    const rateWaitMs = takeToken(submitter.bucket, nowMs, perSecond);
    // Who is over its rate is not worth parsing anything for.
    const fits =
      rateWaitMs > 0 ? unfit("RateLimited", "too many requests a second") : fitJob(job, fitOptions);
    const admission = admit({
      closing: closed !== undefined,
      unfit: fits.unfit,
      slotless: fits.executor?.slotless === true,
      running: slots.running,
      slots: slots.size,
      crowded: fits.unfit === undefined && !slots.fits(fits.share),
      queued: slots.queued,
      mayPass: slots.mayPass(),
      queueLimit: options.queueLimit ?? limits.workerQueue,
      serviceMs: slots.serviceMs,
      remainingMs: job.deadline - nowMs,
      inFlight: submitter.inFlight,
      inFlightLimit: options.inFlightPerPeer ?? limits.inFlightPerPeer,
      rateWaitMs,
    });
    if (admission.verdict === "refuse") {
      const { code, message, retryAfterMs } = admission;
      return { verdict: "refused", code, message, retryAfterMs };
    }
    if (fits.unfit !== undefined) return { verdict: "refused", ...fits.unfit, retryAfterMs: 0 };
    if (job.signal.aborted) {
      const { code, message } = abortError(job.signal.reason);
      return { verdict: "refused", code, message, retryAfterMs: 0 };
    }
    return take(job, fits, submitter, admission.verdict === "queue");
  }

  async function idle(signal: AbortSignal): Promise<void> {
    if (isIdle()) return;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    idleWaiters.push(resolve);
    await promise.finally(() => signal.removeEventListener("abort", abort));
  }

  async function shutDown(): Promise<void> {
    const reason = new ErrandError("ShuttingDown", "this node is shutting down");
    slots.clear(reason);
    shutdown.abort(reason);
    await idle(new AbortController().signal);
    await Promise.all(options.executors.map((executor) => executor.close()));
    await scratch.close();
  }

  return {
    skills,
    offerFrom(source, offered) {
      for (const id of lent.get(source) ?? []) skills.delete(id);
      const free = offered.filter(({ definition }) => !skills.has(definition.id));
      for (const skill of free) skills.set(skill.definition.id, skill);
      lent.set(
        source,
        free.map(({ definition }) => definition.id),
      );
      return offered.filter((skill) => !free.includes(skill)).map(({ definition }) => definition.id);
    },
    has(id, range) {
      const skill = skills.get(id);
      return skill !== undefined && matchesRange(skill, range);
    },
    offer,
    position: (job) => slots.position(job),
    load: () => ({
      running: slots.running + inline,
      slots: slots.size,
      queued: slots.queued,
      serviceMs: slots.serviceMs,
    }),
    grantOf,
    warm() {
      const isWarm = (skill: OfferedSkill): boolean =>
        options.executors.some((one) => one.canExecute(skill) && one.isWarm?.(skill) === true);
      return [...skills.values()].filter(isWarm).map(({ definition }) => definition.id);
    },
    held: () => slots.taken,
    idle,
    close: () => (closed ??= shutDown()),
  };
}

function ignore(): void {}
