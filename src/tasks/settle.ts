/**
 * Judging an answer: is it what was asked, unaltered, signed by who gave it? Only an answer that passes becomes the task's
 * result. What the worker may forget, it hears after our commit.
 */
import { jsonType, type Body } from "../core/body.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { sha256 } from "../core/signatures.ts";
import { bodyHash, type ResponseStatement, type ResponseVerifier } from "../network/attest.ts";
import type { Attest, AttemptRef, TaskResponse } from "../network/messages.ts";
import { attestToBytes } from "./attest-bytes.ts";
import { isTerminal, mayMove } from "./states.ts";
import type { Verdict } from "./providers.ts";
import type { BlobAccess } from "./blob-access.ts";
import { stopSignalOf, type TaskRecord } from "./record.ts";
import type { TaskTable } from "./table.ts";
import type { Verification } from "./verification/verification.ts";

export type Judgement =
  | { kind: "done"; outcome: "completed"; error?: undefined }
  /** It is what was asked; whether it is right is to be found out (verification/). The worker may forget it. */
  | { kind: "held"; outcome: "completed"; error?: undefined }
  /** The worker had to stop for a reason of its own; the task is as it was. */
  | { kind: "handed-back"; outcome: "lost"; error: ErrandError }
  /** The peer's fault, not the task's: it lied, or its output cannot be had. */
  | { kind: "spoilt"; outcome: "failed"; error: ErrandError }
  /** Worth another attempt if its error is retryable and the policy has one left. */
  | { kind: "failed"; outcome: string; error: ErrandError; state: "failed" | "timeout" }
  /** No further attempt can help. */
  | { kind: "ended"; outcome: string; error: ErrandError; reason: string; state: "failed" | "timeout" };

/** A worker's answer, and how long it took as measured here, ms. */
export interface Answer {
  response: TaskResponse;
  ranMs: number;
}

export interface SettlementOptions {
  self: PeerIdText;
  network: string;
  table: TaskTable;
  blobs: BlobAccess;
  verify: ResponseVerifier;
  /** Sends the acknowledgement over the session to `peer`, if there is one; a worker without it keeps its answer. */
  acknowledge(peer: PeerIdText, attempts: AttemptRef[]): void;
  /** Holds back what must be checked before it counts; without it, everything counts. */
  verification?: Pick<Verification, "plan" | "hold"> | undefined;
  /** Evidence. Called exactly once for each answer. */
  judged(record: TaskRecord, peer: PeerIdText, answer: Answer, verdict: Verdict, reason?: string): void;
}

// The same for all.
const done: Judgement = { kind: "done", outcome: "completed" };
const held: Judgement = { kind: "held", outcome: "completed" };

const fetchBaseMs = 30_000;
const slowestBytesPerMs = 256;

export interface Settlement {
  /** At once, but for an output that has to be fetched. */
  judge(record: TaskRecord, peer: PeerIdText, answer: Answer): Judgement | Promise<Judgement>;
  /** For answers to tasks that have ended meanwhile. */
  drop(record: TaskRecord, peer: PeerIdText, answer: Answer): void;
}

