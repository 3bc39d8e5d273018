/** Schedules: submissions that are made again and again, by cron expression or interval. */
import type { FastifyInstance } from "fastify";
import { ErrandError } from "../../core/errors.ts";
import { MISSED_POLICIES, OVERLAP_POLICIES, type ScheduleRequest } from "../../node/node.ts";
import type { ApiContext } from "../context.ts";
import { answers, emptyQuery, idParam, ref } from "../schemas.ts";
import { submissionSchema, toSubmission, type SubmissionJson } from "../submission.ts";

/** As sent: `until` is ISO 8601 or ms since the epoch. */
export interface ScheduleJson extends Omit<ScheduleRequest, "submission" | "until"> {
  submission: SubmissionJson;
  until?: string | number;
}

interface ById {
  Params: { id: string };
}

interface NextQuery {
  cron?: string;
  timezone?: string;
  everyMs?: number;
  count: number;
}

const expression = {
  cron: { type: "string", maxLength: 256, description: "5 fields, 6 with seconds, or a name such as @daily" },
  timezone: { type: "string", maxLength: 64, description: "IANA name; UTC when absent" },
  everyMs: { type: "integer", minimum: 1, description: "Instead of cron" },
} as const;

const scheduleBody = {
  type: "object",
  required: ["submission"],
  additionalProperties: false,
  properties: {
    ...expression,
    name: {
      type: "string",
      minLength: 1,
      maxLength: 64,
      description: "Unique; may be used instead of the id",
    },
    submission: submissionSchema,
    missed: {
      enum: MISSED_POLICIES,
      description: "Due times that passed while the node was down; once when absent",
    },
    overlap: { enum: OVERLAP_POLICIES, description: "While the last run goes on; allow when absent" },
    until: { type: ["string", "integer"], description: "No run after it: ISO 8601, or ms since the epoch" },
    maxRuns: { type: "integer", minimum: 1 },
  },
};

const schedule = { type: "object", additionalProperties: true };
const times = { type: "object", properties: { next: { type: "array", items: { type: "string" } } } };
const count = { type: "integer", minimum: 1, maximum: 100, default: 5 };

export function scheduleRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  const one = (summary: string, answer: object = schedule): object => ({
    tags: ["schedules"],
    summary,
    params: idParam("id", "A schedule's id, a unique beginning or end of it, or its name"),
    response: answers({ 200: answer }),
  });
  app.post<{ Body: ScheduleJson }>(
    "/v1/schedules",
    {
      schema: {
        tags: ["schedules"],
        summary: "Submit again and again; acknowledged once it is on disk",
        body: scheduleBody,
        response: answers({ 201: schedule }),
      },
    },
    async ({ body: { submission, until, ...rest } }, reply) => {
      const added = await node.schedules.add({
        ...rest,
        submission: toSubmission(submission, node),
        ...(until === undefined ? {} : { until: toTime(until) }),
      });
      return reply.code(201).header("location", `/v1/schedules/${added.id}`).send(added);
    },
  );
  app.get(
    "/v1/schedules",
    {
      schema: {
        tags: ["schedules"],
        summary: "Schedules of this node, oldest first",
        response: answers({
          200: { type: "object", properties: { schedules: { type: "array", items: schedule } } },
        }),
      },
    },
    () => ({ schedules: node.schedules.list() }),
  );
  app.get<{ Querystring: NextQuery }>(
    "/v1/schedules/next",
    {
      schema: {
        tags: ["schedules"],
        summary: "The next due times of an expression or interval that is no schedule yet",
        querystring: { ...emptyQuery, properties: { ...expression, count } },
        response: answers({ 200: times }),
      },
    },
    ({ query: { cron = "", timezone = "UTC", everyMs = 0, count } }) => {
      if ((cron === "") === (everyMs === 0))
        throw new ErrandError("InvalidInput", "give either cron or everyMs", {
          hint: "GET /v1/schedules/next?cron=0+9+*+*+MON-FRI&timezone=Europe/Berlin",
        });
      return { next: node.schedules.next({ cron, timezone, intervalMs: everyMs }, count) };
    },
  );
  app.get<ById>("/v1/schedules/:id", { schema: one("One schedule") }, ({ params }) =>
    node.schedules.get(params.id),
  );
  app.get<ById & { Querystring: { count: number } }>(
    "/v1/schedules/:id/next",
    {
      schema: {
        ...one("Its next due times", times),
        querystring: { ...emptyQuery, properties: { count } },
      },
    },
    ({ params, query }) => ({ next: node.schedules.next(params.id, query.count) }),
  );
  app.delete<ById>("/v1/schedules/:id", { schema: one("Remove a schedule; its tasks stay") }, ({ params }) =>
    node.schedules.remove(params.id),
  );
  app.post<ById>("/v1/schedules/:id/enable", { schema: one("Enable; goes on from now") }, ({ params }) =>
    node.schedules.enable(params.id),
  );
  app.post<ById>("/v1/schedules/:id/disable", { schema: one("Disable; is kept") }, ({ params }) =>
    node.schedules.disable(params.id),
  );
  app.post<ById>(
    "/v1/schedules/:id/trigger",
    { schema: one("Run now, beside the due times", ref("Task")) },
    ({ params }) => node.schedules.trigger(params.id),
  );
}

function toTime(until: string | number): number {
  const at = typeof until === "number" ? until : Date.parse(until);
  if (Number.isFinite(at)) return at;
  throw new ErrandError("InvalidInput", `until: "${String(until).slice(0, 64)}" is not a time`, {
    hint: "Write it like 2030-01-31T12:00:00Z.",
  });
}
