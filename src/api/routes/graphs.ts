/** Graphs of tasks: plan, submit, look, list, wait, cancel. Their tasks' changes come over the event streams like all others. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { GRAPH_STATES, type GraphLook, type GraphState, type GraphView } from "../../node/node.ts";
import { requestSignal, type ApiContext } from "../context.ts";
import { graphSchema, toGraphSpec } from "../graph-spec.ts";
import { answers, emptyQuery, idParam } from "../schemas.ts";

const text = { type: "string" };
const integer = { type: "integer" };
const states = ["waiting", "running", "completed", "failed", "cancelled", "skipped"];
const counts = { type: "object", properties: Object.fromEntries(states.map((state) => [state, integer])) };
const nodeView = {
  type: "object",
  properties: {
    id: text,
    skill: text,
    state: { enum: states },
    reason: text,
    needs: { type: "array", items: text },
    when: text,
    task: { type: ["string", "null"] },
    items: { anyOf: [counts, { type: "null" }] },
    itemTasks: { type: "array", items: { type: ["string", "null"] } },
  },
};
const graph = {
  type: "object",
  properties: {
    id: text,
    name: text,
    status: { enum: GRAPH_STATES },
    reason: text,
    createdAt: { type: "string", format: "date-time" },
    finishedAt: { type: ["string", "null"], format: "date-time" },
    durationMs: { type: "number" },
    counts,
    progress: { type: "number" },
    nodes: { type: "array", items: nodeView },
    output: { type: ["object", "null"], additionalProperties: true },
    outputNote: text,
  },
};
const plan = { type: "object", additionalProperties: true };
const params = idParam("id", "A graph's id, or a unique beginning or end of it", "^[0-9a-fA-F-]{4,36}$");
const look = {
  nodes: { type: "boolean", description: "Every node with its state; default true" },
  output: { enum: ["sinks", "all", "none"], description: "Outputs of which nodes, once it has ended" },
};

interface ById {
  Params: { id: string };
}

export function graphRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  const one = (summary: string): object => ({
    tags: ["graphs"],
    summary,
    params,
    response: answers({ 200: graph }),
  });
  app.post<{ Body: Record<string, unknown>; Querystring: { dryRun?: "plan" } }>(
    "/v1/graphs",
    {
      schema: {
        tags: ["graphs"],
        summary: "Submit a graph; acknowledged once it is on disk. With dryRun=plan: only what it would do",
        body: graphSchema,
        querystring: { ...emptyQuery, properties: { dryRun: { enum: ["plan"] } } },
        response: answers({ 200: plan, 201: graph }),
      },
    },
    async ({ body, query }, reply) => {
      const spec = toGraphSpec(body, node);
      if (query.dryRun !== undefined) return reply.send(node.graphs.plan(spec));
      const view = await node.graphs.submit(spec);
      return reply.code(201).header("location", `/v1/graphs/${view.id}`).send(view);
    },
  );
  listRoute(app, context);
  app.get<ById & { Querystring: GraphLook }>(
    "/v1/graphs/:id",
    {
      schema: { ...one("One graph with its nodes"), querystring: { ...emptyQuery, properties: look } },
    },
    ({ params, query }) => node.graphs.get(params.id, query),
  );
  app.get<ById & { Querystring: GraphLook & { timeout?: number } }>(
    "/v1/graphs/:id/wait",
    {
      schema: {
        ...one("Wait for the end of a graph: 200 when it has ended, 202 when it has not by then"),
        querystring: {
          ...emptyQuery,
          properties: {
            ...look,
            timeout: { type: "number", minimum: 0, maximum: limits.apiWaitMs / 1_000 },
          },
        },
      },
    },
    async ({ params, query }, reply) => {
      const view = await waitFor(context, reply, params.id, query);
      return reply.code(view.finishedAt === null ? 202 : 200).send(view);
    },
  );
  app.post<ById & { Body: { reason?: string } | null | undefined }>(
    "/v1/graphs/:id/cancel",
    {
      schema: {
        ...one("Cancel a graph: what waits will not run, what runs is cancelled"),
        body: {
          type: ["object", "null"],
          additionalProperties: false,
          properties: { reason: { type: "string", maxLength: 256 } },
        },
      },
    },
    ({ params, body }) => node.graphs.cancel(params.id, body?.reason ?? "cancelled by its submitter"),
  );
}

function listRoute(app: FastifyInstance, { node }: ApiContext): void {
  app.get<{ Querystring: { state?: GraphState[]; limit?: number; before?: string } }>(
    "/v1/graphs",
    {
      schema: {
        tags: ["graphs"],
        summary: "Graphs of this node, newest first; `next` is the `before` of the page that follows",
        querystring: {
          ...emptyQuery,
          properties: {
            state: { type: "array", items: { enum: GRAPH_STATES }, maxItems: GRAPH_STATES.length },
            limit: { type: "integer", minimum: 1, maximum: 1_000, default: 50 },
            before: { type: "string", pattern: "^[0-9a-fA-F-]{4,36}$" },
          },
        },
        response: answers({
          200: {
            type: "object",
            properties: { graphs: { type: "array", items: graph }, next: { type: ["string", "null"] } },
          },
        }),
      },
    },
    async ({ query: { state, limit = 50, before } }) => {
      const graphs = await node.graphs.list({
        limit,
        ...(state === undefined ? {} : { states: state }),
        ...(before === undefined ? {} : { before }),
      });
      return { graphs, next: graphs.length < limit ? null : (graphs.at(-1)?.id ?? null) };
    },
  );
}

/** The view at the end, or as it is after the time. */
async function waitFor(
  context: ApiContext,
  reply: FastifyReply,
  id: string,
  { timeout = limits.apiWaitMs / 1_000, ...look }: GraphLook & { timeout?: number },
): Promise<GraphView> {
  const { node, closing } = context;
  const signal = requestSignal(context, reply, timeout * 1_000);
  try {
    return await node.graphs.wait(id, { ...look, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    if (closing.aborted)
      throw new ErrandError("ShuttingDown", "the node is stopping", {
        hint: `The graph is kept; ask for it again when the node is back: GET /v1/graphs/${id}.`,
      });
    return node.graphs.get(id, look);
  }
}
