/**
 * Whether a request is run, waits or is refused: a pure function of what the worker knows at that moment. A refusal says
 * when asking again could help, estimated from how busy the worker is.
 */
import type { ErrorCode } from "../core/errors.ts";

/** What the submitter wants of the machine; absent means any. */
export interface JobRequirements {
  minCpuCores?: number;
  minMemoryGb?: number;
  minStorageGb?: number;
  gpu?: boolean;
  internet?: boolean;
  platform?: string;
  role?: string;
  tags?: string[];
}

/** What this machine is, as far as requirements ask. */
export interface WorkerProfile {
  resources: {
    cpuCores: number;
    memoryBytes: number;
    storageBytes: number;
    gpus: string[];
    platform: string;
    internet: boolean;
  };
  role: string;
  tags: readonly string[];
}

export interface AdmissionFacts {
  closing: boolean;
  /** A sentence when the skill, its version, the input or a requirement speaks against it for good; else undefined. */
  unfit: { code: ErrorCode; message: string } | undefined;
  /** Runs on the node's own thread: neither slot nor queue. */
  slotless: boolean;
  running: number;
  slots: number;
  /** Not enough of the machine is free for it now. */
  crowded?: boolean;
  queued: number;
  /** All that wait do so for more of the machine than is free, and let others pass. */
  mayPass?: boolean;
  queueLimit: number;
  /** Moving average of a run, ms; 0 when unknown. */
  serviceMs: number;
  /** Until the attempt's deadline, ms. */
  remainingMs: number;
  /** Attempts of this submitter here, waiting or running. */
  inFlight: number;
  inFlightLimit: number;
  /** From `takeToken`: 0 when the submitter is within its rate. */
  rateWaitMs: number;
}

export type Admission =
  | { verdict: "run" }
  | { verdict: "queue" }
  | { verdict: "refuse"; code: ErrorCode; message: string; retryAfterMs: number };

const run: Admission = { verdict: "run" };
const queue: Admission = { verdict: "queue" };

// Nobody should come back sooner than an answer takes on the way, nor stay away longer than load is worth predicting.
const shortestRetryMs = 50;
const longestRetryMs = 60_000;

/** Reasons that will not change come first, so that nobody waits and asks again in vain. */
export function admit(facts: AdmissionFacts): Admission {
  if (facts.closing) return refuse("ShuttingDown", "this node is shutting down", 0);
  // Before anything costly is looked at: a flood is refused by the cheapest check.
  if (facts.rateWaitMs > 0) return refuse("RateLimited", "too many requests a second", facts.rateWaitMs);
  if (facts.unfit !== undefined) return refuse(facts.unfit.code, facts.unfit.message, 0);
  if (facts.remainingMs <= 0) return refuse("TaskTimeout", "its deadline has passed already", 0);
  if (facts.inFlight >= facts.inFlightLimit) {
    return refuse("RateLimited", `${facts.inFlight} tasks of this peer are here already`, waitMs(facts, 1));
  }
  if (facts.slotless) return run;
  const first = facts.queued === 0 || facts.mayPass === true;
  if (facts.running < facts.slots && first && facts.crowded !== true) return run;
  if (facts.queued >= facts.queueLimit) {
    return refuse("QueueFull", `${facts.queued} tasks are waiting here already`, waitMs(facts, 1));
  }
  const estimateMs = (facts.serviceMs * (facts.queued + 1)) / facts.slots;
  if (estimateMs > facts.remainingMs) {
    return refuse("QueueFull", "it would not start before its deadline", waitMs(facts, facts.queued + 1));
  }
  return queue;
}

/** Until `places` places have come free, ms. */
function waitMs(facts: AdmissionFacts, places: number): number {
  return (facts.serviceMs * places) / facts.slots;
}

function refuse(code: ErrorCode, message: string, retryAfterMs: number): Admission {
  const never = retryAfterMs === 0 && code !== "QueueFull" && code !== "RateLimited";
  return {
    verdict: "refuse",
    code,
    message,
    retryAfterMs: never ? 0 : Math.round(Math.min(Math.max(retryAfterMs, shortestRetryMs), longestRetryMs)),
  };
}

/** Tokens of one submitter; `at` is the monotonic ms they were counted at. */
export interface Bucket {
  tokens: number;
  at: number;
}

/** A full bucket holds one second's worth. Takes a token and returns 0, or returns the ms until there is one. */
export function takeToken(bucket: Bucket, nowMs: number, perSecond: number): number {
  bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.at) * perSecond) / 1000);
  bucket.at = nowMs;
  if (bucket.tokens < 1) return ((1 - bucket.tokens) * 1000) / perSecond;
  bucket.tokens -= 1;
  return 0;
}

// A gigabyte is 10^9, as for the submitter: a "4 GB" machine keeps a part of its 4 GiB for itself and must still count as one.
const gigabyte = 1e9;

/** The first requirement that this machine does not meet, as a sentence, or undefined when it meets all. */
export function unmetRequirement(wanted: JobRequirements, profile: WorkerProfile): string | undefined {
  const has = profile.resources;
  const short = (least: number | undefined, is: number): boolean => least !== undefined && is < least;
  if (short(wanted.minCpuCores, has.cpuCores))
    return `needs ${wanted.minCpuCores} CPU cores, has ${has.cpuCores}`;
  if (short(wanted.minMemoryGb, has.memoryBytes / gigabyte))
    return `needs ${wanted.minMemoryGb} GB of memory, has ${(has.memoryBytes / gigabyte).toFixed(1)}`;
  if (short(wanted.minStorageGb, has.storageBytes / gigabyte))
    return `needs ${wanted.minStorageGb} GB of storage, has ${(has.storageBytes / gigabyte).toFixed(1)}`;
  if (wanted.gpu === true && has.gpus.length === 0) return "needs a GPU, has none";
  if (wanted.internet === true && !has.internet) return "needs the internet, has no access";
  if (wanted.platform !== undefined && wanted.platform !== has.platform)
    return `needs platform ${wanted.platform}, is ${has.platform}`;
  if (wanted.role !== undefined && wanted.role !== profile.role)
    return `needs role ${wanted.role}, is ${profile.role || "without one"}`;
  const missing = wanted.tags?.find((tag) => !profile.tags.includes(tag));
  return missing === undefined ? undefined : `needs tag ${missing}`;
}
