/** What became of the node's tasks, in numbers; and clearing away those that ended long ago. */
import type { FastifyInstance } from "fastify";
import { STATS_WINDOWS, TERMINAL_STATES, type PruneRequest, type StatsWindow } from "../../node/node.ts";
import { fullPeerId, requestSignal, type ApiContext } from "../context.ts";
import { answers } from "../schemas.ts";

const name = { type: "string", minLength: 1, maxLength: 64 };
const open = { type: "object", additionalProperties: true };

const statsQuery = {
  type: "object",
  additionalProperties: false,
  properties: {
    window: { enum: STATS_WINDOWS, default: "all", description: "all: every task that is kept" },
    skill: { ...name, description: "Of this skill alone" },
    peer: {
      ...name,
      description: "Of the tasks of this worker alone; may be shortened if the peer is known",
    },
  },
};

const pruneBody = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    olderThanMs: {
      type: "integer",
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "Whatever ended longer ago; by the configuration's retention when absent",
    },
    states: { type: "array", minItems: 1, items: { enum: TERMINAL_STATES }, uniqueItems: true },
    dryRun: { type: "boolean", description: "Count, and remove nothing" },
    cache: { type: "boolean", description: "Also the results kept for reuse" },
  },
};

export function statsRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  app.get<{ Querystring: { window: StatsWindow; skill?: string; peer?: string } }>(
    "/v1/stats",
    {
      schema: {
        tags: ["node"],
        summary: "Counts, rates and durations of tasks: overall, by skill and by peer",
        querystring: statsQuery,
        response: answers({ 200: open }),
      },
    },
    ({ query: { peer, ...query } }) =>
      node.stats(peer === undefined ? query : { ...query, peer: fullPeerId(node, peer) }),
  );
  app.post<{ Body: Omit<PruneRequest, "signal"> | null | undefined }>(
    "/v1/prune",
    {
      schema: {
        tags: ["node"],
        summary: "Remove tasks that ended long ago; answers when it is done, stops when the client goes away",
        body: pruneBody,
        response: answers({ 200: open }),
      },
    },
    ({ body }, reply) => node.prune({ ...body, signal: requestSignal(context, reply) }),
  );
}
