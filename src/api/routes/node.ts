/** The node itself: how it is, how it is set up, and stop. */
import type { FastifyInstance } from "fastify";
import { ErrandError } from "../../core/errors.ts";
import type { ApiContext } from "../context.ts";
import { answers } from "../schemas.ts";

const drainGraceMs = 60_000;
const open = { type: "object", additionalProperties: true };

export function nodeRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node, config } = context;
  app.get(
    "/v1/health",
    {
      schema: {
        tags: ["node"],
        summary: "Whether the node answers; needs no token",
        security: [],
        response: { 200: { type: "object", properties: { status: { const: "ok" } } } },
      },
    },
    () => ({ status: "ok" }),
  );
  app.get(
    "/v1/status",
    {
      schema: {
        tags: ["node"],
        summary: "Identity, addresses, load and counters",
        response: answers({ 200: open }),
      },
    },
    () => node.status(),
  );
  app.get(
    "/v1/config",
    { schema: { tags: ["node"], summary: "The configuration in force", response: answers({ 200: open }) } },
    () => {
      if (config === undefined)
        throw new ErrandError("NotFound", "this node was not made from a configuration");
      const webhooks = config.webhooks.map(({ secret, ...rest }) =>
        secret === undefined ? rest : { ...rest, secret: "(hidden)" },
      );
      return { ...config, webhooks };
    },
  );
  app.post<{ Body: { graceMs?: number } | null | undefined }>(
    "/v1/drain",
    {
      schema: {
        tags: ["node"],
        summary:
          "Take no new work; answers when what runs here has finished or was handed back after the grace time",
        body: {
          type: ["object", "null"],
          additionalProperties: false,
          properties: { graceMs: { type: "integer", minimum: 0, maximum: 3_600_000, default: drainGraceMs } },
        },
        response: answers({ 200: open }),
      },
    },
    async ({ body }) => {
      await node.drain({ graceMs: body?.graceMs ?? drainGraceMs });
      return node.status();
    },
  );
  app.delete(
    "/v1/drain",
    { schema: { tags: ["node"], summary: "Take new work again", response: answers({ 200: open }) } },
    () => {
      node.undrain();
      return node.status();
    },
  );
  app.post(
    "/v1/shutdown",
    {
      schema: {
        tags: ["node"],
        summary: "Stop the node; answers before it does",
        response: answers({ 202: { type: "object", properties: { status: { const: "stopping" } } } }),
      },
    },
    async (_request, reply) => {
      reply.raw.once("finish", () => context.requestShutdown());
      return reply.code(202).send({ status: "stopping" });
    },
  );
}
