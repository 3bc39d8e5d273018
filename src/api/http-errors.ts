/** One mapping of errors to HTTP: `{ "error": ErrorJson }` with the status that fits the code. */
import type { FastifyError, FastifyReply } from "fastify";
import { ErrandError, toErrandError, type ErrorCode } from "../core/errors.ts";
import type { Log } from "../core/log.ts";

const statusOf: Record<ErrorCode, number> = {
  InvalidInput: 400,
  Unauthorized: 401,
  InsufficientFunds: 402,
  NotFound: 404,
  Ambiguous: 409,
  Conflict: 409,
  Cancelled: 409,
  LimitExceeded: 413,
  UnsupportedSkill: 422,
  InvalidConfig: 422,
  QueueFull: 429,
  RateLimited: 429,
  Internal: 500,
  StorageFailed: 500,
  SkillFailed: 502,
  VerificationFailed: 502,
  DelegationFailed: 502,
  ProtocolViolation: 502,
  Lost: 502,
  PeerUnreachable: 502,
  NodeUnreachable: 502,
  NoCapablePeer: 503,
  ShuttingDown: 503,
  TaskTimeout: 504,
  WaitTimeout: 504,
};

/** Whatever a handler or the framework threw, as our error. */
function fromFramework(error: unknown): ErrandError {
  if (error instanceof ErrandError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ErrandError("LimitExceeded", "the request body is too large", {
      hint: "Upload large inputs with PUT /v1/blobs and name them as inputBlob.",
      retryable: false,
    });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ErrandError("InvalidInput", "the request body is not JSON", {
      hint: "Send it with Content-Type: application/json.",
    });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ErrandError("InvalidInput", message ?? "bad request", { cause: error });
  }
  return toErrandError(error);
}

export function sendError(reply: FastifyReply, thrown: unknown, log: Log): FastifyReply {
  let error = fromFramework(thrown);
  if (error.code === "Internal") {
    // The caller gets no stack and no inner message: those are for the log, which is the one place they go.
    log.error({ err: thrown, url: reply.request.url }, "request failed");
    error = new ErrandError("Internal", "the node failed to handle the request", {
      hint: "The node's log says why.",
    });
  }
  if (error.retryAfterMs !== undefined) {
    void reply.header("retry-after", String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))));
  }
  // A response may go out before the request's body was read to the end: that connection cannot be reused.
  if (error.code === "LimitExceeded") void reply.header("connection", "close");
  return reply.code(statusOf[error.code]).type("application/json").send({ error: error.toJSON() });
}
