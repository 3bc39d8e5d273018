/** Blobs: large inputs in, large outputs out, streamed, never wholly in memory. */
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Body } from "../../core/body.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { ErrandNode } from "../../node/node.ts";
import { requestSignal, type ApiContext } from "../context.ts";
import { answers, idParam } from "../schemas.ts";

const octets = "application/octet-stream";

/** Takes the body as it comes, whatever its type: register in a scope of its own. */
export function blobRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node } = context;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { bodyLimit: limits.blobBytes }, (_request, payload, done) =>
    done(null, payload),
  );
  app.put<{ Body: Readable | undefined }>(
    "/v1/blobs",
    {
      bodyLimit: limits.blobBytes,
      schema: {
        tags: ["blobs"],
        summary: "Store the request's body; answers with its SHA-256 and size",
        response: answers({
          200: {
            type: "object",
            properties: { hash: { type: "string" }, sizeBytes: { type: "integer" } },
          },
        }),
      },
    },
    async (request, reply) => {
      if (Number(request.headers["content-length"] ?? 0) > limits.blobBytes) {
        throw new ErrandError("LimitExceeded", `a blob has at most ${limits.blobBytes} bytes`);
      }
      return node.blobs.put(request.body ?? Readable.from([]), requestSignal(context, reply));
    },
  );
  app.get<{ Params: { hash: string } }>(
    "/v1/blobs/:hash",
    {
      schema: {
        tags: ["blobs"],
        summary: "A blob's bytes",
        params: idParam("hash", "SHA-256, hexadecimal", "^[0-9a-f]{64}$"),
      },
    },
    async ({ params }, reply) => {
      const bytes = await node.blobs.read(params.hash);
      return inert(reply).type(octets).send(bytes);
    },
  );
}

/** A task's body as the response. */
export async function sendBody(reply: FastifyReply, node: ErrandNode, body: Body): Promise<FastifyReply> {
  const type = /^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*$/.test(body.type) ? body.type : octets;
  if (body.bytes !== undefined) {
    return inert(reply).header("content-type", type).send(Buffer.from(body.bytes));
  }
  const bytes = await node.blobs.read(body.blob.hash);
  return inert(reply).header("content-type", type).header("content-length", body.blob.sizeBytes).send(bytes);
}

/** Bytes of a stranger's making: no browser may take them for a page of this origin. */
function inert(reply: FastifyReply): FastifyReply {
  return reply
    .header("x-content-type-options", "nosniff")
    .header("content-security-policy", "sandbox; default-src 'none'")
    .header("content-disposition", "attachment");
}
