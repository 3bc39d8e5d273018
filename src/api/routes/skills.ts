/** Skills: of this node, of the peers it knows, and their providers. */
import type { FastifyInstance } from "fastify";
import { limits } from "../../core/limits.ts";
import type { PeerView } from "../../node/node.ts";
import { requestSignal, type ApiContext } from "../context.ts";
import { answers, emptyQuery, idParam, listOf, ref } from "../schemas.ts";

const params = idParam("id", "A skill's id: text.stats");
const timeout = { type: "number", minimum: 0.1, maximum: 30, default: limits.apiFindTimeoutMs / 1_000 };

export function skillRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  app.get<{ Querystring: { all?: boolean; match?: string } }>(
    "/v1/skills",
    {
      schema: {
        tags: ["skills"],
        summary: "Skills of this node, or of all known peers; match keeps ids that begin or end so",
        querystring: {
          ...emptyQuery,
          properties: {
            all: { type: "boolean", default: false },
            match: { type: "string", minLength: 1, maxLength: 64 },
          },
        },
        response: answers({ 200: listOf("skills", "Skill") }),
      },
    },
    ({ query }) => {
      const { match } = query;
      const skills = node.skills.list({ all: query.all ?? false });
      return {
        skills:
          match === undefined
            ? skills
            : skills.filter(({ id }) => id.startsWith(match) || id.endsWith(match)),
      };
    },
  );
  app.get<{ Params: { id: string }; Querystring: { timeout: number } }>(
    "/v1/skills/:id",
    {
      schema: {
        tags: ["skills"],
        summary: "One skill with its schemas",
        params,
        querystring: { ...emptyQuery, properties: { timeout } },
        response: answers({ 200: ref("Skill") }),
      },
    },
    ({ params, query }, reply) =>
      node.skills.get(params.id, { signal: requestSignal(context, reply, query.timeout * 1_000) }),
  );
  app.get<{ Params: { id: string }; Querystring: { timeout: number; limit: number } }>(
    "/v1/skills/:id/providers",
    {
      schema: {
        tags: ["skills"],
        summary: "Who offers the skill: known cards first, then the DHT, until it ends or the timeout",
        params,
        querystring: {
          ...emptyQuery,
          properties: { timeout, limit: { type: "integer", minimum: 1, maximum: 256, default: 20 } },
        },
        response: answers({ 200: listOf("providers", "Peer") }),
      },
    },
    async ({ params, query }, reply) => {
      const signal = requestSignal(context, reply, query.timeout * 1_000);
      const providers: (PeerView & { version: string })[] = [];
      try {
        for await (const provider of node.skills.find(params.id, { signal, limit: query.limit })) {
          providers.push(provider);
        }
      } catch (error) {
        // What was found by then is the answer.
        if (!signal.aborted) throw error;
      }
      return { providers };
    },
  );
}
