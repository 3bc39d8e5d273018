/**
 * The worker's slots, the queue before them, and what of the machine running jobs hold. A job that does not fit yet lets others
 * pass for a while. Whether a job is taken at all is admission's to say; whose it is, the worker's.
 */
import { availableParallelism } from "node:os";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import { adaptiveLimit, fixedLimit } from "./adaptive-limit.ts";
import type { Fitting } from "./fit.ts";
import { abortError, type Job, type JobResult } from "./job.ts";
import { createLedger, type Machine, type Share } from "./ledger.ts";
import { createWaitingQueue } from "./queue.ts";

/** `Owner`: whose a job is, for the caller alone. */
export interface Slots<Owner> {
  /** Jobs that have a slot now. */
  readonly running: number;
  /** Slots there are now. */
  readonly size: number;
  readonly queued: number;
  /** Moving average of a run that took a slot, ms; 0 before the first. */
  readonly serviceMs: number;
  /** What running jobs hold. */
  readonly taken: Readonly<Share>;
  /** Whether so much of the machine is free. */
  fits(share: Share): boolean;
  /** Whether a slot is free and all that wait let others pass. */
  mayPass(): boolean;
  /** Runs it in a slot now, which must be free. */
  run(job: Job, fits: Fitting, owner: Owner): Promise<JobResult>;
  /** Has it wait for a slot; its cancel and its deadline take it out of the queue. `position` counts from 1. */
  wait(job: Job, fits: Fitting, owner: Owner): { position: number; result: Promise<JobResult> };
  /** Place in the queue, from 1, or 0 when it does not wait. */
  position(job: Job): number;
  /** Rejects all that wait. */
  clear(reason: ErrandError): void;
}

export interface SlotsOptions<Owner> {
  /** Runs at once, always; undefined: as many as do well together, at most one per core. */
  fixed: number | undefined;
  machine(): Machine;
  /** Called for a job that has its slot, and the numbers of the GPUs that it holds. */
  execute(job: Job, fits: Fitting, gpus: readonly number[]): Promise<JobResult>;
  /** A job of this owner is over, however. */
  left(owner: Owner): void;
  clock: Clock;
}

interface Waiting<Owner> {
  job: Job;
  fits: Fitting;
  result: PromiseWithResolvers<JobResult>;
  /** Monotonic ms at which it was taken on. */
  sinceMs: number;
  owner: Owner;
  /** Takes timer and listener back. */
  leaveQueue: () => void;
}

const settledAlready = Promise.resolve();

/** Weight of the newest run in the moving average of run times. */
const newestWeight = 0.2;

/** A task that waits for more cores or memory than are free lets others pass for so long; then they keep free what ends. */
const overtakenMs = 5_000;

export function createSlots<Owner>({
  fixed,
  machine,
  execute,
  left,
  clock,
}: SlotsOptions<Owner>): Slots<Owner> {
  const limit = fixed === undefined ? adaptiveLimit(availableParallelism()) : fixedLimit(fixed);
  const queue = createWaitingQueue<Waiting<Owner>>();
  const ledger = createLedger(machine);
  let running = 0;
  let serviceMs = 0;

  async function runInSlot({ job, fits, result, owner }: Waiting<Owner>): Promise<void> {
    running += 1;
    const gpus = ledger.take(fits.share);
    // Not before the caller has its answer in hand: the job calls back.
    await settledAlready;
    const start = clock.monotonic();
    try {
      result.resolve(await execute(job, fits, gpus));
    } catch (error) {
      result.reject(toErrandError(error));
    }
    const endedMs = clock.monotonic();
    const tookMs = endedMs - start;
    limit.ran(job.skill, tookMs, running, endedMs);
    serviceMs = serviceMs === 0 ? tookMs : serviceMs + newestWeight * (tookMs - serviceMs);
    running -= 1;
    ledger.give(fits.share, gpus);
    fill();
    left(owner);
  }

  function may({ fits, sinceMs }: Waiting<Owner>): "take" | "pass" | "stop" {
    if (ledger.fits(fits.share)) return "take";
    // What runs without a GPU takes nothing from who waits for one.
    if (ledger.lacksGpu(fits.share)) return "pass";
    return clock.monotonic() - sinceMs < overtakenMs ? "pass" : "stop";
  }

  function mayPass(): boolean {
    if (queue.size === 0 || running >= limit.current) return false;
    let passes = true;
    queue.take((waiting) => {
      passes = may(waiting) === "pass";
      return passes ? "pass" : "stop";
    });
    return passes;
  }

  function fill(): void {
    while (running < limit.current) {
      const next = queue.take(may);
      if (next !== undefined) {
        next.leaveQueue();
        void runInSlot(next);
      } else if (running > 0 || queue.size === 0) return;
      else strand();
    }
  }

  /** Nothing runs, and one still does not fit: the machine has less than it had. It is handed back, not kept. */
  function strand(): void {
    const stuck = queue.take(({ fits }) => (ledger.fits(fits.share) ? "pass" : "take"));
    if (stuck === undefined) return;
    turnAway(stuck, new ErrandError("Lost", "this machine no longer has what the task asks for"));
  }

  function turnAway(waiting: Waiting<Owner>, reason: ErrandError): void {
    waiting.leaveQueue();
    waiting.result.reject(reason);
    left(waiting.owner);
  }

  function waitingFor(job: Job, fits: Fitting, owner: Owner): Waiting<Owner> {
    const result = Promise.withResolvers<JobResult>();
    result.promise.catch(ignore);
    return { job, fits, result, sinceMs: clock.monotonic(), owner, leaveQueue: ignore };
  }

  return {
    get running() {
      return running;
    },
    get size() {
      return limit.current;
    },
    get queued() {
      return queue.size;
    },
    get serviceMs() {
      return serviceMs;
    },
    get taken() {
      return ledger.taken;
    },
    fits: (share) => ledger.fits(share),
    mayPass,
    run(job, fits, owner) {
      const waiting = waitingFor(job, fits, owner);
      void runInSlot(waiting);
      return waiting.result.promise;
    },
    wait(job, fits, owner) {
      const waiting = waitingFor(job, fits, owner);
      const giveUp = (error: ErrandError): void => {
        if (queue.remove(waiting)) turnAway(waiting, error);
      };
      const abort = (): void => giveUp(abortError(job.signal.reason));
      const cancelTimer = clock.after(job.deadline - clock.monotonic(), () =>
        giveUp(new ErrandError("TaskTimeout", "its deadline passed while it waited for a slot")),
      );
      job.signal.addEventListener("abort", abort, { once: true });
      waiting.leaveQueue = () => {
        cancelTimer();
        job.signal.removeEventListener("abort", abort);
      };
      return { position: queue.add(waiting, job.priority), result: waiting.result.promise };
    },
    position: (job) => queue.position((waiting) => waiting.job === job),
    clear(reason) {
      for (const waiting of queue.clear()) turnAway(waiting, reason);
    },
  };
}

function ignore(): void {}
