/** Shapes that the OpenAPI document names. They describe; `validation.ts` does not apply them to responses. */
import { ERROR_CODES } from "../core/errors.ts";
import { TASK_STATES } from "../node/node.ts";

const text = { type: "string" } as const;
const number = { type: "number" } as const;
const integer = { type: "integer" } as const;
const texts = { type: "array", items: text } as const;
const open = { type: "object", additionalProperties: true } as const;
const errorDetails = {
  code: { enum: ERROR_CODES },
  message: text,
  hint: text,
  retryable: { type: "boolean" },
  retryAfterMs: integer,
  details: open,
};

export const sharedSchemas = [
  {
    $id: "Error",
    type: "object",
    required: ["error"],
    properties: {
      error: { type: "object", required: ["code", "message", "retryable"], properties: errorDetails },
    },
  },
  {
    $id: "Task",
    type: "object",
    properties: {
      id: text,
      skill: text,
      skillVersion: text,
      status: { enum: TASK_STATES },
      reason: text,
      priority: integer,
      peer: text,
      local: { type: "boolean" },
      attempts: integer,
      progress: number,
      progressMessage: text,
      createdAt: { type: "string", format: "date-time" },
      updatedAt: { type: "string", format: "date-time" },
      finishedAt: { type: ["string", "null"], format: "date-time" },
      durationMs: number,
      output: { description: "The output if it is JSON and small; else null, see outputRef" },
      outputRef: {
        type: ["object", "null"],
        properties: { type: text, sizeBytes: integer, hash: text },
      },
      error: { type: ["object", "null"], properties: errorDetails },
      usage: {
        type: ["object", "null"],
        properties: { wallMs: number, cpuMs: number, peakMemoryBytes: number },
      },
      labels: { type: "object", additionalProperties: text },
      notBefore: { type: ["string", "null"], format: "date-time" },
      parentId: { type: ["string", "null"] },
      graph: { type: ["object", "null"], properties: { id: text, node: text } },
      cached: { type: "boolean", description: "The output is an equal task's; nothing ran for this one" },
    },
  },
  {
    $id: "HistoryEntry",
    type: "object",
    properties: {
      at: { type: "integer", description: "ms since the epoch" },
      from: { enum: ["", ...TASK_STATES] },
      to: { enum: TASK_STATES },
      attempt: integer,
      peer: text,
      reason: text,
    },
  },
  {
    $id: "Skill",
    type: "object",
    properties: {
      id: text,
      version: text,
      name: text,
      description: text,
      tags: texts,
      examples: { type: "array", items: {} },
      inputModes: texts,
      deterministic: { type: "boolean" },
      idempotent: { type: "boolean" },
      price: number,
      access: { enum: ["everyone", "pinned", "trusted", "listed", "nobody"] },
      policy: {
        ...open,
        description:
          "Of this node's own skills: peers that are listed, trust that is needed, what a run may use",
      },
      providers: texts,
      local: { type: "boolean" },
      input: { description: "JSON Schema of the input" },
      output: { description: "JSON Schema of the output" },
    },
  },
  {
    $id: "Peer",
    type: "object",
    properties: {
      id: text,
      name: text,
      connected: { type: "boolean" },
      addresses: texts,
      role: text,
      tags: texts,
      skills: texts,
      load: { type: ["object", "null"], additionalProperties: true },
      resources: { type: ["object", "null"], additionalProperties: true },
      tiers: texts,
      agent: text,
      rttMs: { type: ["number", "null"] },
      pinned: { type: ["number", "null"] },
      blocked: { type: "boolean" },
      trust: open,
      lastSeenMs: { type: ["number", "null"] },
    },
  },
];

type SchemaName = "Error" | "Task" | "HistoryEntry" | "Skill" | "Peer";

export const ref = (id: SchemaName): object => ({ $ref: `${id}#` });

export const listOf = (key: string, id: SchemaName, more: object = {}): object => ({
  type: "object",
  properties: { [key]: { type: "array", items: ref(id) }, ...more },
});

/** Responses of a route: what it answers when all is well, and the one shape of all errors. */
export function answers(ok: Record<number, object>): Record<string, object> {
  return { ...ok, "4xx": ref("Error"), "5xx": ref("Error") };
}

/** A path parameter that names something; the node decides what it means. */
export const idParam = (name: string, description: string, pattern?: string): object => ({
  type: "object",
  properties: {
    [name]: {
      type: "string",
      minLength: 1,
      maxLength: 128,
      description,
      ...(pattern === undefined ? {} : { pattern }),
    },
  },
});

export const emptyQuery = { type: "object", additionalProperties: false, properties: {} };
