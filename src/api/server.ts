/**
 * The local HTTP API: one server on loopback that translates requests into calls of `ErrandNode`. It knows no tasks' rules
 * and no peers; `routes/` has one file for each resource.
 */
import fastify, { type FastifyInstance } from "fastify";
import swagger from "@fastify/swagger";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import type { NodeConfig } from "../node/config.ts";
import type { ErrandNode } from "../node/node.ts";
import { checkLoopback, guard } from "./access.ts";
import type { ApiContext } from "./context.ts";
import { sendError } from "./http-errors.ts";
import { batchRoutes } from "./routes/batch.ts";
import { blobRoutes } from "./routes/blobs.ts";
import { eventRoutes } from "./routes/events.ts";
import { graphRoutes } from "./routes/graphs.ts";
import { nodeRoutes } from "./routes/node.ts";
import { peerRoutes } from "./routes/peers.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { skillRoutes } from "./routes/skills.ts";
import { statsRoutes } from "./routes/stats.ts";
import { taskControlRoutes } from "./routes/task-control.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { trustRoutes } from "./routes/trust.ts";
import { sharedSchemas } from "./schemas.ts";
import { useValidation } from "./validation.ts";

export interface ApiOptions {
  node: ErrandNode;
  /** Loopback only. Port 0 takes a free one. */
  host: string;
  port: number;
  token: string;
  log: Log;
  config?: NodeConfig;
  onShutdownRequest: () => void;
}

export interface ApiServer {
  /** `http://127.0.0.1:4780` */
  readonly url: string;
  /** Ends long polls and event streams, lets other requests finish for a moment, then closes. Tolerates closed-twice. */
  close(): Promise<void>;
}

const closeGraceMs = 2_000;

/** Listens. Throws `InvalidConfig` for a host that is not loopback, `Conflict` for a port in use. */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  checkLoopback(options.host);
  const closing = new AbortController();
  const context: ApiContext = {
    node: options.node,
    log: options.log,
    closing: closing.signal,
    config: options.config,
    requestShutdown: options.onShutdownRequest,
  };
  const app = await buildApp(context, options.token);
  await listen(app, options.host, options.port);
  let closed: Promise<void> | undefined;
  return {
    url: urlOf(app, options.host),
    close: () => (closed ??= closeApp(app, closing)),
  };
}

async function buildApp(context: ApiContext, token: string): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: limits.apiBodyBytes,
    requestTimeout: limits.apiRequestTimeoutMs,
    http: { headersTimeout: limits.apiHeadersTimeoutMs },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => {
      sendError(reply, error, context.log);
    },
  });
  app.setErrorHandler((error, _request, reply) => sendError(reply, error, context.log));
  app.setNotFoundHandler((request) => {
    throw new ErrandError("NotFound", `there is no ${request.method} ${request.url.split("?")[0]}`, {
      hint: "GET /v1/openapi.json lists the routes.",
    });
  });
  useValidation(app);
  guard(app, token);
  for (const schema of sharedSchemas) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Errand", version, description: "The local API of an Errand node." },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) =>
        typeof json["$id"] === "string" ? json["$id"] : `schema-${i}`,
    },
  });
  await app.register((scope, _options, done) => {
    taskRoutes(scope, context);
    taskControlRoutes(scope, context);
    scheduleRoutes(scope, context);
    batchRoutes(scope, context);
    graphRoutes(scope, context);
    eventRoutes(scope, context);
    skillRoutes(scope, context);
    peerRoutes(scope, context);
    trustRoutes(scope, context);
    nodeRoutes(scope, context);
    statsRoutes(scope, context);
    scope.get("/v1/openapi.json", { schema: { hide: true } }, () => app.swagger());
    done();
  });
  await app.register((scope, _options, done) => {
    blobRoutes(scope, context);
    done();
  });
  return app;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new ErrandError("Conflict", `the API's port ${port} is in use`, {
        hint: "Another node or program listens there; choose another with --api 127.0.0.1:PORT (0 takes a free one).",
        cause,
      });
    }
    throw new ErrandError("InvalidConfig", `the API cannot listen on ${host}:${port} (${code ?? "error"})`, {
      hint: "Choose another address with --api 127.0.0.1:PORT.",
      cause,
    });
  }
}

function urlOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function closeApp(app: FastifyInstance, closing: AbortController): Promise<void> {
  closing.abort();
  const force = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(force);
  }
}
