/** Trust: who is trusted how far and why, what is said of whom, and taking it along. Pins and blocks are routes of the peers. */
import type { FastifyInstance } from "fastify";
import type { TrustImport } from "../../node/node.ts";
import { limits } from "../../core/limits.ts";
import { requestSignal, type ApiContext } from "../context.ts";
import { answers, emptyQuery, idParam } from "../schemas.ts";

const open = { type: "object", additionalProperties: true };
const peer = { type: "string", minLength: 1, maxLength: 128 };
const bytes = { type: "string", maxLength: 4 * limits.attestationBytes, pattern: "^[A-Za-z0-9+/]*={0,2}$" };
const number = { type: "number" };
const list = (items: object, maxItems: number): object => ({ type: "array", items, maxItems });
const exactly = (properties: Record<string, object>, required = Object.keys(properties)): object => ({
  type: "object",
  required,
  additionalProperties: false,
  properties,
});

const evidence = exactly({
  peer,
  skill: { type: "string", maxLength: 64 },
  good: number,
  bad: number,
  badCount: number,
  reliability: { type: "number", exclusiveMinimum: 0, maximum: 1 },
  updatedAt: { type: "integer" },
  extra: { type: ["string", "null"] },
});

const importBody = exactly(
  {
    errand: { const: "trust/1" },
    network: { type: "string", maxLength: 64 },
    peer,
    exportedAt: { type: "string", maxLength: 64 },
    pins: list(exactly({ peer, trust: { type: "number", minimum: 0, maximum: 1 } }), limits.evidencePeers),
    blocks: list(peer, limits.evidencePeers),
    evidence: list(evidence, limits.evidencePeers * limits.evidenceSkillsPerPeer),
    attestations: list(bytes, limits.attestationIssuers + 1),
    equivocations: list(exactly({ issuer: peer, first: bytes, second: bytes }), limits.equivocationsKept),
  },
  ["errand"],
);

const revokeBody = exactly(
  {
    peers: {
      ...list(peer, limits.claimsPerAttestation),
      minItems: 1,
      description: 'PeerIds, or "*" for all',
    },
    undo: { type: "boolean", description: "Let this node speak of them again" },
  },
  ["peers"],
);

export function trustRoutes(app: FastifyInstance, context: ApiContext): void {
  const { trust } = context.node;
  const described = (summary: string, more: object = {}): object => ({
    schema: { tags: ["trust"], summary, response: answers({ 200: open }), ...more },
  });
  app.get(
    "/v1/trust",
    described("Every known peer with trust and credibility, and what this node says", {
      querystring: emptyQuery,
    }),
    () => trust.overview(),
  );
  app.get<{ Querystring: { nodes: number } }>(
    "/v1/trust/graph",
    described("The peers that are heard most, with the claims between them", {
      querystring: {
        type: "object",
        additionalProperties: false,
        properties: {
          nodes: {
            type: "integer",
            minimum: 1,
            maximum: limits.attestationIssuers,
            default: limits.trustGraphNodes,
          },
        },
      },
    }),
    ({ query }) => trust.graph(query.nodes),
  );
  app.get(
    "/v1/trust/export",
    described("Pins, blocks, own evidence, and everything signed that is held", { querystring: emptyQuery }),
    () => trust.export(),
  );
  app.post<{ Body: TrustImport; Querystring: { evidence: boolean } }>(
    "/v1/trust/import",
    described("What an export holds; signatures are checked again", {
      body: importBody,
      querystring: {
        type: "object",
        additionalProperties: false,
        properties: {
          evidence: {
            type: "boolean",
            default: false,
            description: "Also what the other node saw, where this one has nothing newer",
          },
        },
      },
    }),
    ({ body, query }, reply) =>
      trust.import(body, { evidence: query.evidence, signal: requestSignal(context, reply) }),
  );
  app.post<{ Body: { peers: string[]; undo?: boolean } }>(
    "/v1/trust/revoke",
    described("Take back what this node says of peers; the answer is as of GET /v1/trust", {
      body: revokeBody,
    }),
    ({ body: { peers, undo = false } }) => trust.revoke(peers, { undo }),
  );
  app.get<{ Params: { id: string }; Querystring: { skill?: string } }>(
    "/v1/trust/:id",
    described("Why a peer is trusted as far as it is", {
      params: idParam("id", "A PeerId, or a unique beginning or end of a known one"),
      querystring: {
        type: "object",
        additionalProperties: false,
        properties: { skill: { type: "string", minLength: 1, maxLength: 64 } },
      },
    }),
    ({ params, query }) => trust.explain(params.id, query.skill),
  );
}
