/** From what a user asks to a full specification: defaults, and every bound checked with an error that names the field. */
import { ErrandError } from "../core/errors.ts";
import { isSkillId, isTaskId, publicKeyOfPeer } from "../core/ids.ts";
import { bodySizeBytes, jsonType } from "../core/body.ts";
import { limits } from "../core/limits.ts";
import semver from "semver";
import type { Requirements, RunLimits } from "../network/messages.ts";
import { defaultRetry } from "./retry.ts";
import type { RetryPolicy, Submission, TaskSpec } from "./task.ts";
import { checkPolicy } from "./verification/policy.ts";

export const defaultAttemptTimeoutMs = 300_000;
const longestMs = 30 * 24 * 3_600_000;
// The year 9999: what a date can be written for.
const latestAt = 253_402_300_799_000;

// Shared by all specifications that say nothing: a waiting task stays small, and is told from others at a glance.
const nothing: Record<string, never> = Object.freeze({});

/** Throws `InvalidInput`. */
export function fillSpec(s: Submission): TaskSpec {
  check(
    typeof s.skill === "string" && isSkillId(s.skill),
    `"${s.skill.slice(0, 64)}" is not a skill id`,
    "A skill id is lower-case words joined by dots, such as text.stats; see `errand skill list`.",
  );
  check(
    s.skillVersion === undefined || s.skillVersion === "" || semver.validRange(s.skillVersion) !== null,
    `skillVersion "${s.skillVersion}" is not a version range`,
  );
  range("priority", s.priority, 0, 255, true);
  range("minTrust", s.minTrust, 0, 1);
  range("maxPrice", s.maxPrice, 0, Number.MAX_SAFE_INTEGER);
  range("attemptTimeoutMs", s.attemptTimeoutMs, 1, longestMs);
  range("taskTimeoutMs", s.taskTimeoutMs, 1, longestMs);
  range("queueTimeoutMs", s.queueTimeoutMs, 1, longestMs);
  if (s.peer !== undefined)
    check(publicKeyOfPeer(s.peer) !== undefined, `"${s.peer.slice(0, 64)}" is not a peer id`);
  check(s.input.type.length <= 128, "the input's media type is too long");
  const sizeBytes = bodySizeBytes(s.input);
  const largest = s.input.type === jsonType ? limits.jsonBodyBytes : limits.blobBytes;
  check(sizeBytes <= largest, `the input has ${sizeBytes} bytes; at most ${largest} are allowed`);
  checkLabels(s.labels);
  range("notBefore", s.notBefore, 0, latestAt);
  range("concurrency", s.concurrency, 1, 1_000_000, true);
  if (s.parentId !== undefined) check(isTaskId(s.parentId), "parentId is not a task id");
  for (const key of ["idempotencyKey", "concurrencyKey"] as const) {
    const text = s[key];
    check(
      text === undefined || (typeof text === "string" && text.length > 0 && text.length <= 128),
      `${key} must be 1 to 128 characters`,
    );
  }
  return {
    skill: s.skill,
    skillVersion: s.skillVersion ?? "",
    priority: s.priority ?? 96,
    requirements: s.requirements === undefined ? nothing : checkRequirements(s.requirements),
    limits: s.limits === undefined ? undefined : checkLimits(s.limits),
    peer: s.peer,
    minTrust: s.minTrust ?? 0,
    maxPrice: s.maxPrice,
    retry: fillRetry(s.retry),
    attemptTimeoutMs: s.attemptTimeoutMs ?? defaultAttemptTimeoutMs,
    taskTimeoutMs: s.taskTimeoutMs,
    queueTimeoutMs: s.queueTimeoutMs,
    idempotent: s.idempotent,
    onLost: s.onLost ?? "retry",
    labels: s.labels ?? nothing,
    traceparent: s.traceparent,
    notBefore: s.notBefore,
    parentId: s.parentId,
    graph: s.graph,
    idempotencyKey: s.idempotencyKey,
    cache: s.cache ?? true,
    concurrencyKey: s.concurrencyKey,
    concurrency: s.concurrency,
    verify: s.verify === undefined ? undefined : checkPolicy(s.verify),
    check: s.check,
  };
}

