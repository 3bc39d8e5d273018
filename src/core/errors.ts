/**
 * The one error type of Errand, and the closed list of its codes.
 *
 * A code is a stable string: programs decide by it, people read the message and the hint. Only the code and
 * the message cross the wire. An error is either logged or passed up, never both.
 */

/** What went wrong, by stable name. The first eleven are what a task's user meets; the rest are about the node. */
export const ERROR_CODES = [
  "QueueFull",
  "NoCapablePeer",
  "DelegationFailed",
  "UnsupportedSkill",
  "InvalidInput",
  "TaskTimeout",
  "Unauthorized",
  "RateLimited",
  "VerificationFailed",
  "InsufficientFunds",
  "PeerUnreachable",
  "SkillFailed",
  "Cancelled",
  "Lost",
  "NotFound",
  "Ambiguous",
  "Conflict",
  "WaitTimeout",
  "InvalidConfig",
  "NodeUnreachable",
  "ProtocolViolation",
  "StorageFailed",
  "LimitExceeded",
  "ShuttingDown",
  "Internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrandErrorOptions {
  /** What the reader can do next, one sentence. */
  hint?: string;
  /** Whether the same call may succeed later without a change. Default: by code, see `retryableByCode`. */
  retryable?: boolean;
  /** Earliest useful retry, in milliseconds from now. */
  retryAfterMs?: number;
  /** Machine-readable facts: the task, the peer, each refusal. JSON-serialisable. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** The shape of an error in JSON output, in the API and in the store. */
export interface ErrorJson {
  code: ErrorCode;
  message: string;
  hint?: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: Record<string, unknown>;
}

const retryableByCode: ReadonlySet<ErrorCode> = new Set([
  "QueueFull",
  "NoCapablePeer",
  "DelegationFailed",
  "RateLimited",
  "PeerUnreachable",
  "SkillFailed",
  "Lost",
  "WaitTimeout",
  "NodeUnreachable",
  "ShuttingDown",
]);

export class ErrandError extends Error {
  override readonly name = "ErrandError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrandErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? retryableByCode.has(code);
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  toJSON(): ErrorJson {
    const json: ErrorJson = { code: this.code, message: this.message, retryable: this.retryable };
    if (this.hint !== undefined) json.hint = this.hint;
    if (this.retryAfterMs !== undefined) json.retryAfterMs = this.retryAfterMs;
    if (this.details !== undefined) json.details = this.details;
    return json;
  }

  static fromJSON(json: ErrorJson): ErrandError {
    const { code, message, ...options } = json;
    return new ErrandError(isErrorCode(code) ? code : "Internal", message, options);
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && (ERROR_CODES as readonly string[]).includes(value);
}

/** Any thrown value as an ErrandError; what is not one already becomes `code` (default `Internal`) with its cause kept. */
export function toErrandError(error: unknown, code: ErrorCode = "Internal"): ErrandError {
  if (error instanceof ErrandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ErrandError(code, message === "" ? code : message, { cause: error });
}
