/** `POST /v1/tasks`: the body's schema, and what it becomes. */
import { jsonBody, type Body } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { COMPARATORS, type ErrandNode, type Submission } from "../node/node.ts";
import { fullPeerId } from "./context.ts";
import { parsePriority, priorityNames } from "./priority.ts";

/** As sent: a `Submission` whose input is JSON (or names an uploaded blob) and whose priority may be a name. */
export interface SubmissionJson extends Omit<Submission, "input" | "priority" | "graph" | "check"> {
  /** Instead of `notBefore`: from now, ms. */
  delayMs?: number;
  input?: unknown;
  inputBlob?: { hash: string; sizeBytes: number; type: string };
  priority?: number | string;
  /** Short for `retry.retries`. */
  retries?: number;
}

const monthMs = 31 * 24 * 3_600_000;
const duration = { type: "integer", minimum: 1, maximum: monthMs };
const unit = { type: "number", minimum: 0, maximum: 1 };
const amount = { type: "number", minimum: 0 };
const name = { type: "string", minLength: 1, maxLength: 64 };

const requirements = {
  type: "object",
  additionalProperties: false,
  properties: {
    minCpuCores: amount,
    minMemoryGb: amount,
    minStorageGb: amount,
    gpu: { type: "boolean" },
    internet: { type: "boolean" },
    platform: { enum: ["linux", "darwin", "windows", "android"] },
    role: { enum: ["worker", "compute", "storage", "mobile"] },
    tags: { type: "array", maxItems: 16, items: name },
  },
};

const runLimits = {
  type: "object",
  description: "What the run uses: its worker keeps so much free for it, and takes no larger output",
  additionalProperties: false,
  properties: {
    cpuCores: { type: "number", minimum: 0, maximum: 4_096 },
    memoryBytes: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    outputBytes: { type: "integer", minimum: 1, maximum: limits.blobBytes },
  },
};

const retry = {
  type: "object",
  additionalProperties: false,
  properties: {
    retries: { type: "integer", minimum: 0, maximum: 1_000 },
    strategy: { enum: ["none", "immediate", "fixed", "exponential", "fibonacci"] },
    delayMs: { type: "integer", minimum: 0, maximum: monthMs },
    capMs: duration,
    jitter: unit,
  },
};

const skillId = { type: "string", minLength: 1, maxLength: 64 };

/** What makes sense together is for the node to say. */
const verify = {
  type: "object",
  description: "How the result is verified before it counts; all rules that are named must hold",
  additionalProperties: false,
  properties: {
    auto: {
      type: "boolean",
      description:
        "As often as trust in the peer leaves doubt; false: not even where it is the node's default",
    },
    hash: { type: "string", pattern: "^[0-9a-f]{64}$", description: "SHA-256 of the output" },
    equals: { description: "The known answer" },
    schema: { type: ["object", "boolean"], description: "JSON Schema of the output" },
    range: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      items: {
        type: "object",
        required: ["pointer"],
        additionalProperties: false,
        properties: {
          pointer: { type: "string", maxLength: 1_024, description: "JSON pointer; * is all of a list" },
          min: { type: "number" },
          max: { type: "number" },
        },
      },
    },
    custom: {
      type: "object",
      description:
        "The function verifyResult of the node's hooks, or a verifier skill that returns {ok, reason}",
      additionalProperties: false,
      properties: {
        args: { description: "Handed to the function" },
        skill: skillId,
        input: { description: 'For the skill, with {"$ref": "input"} and {"$ref": "output.path"}' },
      },
    },
    replicas: {
      type: "object",
      required: ["n"],
      additionalProperties: false,
      properties: {
        n: { type: "integer", minimum: 2, maximum: 9 },
        quorum: { type: "integer", minimum: 2, maximum: 9, description: "More than half of n when absent" },
      },
    },
    spotCheck: { ...unit, description: "Share of the answers that are compared with another" },
    compare: {
      type: "object",
      required: ["kind"],
      additionalProperties: false,
      properties: {
        kind: { enum: COMPARATORS, description: "exact when absent" },
        abs: amount,
        rel: unit,
        atLeast: unit,
        skill: skillId,
      },
    },
  },
};