function check(ok: boolean, message: string, hint?: string): void {
  if (!ok) throw new ErrandError("InvalidInput", message, { hint });
}

function range(field: string, value: number | undefined, least: number, most: number, whole = false): void {
  if (value === undefined) return;
  const ok =
    typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value));
  check(ok, `${field} must be ${whole ? "a whole number" : "a number"} from ${least} to ${most}`);
}

const strategies: readonly RetryPolicy["strategy"][] = [
  "none",
  "immediate",
  "fixed",
  "exponential",
  "fibonacci",
];

function fillRetry(retry: Partial<RetryPolicy> | undefined): RetryPolicy {
  if (retry === undefined) return defaultRetry;
  range("retry.retries", retry.retries, 0, 100, true);
  range("retry.delayMs", retry.delayMs, 0, longestMs);
  range("retry.capMs", retry.capMs, 0, longestMs);
  range("retry.jitter", retry.jitter, 0, 1);
  check(
    retry.strategy === undefined || strategies.includes(retry.strategy),
    `retry.strategy must be one of ${strategies.join(", ")}`,
  );
  const filled = { ...defaultRetry, ...retry };
  return filled.strategy === "none" ? { ...filled, retries: 0 } : filled;
}

function checkRequirements(q: Requirements): Requirements {
  range("requirements.minCpuCores", q.minCpuCores, 0, 4_096);
  range("requirements.minMemoryGb", q.minMemoryGb, 0, 1e6);
  range("requirements.minStorageGb", q.minStorageGb, 0, 1e9);
  for (const key of ["platform", "role"] as const)
    check((q[key]?.length ?? 0) <= 32, `requirements.${key} is longer than 32 characters`);
  check(
    (q.tags?.length ?? 0) <= 16 && (q.tags ?? []).every((tag) => tag.length <= 64),
    "requirements.tags must be at most 16 tags of at most 64 characters",
  );
  return q;
}

function checkLimits(l: RunLimits): RunLimits {
  range("limits.cpuCores", l.cpuCores, 0, 4_096);
  range("limits.memoryBytes", l.memoryBytes, 0, Number.MAX_SAFE_INTEGER, true);
  range("limits.outputBytes", l.outputBytes, 1, limits.blobBytes, true);
  return l;
}

function checkLabels(labels: Record<string, string> | undefined): void {
  const entries = Object.entries(labels ?? {});
  check(entries.length <= 32, "at most 32 labels are allowed");
  check(
    entries.every(([key, value]) => key.length <= 64 && typeof value === "string" && value.length <= 256),
    "labels must be texts: keys of at most 64, values of at most 256 characters",
  );
}

const defaults: Readonly<Partial<TaskSpec>> = fillSpec({
  skill: "none",
  input: { bytes: new Uint8Array(0), type: "" },
});
// These have columns of their own.
const elsewhere: ReadonlySet<string> = new Set(["skill", "skillVersion", "priority"]);

/** The specification as JSON, without what has a column and without defaults: for most tasks `{}`. */
export function specToText(spec: TaskSpec): string {
  let said: Record<string, unknown> | undefined;
  for (const key in spec) {
    const value = spec[key as keyof TaskSpec];
    if (value === undefined || value === defaults[key as keyof TaskSpec] || elsewhere.has(key)) continue;
    said ??= {};
    said[key] = value;
  }
  return said === undefined ? "{}" : JSON.stringify(said);
}

/** `row`: the task's; of its other columns some have names of the specification too, and mean something else (`peer`). */
export function specFromText(
  text: string,
  row: Pick<TaskSpec, "skill" | "skillVersion" | "priority">,
): TaskSpec {
  const { skill, skillVersion, priority } = row;
  const said = text === "{}" ? undefined : (JSON.parse(text) as Partial<TaskSpec>);
  return { ...(defaults as TaskSpec), skill, skillVersion, priority, ...said };
}