export function createSettlement(options: SettlementOptions): Settlement {
  const acks = new Map<PeerIdText, AttemptRef[]>();

  /** After the commit that makes the outcome last; all of one commit in one frame. */
  function acknowledge(peer: PeerIdText, ref: AttemptRef): void {
    const waiting = acks.get(peer);
    if (waiting !== undefined) {
      waiting.push(ref);
      return;
    }
    acks.set(peer, [ref]);
    setImmediate(() => {
      const all = acks.get(peer) as AttemptRef[];
      acks.delete(peer);
      options.table.committed().then(
        () => options.acknowledge(peer, all),
        () => undefined, // Not stored, so not acknowledged: the worker keeps the answer.
      );
    });
  }

  function judge(record: TaskRecord, peer: PeerIdText, answer: Answer): Judgement | Promise<Judgement> {
    const { response } = answer;
    record.usage = response.usage;
    if (response.status !== "completed") return judgeFailure(record, peer, answer);
    const output = response.output as Body;
    const lie = proveLie(record, peer, response, output);
    if (lie !== undefined || output.bytes !== undefined) return judgeOutput(record, peer, answer, lie);
    return fetched(record, peer, output).then((missing) => judgeOutput(record, peer, answer, missing));
  }

  /** `spoilt`: why the output is none. */
  function judgeOutput(
    record: TaskRecord,
    peer: PeerIdText,
    answer: Answer,
    spoilt: ErrandError | undefined,
  ): Judgement {
    const { response } = answer;
    if (spoilt !== undefined) {
      const lied = spoilt.code === "VerificationFailed";
      options.judged(record, peer, answer, lied ? "bad" : "none", spoilt.message);
      acknowledge(peer, response);
      return { kind: "spoilt", outcome: "failed", error: spoilt };
    }
    if (isTerminal(record.state)) {
      options.judged(record, peer, answer, "none");
      acknowledge(peer, response);
      return {
        kind: "handed-back",
        outcome: "lost",
        error: new ErrandError("Cancelled", "the task ended meanwhile"),
      };
    }
    const plan = options.verification?.plan(record, peer);
    if (plan !== undefined) {
      options.verification?.hold(record, peer, response, plan);
      options.judged(record, peer, answer, "held");
      acknowledge(peer, response);
      return held;
    }
    record.output = response.output;
    record.outputHash = response.outputHash;
    record.executedVersion = response.executedSkillVersion;
    record.progress = 1;
    record.progressMessage = "";
    // What a check was told is judged by who asked it.
    options.judged(record, peer, answer, record.spec.check === undefined ? "good" : "held");
    acknowledge(peer, response);
    return done;
  }

  /** The first check that the answer does not pass. */
  function proveLie(
    record: TaskRecord,
    peer: PeerIdText,
    response: TaskResponse,
    output: Body,
  ): ErrandError | undefined {
    if (peer !== options.self) {
      if (!options.verify(statementOf(record, peer, response), response.attest))
        return wrong(peer, "its answer carries no valid signature");
      record.evidence = attestToBytes(response.attest as Attest);
    }
    const actual = output.bytes === undefined ? bodyHash(output) : sha256(output.bytes);
    if (Buffer.compare(response.outputHash, actual) !== 0)
      return wrong(peer, "its output does not have the hash it signed");
    if (output.bytes !== undefined && output.type === jsonType && !isJson(output.bytes))
      return wrong(peer, "its output is not JSON");
    return undefined;
  }

  /** Fetches an output that did not fit into the frame; an error when it cannot be had. */
  async function fetched(
    record: TaskRecord,
    peer: PeerIdText,
    output: Extract<Body, { blob: object }>,
  ): Promise<ErrandError | undefined> {
    if (mayMove(record.state, "verifying")) options.table.move(record, "verifying", "fetching the output");
    try {
      // A worker that drips bytes is not waited for without end.
      const slowestMs = fetchBaseMs + output.blob.sizeBytes / slowestBytesPerMs;
      const signal = AbortSignal.any([stopSignalOf(record), AbortSignal.timeout(Math.ceil(slowestMs))]);
      await options.blobs.fetch(peer, output.blob, signal);
      return undefined;
    } catch (error) {
      const cause = toErrandError(error);
      return cause.code === "VerificationFailed"
        ? wrong(peer, cause.message)
        : new ErrandError("DelegationFailed", `the output could not be fetched: ${cause.message}`, { cause });
    }
  }

  function judgeFailure(record: TaskRecord, peer: PeerIdText, answer: Answer): Judgement {
    const { response } = answer;
    acknowledge(peer, response);
    const said = response.error ?? { code: "SkillFailed" as const, message: "", retryable: false };
    const error = new ErrandError(said.code, said.message === "" ? said.code : said.message, {
      retryable: said.retryable,
      details: { peer },
    });
    if (said.code === "ShuttingDown" || said.code === "Lost" || response.status === "cancelled") {
      options.judged(record, peer, answer, "none");
      return { kind: "handed-back", outcome: "lost", error };
    }
    if (response.status === "timeout") {
      options.judged(record, peer, answer, "timeout");
      return {
        kind: "failed",
        outcome: "timeout",
        error: new ErrandError("TaskTimeout", error.message, { retryable: true, details: { peer } }),
        state: "timeout",
      };
    }
    options.judged(record, peer, answer, "skill-failed");
    if (said.code === "InvalidInput" || said.code === "LimitExceeded")
      return { kind: "ended", outcome: "failed", error, reason: "error", state: "failed" };
    return { kind: "failed", outcome: "failed", error, state: "failed" };
  }

  function statementOf(record: TaskRecord, peer: PeerIdText, response: TaskResponse): ResponseStatement {
    return {
      network: options.network,
      submitter: options.self,
      worker: peer,
      taskId: record.id,
      attempt: response.attempt,
      inputHash: record.inputHash,
      skill: record.spec.skill,
      skillVersion: response.executedSkillVersion,
      status: response.status,
      outputHash: response.outputHash,
    };
  }

  return {
    judge,
    drop(record, peer, answer) {
      options.judged(record, peer, answer, "none");
      acknowledge(peer, answer.response);
    },
  };
}

function wrong(peer: PeerIdText, what: string): ErrandError {
  return new ErrandError("VerificationFailed", `${peer} was not believed: ${what}`, {
    retryable: true,
    details: { peer },
  });
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