export const submissionSchema = {
  type: "object",
  required: ["skill"],
  additionalProperties: false,
  properties: {
    skill: { ...name, description: "Id of the skill: text.stats" },
    skillVersion: { type: "string", maxLength: 64, description: "Semver range; any when absent" },
    input: { description: "Any JSON; an empty object when absent" },
    inputBlob: {
      type: "object",
      description: "Instead of input: a blob uploaded with PUT /v1/blobs",
      required: ["hash", "sizeBytes", "type"],
      additionalProperties: false,
      properties: {
        hash: { type: "string", pattern: "^[0-9a-f]{64}$" },
        sizeBytes: { type: "integer", minimum: 0, maximum: limits.blobBytes },
        type: { type: "string", pattern: "^[\\w.+-]+/[\\w.+-]+(?:; ?[\\w-]+=[\\w.-]+)*$", maxLength: 128 },
      },
    },
    priority: {
      type: ["integer", "string"],
      description: `0–255 (default 96) or ${Object.keys(priorityNames).join(", ")}`,
    },
    requirements,
    limits: runLimits,
    peer: { ...name, description: "Only this peer; may be shortened if the peer is known" },
    minTrust: unit,
    maxPrice: amount,
    retries: { ...retry.properties.retries, description: "Short for retry.retries" },
    retry,
    attemptTimeoutMs: duration,
    taskTimeoutMs: duration,
    queueTimeoutMs: duration,
    idempotent: { type: "boolean" },
    onLost: { enum: ["retry", "fail"] },
    labels: {
      type: "object",
      maxProperties: 16,
      propertyNames: name,
      additionalProperties: { type: "string", maxLength: 256 },
    },
    notBefore: { type: "integer", minimum: 0, description: "Not sent before this time, ms since the epoch" },
    delayMs: { ...duration, description: "Instead of notBefore: from now" },
    parentId: { type: "string", pattern: "^[0-9a-fA-F-]{36}$", description: "Its cancel ends this task too" },
    idempotencyKey: {
      type: "string",
      minLength: 1,
      maxLength: 128,
      description: "The same key again is the same task",
    },
    cache: { type: "boolean", description: "false: run it even if its result is known" },
    concurrencyKey: { type: "string", minLength: 1, maxLength: 128 },
    concurrency: {
      type: "integer",
      minimum: 1,
      maximum: 1_000_000,
      description: "Tasks of the same concurrencyKey that may be out at once; default 1",
    },
    verify,
    traceparent: { type: "string", pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" },
  },
} as const;

/** Throws `InvalidInput`; `NotFound` or `Ambiguous` for a shortened peer. */
export function toSubmission(json: SubmissionJson, node: ErrandNode): Submission {
  const { input, inputBlob, priority, retries, retry: policy, peer, delayMs, ...rest } = json;
  const submission: Submission = { ...rest, input: toBody(input, inputBlob) };
  if (delayMs !== undefined) {
    if (rest.notBefore !== undefined)
      throw new ErrandError("InvalidInput", "both notBefore and delayMs were given", {
        hint: "Give one of them.",
      });
    submission.notBefore = Date.now() + delayMs;
  }
  if (priority !== undefined) submission.priority = parsePriority(priority);
  if (peer !== undefined) submission.peer = fullPeerId(node, peer);
  if (retries !== undefined && policy?.retries !== undefined && policy.retries !== retries) {
    throw new ErrandError("InvalidInput", "retries and retry.retries differ", { hint: "Give one of them." });
  }
  if (policy !== undefined || retries !== undefined) {
    submission.retry = retries === undefined ? { ...policy } : { ...policy, retries };
  }
  return submission;
}

function toBody(input: unknown, blob: SubmissionJson["inputBlob"]): Body {
  if (blob === undefined) return jsonBody(input === undefined ? {} : input);
  if (input !== undefined) {
    throw new ErrandError("InvalidInput", "both input and inputBlob were given", {
      hint: "Give one of them.",
    });
  }
  return { blob: { hash: blob.hash, sizeBytes: blob.sizeBytes }, type: blob.type };
}
