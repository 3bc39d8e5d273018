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
import { adaptiveLimit, fixedLimit } from "./adaptive-limit.ts";
import { admit, takeToken, type WorkerProfile } from "./admission.ts";
import type { Executor } from "./executor.ts";
import { createRangeCheck, fitJob, unfit, type Fitting } from "./fit.ts";
import { abortError, runJob, runJobInline, type Job, type JobResult } from "./job.ts";
import { createLedger, type Machine, type Share } from "./ledger.ts";
import { defaultAccess, grantFor, type AccessPolicy, type Caller, type Grant } from "./policy.ts";
import { createWaitingQueue } from "./queue.ts";
import { createScratch } from "./scratch.ts";
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

interface Waiting {
  job: Job;
  fits: Fitting;
  submitter: Submitter;
  result: PromiseWithResolvers<JobResult>;
  /** Monotonic ms at which it was taken on. */
  sinceMs: number;
  /** Takes timer and listener back. */
  leave: () => void;
}

const settledAlready = Promise.resolve();

/** Weight of the newest run in the moving average of run times. */
const newestWeight = 0.2;

/** A task that waits for more cores or memory than are free lets others pass for so long; then they keep free what ends. */
const overtakenMs = 5_000;

const unknownCaller: Caller = { self: false, pin: undefined, trust: 0 };

