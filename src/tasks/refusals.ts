/** When nobody takes a task: who may be asked again and when, and when the home gives up. */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError, type ErrorCode } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Decision } from "../routing/candidate.ts";
import { markTried, type TaskRecord } from "./record.ts";
import { refusalDelayMs } from "./retry.ts";
import type { Waiting, Waits } from "./waits.ts";

/** What one candidate said instead of taking the task. */
export interface Refusal {
  peer: PeerIdText;
  code: ErrorCode;
  message: string;
  retryAfterMs: number;
}

export interface RefusalsOptions {
  clock: Clock;
  random: Random;
  /** How long a task for which nobody is known waits for somebody to turn up, ms. */
  discoveryWindowMs: number;
  fail: Waits["fail"];
}

export type Refusals = ReturnType<typeof createRefusals>;

const finalRefusals: ReadonlySet<ErrorCode> = new Set([
  "UnsupportedSkill",
  "Unauthorized",
  "InvalidInput",
  "InsufficientFunds",
]);
const searchMs = 1_000;
// A lease's length: whoever comes back within it is not lost, elsewhere either.
const unreachableWindowMs = limits.leaseMs;

export function createRefusals({ clock, random, discoveryWindowMs, fail }: RefusalsOptions) {
  /** Nobody may be asked: look for providers until the window ends, or wait for one that is only shut out for a while. */
  function nobody(record: TaskRecord, decision: Decision): Waiting | undefined {
    const now = clock.monotonic();
    record.searchingSinceMs ??= now;
    if (decision.retryAfterMs !== undefined) {
      const delayMs = Math.min(Math.max(decision.retryAfterMs, 50), 5_000);
      return { how: "later", delayMs, reason: "every capable peer is shut out for a moment" };
    }
    const leftMs = record.searchingSinceMs + discoveryWindowMs - now;
    if (leftMs > 0) return { how: "search", delayMs: Math.min(leftMs, searchMs), reason: "" };
    return fail(record, "no-capable-peer", noCapablePeer(record, decision));
  }

  function noteRefusal(record: TaskRecord, peer: PeerIdText, said: Omit<Refusal, "peer">): void {
    // Full, draining or rate-limited peers may be asked again; the others would say the same.
    if (!finalRefusals.has(said.code)) return;
    markTried(record, peer, `${said.code}: ${said.message}`);
  }

  function everybodyRefused(
    record: TaskRecord,
    decision: Decision,
    refusals: Refusal[],
  ): Waiting | undefined {
    const invalid = refusals.find((one) => one.code === "InvalidInput");
    if (invalid !== undefined) {
      const hint = `See the skill's input schema: errand skill get ${record.spec.skill}`;
      return fail(
        record,
        "error",
        new ErrandError("InvalidInput", invalid.message, { details: { peer: invalid.peer }, hint }),
      );
    }
    if (refusals.some((one) => one.code !== "PeerUnreachable")) record.unreachableSinceMs = undefined;
    else if (unreachableTooLong(record))
      return fail(record, "no-capable-peer", noCapablePeer(record, decision, refusals));
    const last = refusals.at(-1);
    const retryAfterMs = Math.min(...refusals.map((one) => one.retryAfterMs));
    const delayMs = refusalDelayMs(record.refusedRounds++, retryAfterMs, random);
    return {
      how: "later",
      delayMs,
      reason: `refused by ${refusals.length}; the last said ${last?.code}: ${last?.message}`,
    };
  }

  /** Its peers cannot be reached, and could not for as long as one may be away without being lost. */
  function unreachableTooLong(record: TaskRecord): boolean {
    const now = clock.monotonic();
    record.unreachableSinceMs ??= now;
    return now - record.unreachableSinceMs > unreachableWindowMs;
  }

  return { nobody, noteRefusal, everybodyRefused, unreachableTooLong };
}

export function noCapablePeer(
  record: TaskRecord,
  decision: Decision | undefined,
  refusals: Refusal[] = [],
): ErrandError {
  const { spec } = record;
  const known = decision === undefined ? 1 : decision.considered.length + decision.omitted;
  const unreachable = refusals.length > 0;
  const message =
    known === 0
      ? `no known peer offers ${spec.skill}`
      : unreachable
        ? `none of the ${known} known providers of ${spec.skill} can be reached`
        : `none of the ${known} known providers of ${spec.skill} may run this task`;
  const hint =
    known === 0
      ? "`errand skill list` shows what the mesh offers; `errand peer list` whom this node knows."
      : `\`errand task explain ${record.id}\` tells why each was refused.`;
  const reasons = unreachable
    ? refusals.map(({ peer, message: refused }) => ({ peer, refused }))
    : decision?.considered.map(({ peer, refused }) => ({ peer, refused }));
  return new ErrandError("NoCapablePeer", message, { hint, details: { refusals: reasons } });
}
