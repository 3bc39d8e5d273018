/** Peers: who is known, and what the operator decides about them. */
import type { FastifyInstance } from "fastify";
import { limits } from "../../core/limits.ts";
import { requestSignal, type ApiContext } from "../context.ts";
import { answers, idParam, listOf, ref } from "../schemas.ts";

const faults = {
  type: "object",
  properties: { faults: { type: "array", items: { type: "object", additionalProperties: true } } },
};

interface ById {
  Params: { id: string };
}

export function peerRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  const one = (summary: string): object => ({
    tags: ["peers"],
    summary,
    params: idParam("id", "A PeerId, or a unique beginning or end of it"),
    response: answers({ 200: ref("Peer") }),
  });
  app.get(
    "/v1/peers",
    {
      schema: {
        tags: ["peers"],
        summary: "Known peers",
        response: answers({ 200: listOf("peers", "Peer") }),
      },
    },
    () => ({ peers: node.peers.list() }),
  );
  app.get<ById>("/v1/peers/:id", { schema: one("One peer") }, ({ params }) => node.peers.get(params.id));
  app.post<{ Body: { target: string } }>(
    "/v1/peers/connect",
    {
      schema: {
        tags: ["peers"],
        summary: "Connect to a multiaddr, or to a known peer by its id",
        body: {
          type: "object",
          required: ["target"],
          additionalProperties: false,
          properties: { target: { type: "string", minLength: 1, maxLength: 512 } },
        },
        response: answers({ 200: ref("Peer") }),
      },
    },
    ({ body }, reply) =>
      node.peers.connect(body.target, requestSignal(context, reply, limits.apiConnectTimeoutMs)),
  );
  app.put<ById & { Body: { trust: number } }>(
    "/v1/peers/:id/pin",
    {
      schema: {
        ...one("Pin the trust in a peer"),
        body: {
          type: "object",
          required: ["trust"],
          additionalProperties: false,
          properties: { trust: { type: "number", minimum: 0, maximum: 1 } },
        },
      },
    },
    ({ params, body }) => node.peers.pin(params.id, body.trust),
  );
  app.get<ById>(
    "/v1/peers/:id/faults",
    {
      schema: {
        ...one("Results that the peer signed and that proved wrong, newest first, each with its proof"),
        response: answers({ 200: faults }),
      },
    },
    async ({ params }) => ({ faults: await node.peers.faults(params.id) }),
  );
  app.delete<ById>("/v1/peers/:id/pin", { schema: one("Take the pin back") }, ({ params }) =>
    node.peers.pin(params.id, null),
  );
  app.put<ById>(
    "/v1/peers/:id/block",
    { schema: one("Block a peer: no connection, no task") },
    ({ params }) => node.peers.block(params.id),
  );
  app.delete<ById>("/v1/peers/:id/block", { schema: one("Unblock a peer") }, ({ params }) =>
    node.peers.unblock(params.id),
  );
}