export function createWorker(options: WorkerOptions): Worker {
  const { clock } = options;
  const skills = new Map(options.skills.map((skill) => [skill.definition.id, skill]));
  const limit =
    options.slots === undefined ? adaptiveLimit(availableParallelism()) : fixedLimit(options.slots);
  const perSecond = options.requestsPerSecondPerPeer ?? limits.requestsPerSecondPerPeer;
  const submitterOf = createSubmitters(perSecond);
  const queue = createWaitingQueue<Waiting>();
  const matchesRange = createRangeCheck();
  const grants = new WeakMap<OfferedSkill, Grant>();
  const grantOf = (skill: OfferedSkill): Grant => {
    let grant = grants.get(skill);
    if (grant === undefined) grants.set(skill, (grant = grantFor(skill, options.access ?? defaultAccess)));
    return grant;
  };
  // A slot's part of the machine is that of the most there can be: fewer leave the rest idle on purpose.
  const slots = Math.max(1, options.slots ?? availableParallelism());
  const unknown: Machine = { cpuCores: slots, memoryBytes: Number.MAX_SAFE_INTEGER, gpus: [] };
  const machine = (): Machine => options.profile?.().resources ?? unknown;
  const ledger = createLedger(machine);
  const callerOf = options.callerOf ?? (() => unknownCaller);
  const fitOptions = { ...options, skills, matchesRange, grantOf, callerOf, slots, machine };
  const scratch = createScratch({ root: options.scratchRoot, random: options.random, log: options.log });
  const deps = { clock, log: options.log, scratch };
  const shutdown = new AbortController();
  let running = 0;
  let inline = 0;
  let serviceMs = 0;
  let idleWaiters: (() => void)[] = [];
  let closed: Promise<void> | undefined;

  const lent = new Map<string, string[]>();

  const isIdle = (): boolean => running === 0 && inline === 0 && queue.size === 0;

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

  async function runInSlot({ job, fits, submitter, result }: Waiting): Promise<void> {
    running += 1;
    const gpus = ledger.take(fits.share);
    scratch.sweep();
    await settledAlready;
    const start = clock.monotonic();
    try {
      const { skill, executor, grant } = fits;
      result.resolve(await runJob(job, { skill, executor, grant, gpus }, deps, shutdown.signal));
    } catch (error) {
      result.reject(toErrandError(error));
    }
    const endedMs = clock.monotonic();
    const tookMs = endedMs - start;
    limit.ran(job.skill, tookMs, running, endedMs);
    serviceMs = serviceMs === 0 ? tookMs : serviceMs + newestWeight * (tookMs - serviceMs);
    running -= 1;
    ledger.give(fits.share, gpus);
    fillSlots();
    leave(submitter);
  }

  function may({ fits, sinceMs }: Waiting): "take" | "pass" | "stop" {
    if (ledger.fits(fits.share)) return "take";
    // What runs without a GPU takes nothing from who waits for one.
    if (ledger.lacksGpu(fits.share)) return "pass";
    return clock.monotonic() - sinceMs < overtakenMs ? "pass" : "stop";
  }

  /** Whether a slot is free and all that wait let others pass. */
  function mayPass(): boolean {
    if (queue.size === 0 || running >= limit.current) return false;
    let passes = true;
    queue.take((waiting) => {
      passes = may(waiting) === "pass";
      return passes ? "pass" : "stop";
    });
    return passes;
  }

  function fillSlots(): void {
    while (running < limit.current) {
      const next = queue.take(may);
      if (next !== undefined) {
        next.leave();
        void runInSlot(next);
      } else if (running > 0 || queue.size === 0) return;
      else strand();
    }
  }

  /** Nothing runs, and one still does not fit: the machine has less than it had. It is handed back, not kept. */
  function strand(): void {
    const stuck = queue.take(({ fits }) => (ledger.fits(fits.share) ? "pass" : "take"));
    if (stuck === undefined) return;
    stuck.leave();
    stuck.result.reject(new ErrandError("Lost", "this machine no longer has what the task asks for"));
    leave(stuck.submitter);
  }

  /** Waits in the queue; its cancel and its deadline take it out of there. */
  function enqueue(waiting: Waiting): number {
    const { job, result, submitter } = waiting;
    const giveUp = (error: ErrandError): void => {
      if (!queue.remove(waiting)) return;
      waiting.leave();
      result.reject(error);
      leave(submitter);
    };
    const abort = (): void => giveUp(abortError(job.signal.reason));
    const cancelTimer = clock.after(job.deadline - clock.monotonic(), () =>
      giveUp(new ErrandError("TaskTimeout", "its deadline passed while it waited for a slot")),
    );
    job.signal.addEventListener("abort", abort, { once: true });
    waiting.leave = () => {
      cancelTimer();
      job.signal.removeEventListener("abort", abort);
    };
    return queue.add(waiting, job.priority);
  }

  function take(job: Job, fits: Fitting, submitter: Submitter, waits: boolean): Offer {
    submitter.inFlight += 1;
    if (fits.executor.slotless === true) {
      const result = runInline(job, fits, submitter);
      result.catch(ignore);
      return { verdict: "accepted", position: 0, result };
    }
    const result = Promise.withResolvers<JobResult>();
    result.promise.catch(ignore);
    const sinceMs = clock.monotonic();
    const waiting: Waiting = { job, fits, submitter, result, sinceMs, leave: ignore };
    if (waits) return { verdict: "queued", position: enqueue(waiting), result: result.promise };
    void runInSlot(waiting);
    return { verdict: "accepted", position: 0, result: result.promise };
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
      running,
      slots: limit.current,
      crowded: fits.unfit === undefined && !ledger.fits(fits.share),
      queued: queue.size,
      mayPass: mayPass(),
      queueLimit: options.queueLimit ?? limits.workerQueue,
      serviceMs,
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
    for (const waiting of queue.clear()) {
      waiting.leave();
      waiting.result.reject(reason);
      leave(waiting.submitter);
    }
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
    position: (job) => queue.position((waiting) => waiting.job === job),
    load: () => ({ running: running + inline, slots: limit.current, queued: queue.size, serviceMs }),
    grantOf,
    warm() {
      const isWarm = (skill: OfferedSkill): boolean =>
        options.executors.some((one) => one.canExecute(skill) && one.isWarm?.(skill) === true);
      return [...skills.values()].filter(isWarm).map(({ definition }) => definition.id);
    },
    held: () => ledger.taken,
    idle,
    close: () => (closed ??= shutDown()),
  };
}

function ignore(): void {}
