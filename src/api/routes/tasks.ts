/** Tasks: submit, look, wait, cancel, explain, and the raw output. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { isTerminal, TASK_STATES, type TaskState, type TaskView } from "../../node/node.ts";
import { fullPeerId, fullTaskId, requestSignal, type ApiContext } from "../context.ts";
import { answers, emptyQuery, idParam, listOf, ref } from "../schemas.ts";
import { submissionSchema, toSubmission, type SubmissionJson } from "../submission.ts";
import { sendBody } from "./blobs.ts";

const seconds = { type: "number", minimum: 0, maximum: limits.apiWaitMs / 1_000 };
const params = idParam("id", "A task's id, or a unique beginning or end of it", "^[0-9a-fA-F-]{4,36}$");

interface ListQuery {
  state?: TaskState[];
  skill?: string;
  peer?: string;
  label?: string;
  dead?: boolean;
  limit?: number;
  before?: string;
}

export function taskRoutes(app: FastifyInstance, context: ApiContext): void {
  submitRoute(app, context);
  listRoute(app, context);
  oneTaskRoutes(app, context);
}

function submitRoute(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  app.post<{ Body: SubmissionJson; Querystring: { wait?: number } }>(
    "/v1/tasks",
    {
      schema: {
        summary:
          "Submit a task; acknowledged once it is on disk. With wait, answers at its end or after so many seconds.",
        tags: ["tasks"],
        body: submissionSchema,
        querystring: { ...emptyQuery, properties: { wait: seconds } },
        response: answers({ 201: ref("Task") }),
      },
    },
    async (request, reply) => {
      const submitted = await node.tasks.submit(toSubmission(request.body, node));
      const { wait } = request.query;
      const view = wait === undefined ? submitted : await waitFor(context, reply, submitted.id, wait);
      return reply.code(201).header("location", `/v1/tasks/${submitted.id}`).send(view);
    },
  );
}

function listRoute(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  app.get<{ Querystring: ListQuery }>(
    "/v1/tasks",
    {
      schema: {
        summary: "Tasks of this node, newest first; `next` is the `before` of the page that follows",
        tags: ["tasks"],
        querystring: {
          ...emptyQuery,
          properties: {
            state: { type: "array", items: { enum: TASK_STATES }, maxItems: TASK_STATES.length },
            skill: { type: "string", maxLength: 64 },
            peer: { type: "string", maxLength: 64 },
            label: { type: "string", pattern: "^[^=]{1,64}=", maxLength: 330, description: "KEY=VALUE" },
            dead: {
              type: "boolean",
              description: "Only dead letters: tasks that were spoilt by three workers",
            },
            limit: { type: "integer", minimum: 1, maximum: 1_000, default: 50 },
            before: { type: "string", format: undefined, pattern: "^[0-9a-fA-F-]{36}$" },
          },
        },
        response: answers({ 200: listOf("tasks", "Task", { next: { type: ["string", "null"] } }) }),
      },
    },
    async ({ query }) => {
      const { state, peer, label, dead, limit = 50, ...rest } = query;
      const tasks = await node.tasks.list({
        ...rest,
        limit,
        ...(state === undefined ? {} : { states: state }),
        ...(dead === true && { states: ["failed" as const], reason: "dead-letter" }),
        ...(peer === undefined ? {} : { peer: fullPeerId(node, peer) }),
        ...(label === undefined ? {} : { label: splitLabel(label) }),
      });
      return { tasks, next: tasks.length < limit ? null : (tasks.at(-1)?.id ?? null) };
    },
  );
}

function splitLabel(label: string): [string, string] {
  const at = label.indexOf("=");
  return [label.slice(0, at), label.slice(at + 1)];
}

function oneTaskRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  const task = (summary: string, response: object): object => ({
    tags: ["tasks"],
    summary,
    params,
    response: answers({ 200: response }),
  });
  app.get<{ Params: { id: string } }>(
    "/v1/tasks/:id",
    { schema: task("One task", ref("Task")) },
    ({ params }) => node.tasks.get(params.id),
  );
  app.get<{ Params: { id: string }; Querystring: { timeout?: number } }>(
    "/v1/tasks/:id/wait",
    {
      schema: {
        ...task(
          "Wait for the end of a task: 200 when it has ended, 202 when it has not by then",
          ref("Task"),
        ),
        querystring: { ...emptyQuery, properties: { timeout: seconds } },
      },
    },
    async ({ params, query }, reply) => {
      const id = await fullTaskId(node, params.id);
      const view = await waitFor(context, reply, id, query.timeout ?? limits.apiWaitMs / 1_000);
      return reply.code(isTerminal(view.status) ? 200 : 202).send(view);
    },
  );
  app.get<{ Params: { id: string } }>(
    "/v1/tasks/:id/output",
    { schema: { tags: ["tasks"], summary: "The output's bytes, with its media type", params } },
    async ({ params }, reply) => sendBody(reply, node, await node.tasks.output(params.id)),
  );
  app.get<{ Params: { id: string } }>(
    "/v1/tasks/:id/explain",
    {
      schema: task("Why the task is where it is: who was considered, each score's parts, each refusal", {
        type: "object",
        additionalProperties: true,
      }),
    },
    ({ params }) => node.tasks.explain(params.id),
  );
  app.post<{ Params: { id: string }; Body: { reason?: string } | null | undefined }>(
    "/v1/tasks/:id/cancel",
    {
      schema: {
        ...task("Cancel a task", ref("Task")),
        body: {
          type: ["object", "null"],
          additionalProperties: false,
          properties: { reason: { type: "string", maxLength: 256 } },
        },
      },
    },
    async ({ params, body }) =>
      node.tasks.cancel(await fullTaskId(node, params.id), body?.reason ?? "cancelled by its submitter"),
  );
}

/** The view at the end, or as it is after `seconds`. */
async function waitFor(
  context: ApiContext,
  reply: FastifyReply,
  id: string,
  seconds: number,
): Promise<TaskView> {
  const { node, closing } = context;
  const signal = requestSignal(context, reply, seconds * 1_000);
  try {
    return await node.tasks.wait(id, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    if (closing.aborted) {
      throw new ErrandError("ShuttingDown", "the node is stopping", {
        hint: `The task is kept; ask for it again when the node is back: GET /v1/tasks/${id}.`,
      });
    }
    return node.tasks.get(id);
  }
}
