/**
 * The answer to an accepted attempt: the skill's output made into a body, hashed, signed and sent, once. It stays with the
 * attempt until the submitter has acknowledged it.
 */
import { jsonType, type Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import { ErrandError, toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { sha256 } from "../core/signatures.ts";
import { bodyHash, type ResponseSigner } from "../network/attest.ts";
import type { TaskResponse } from "../network/messages.ts";
import type { JobResult, Worker } from "../worker/worker.ts";
import type { AnswerBudget } from "./answer-budget.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Outbox } from "./outbox.ts";
import type { Served } from "./served.ts";

export interface AnsweringOptions {
  self: PeerIdText;
  network: string;
  worker: Worker;
  signer: ResponseSigner;
  blobs: BlobAccess;
  outbox: Outbox;
  budget: AnswerBudget;
  clock: Clock;
}

export interface Answering {
  completed(entry: Served, result: JobResult): Promise<void>;
  failed(entry: Served, error: ErrandError): void;
  /**
   * The submitter asks again: sends the answer, if there is one, over the session the attempt has now. Not again and again
   * over one session, and only while it takes what it is sent: `sendUnsent` makes up for it.
   */
  resend(entry: Served): void;
  /** Sends an answer that had to wait, as soon as it may be sent. */
  sendUnsent(entry: Served): void;
}

export function createAnswering(options: AnsweringOptions): Answering {
  const { worker, clock } = options;

  async function onResult(entry: Served, result: JobResult): Promise<void> {
    try {
      if (mayHold(entry, result.body.bytes)) {
        const body = result.body as Body & { bytes: Uint8Array };
        respond(entry, {
          status: "completed",
          output: body,
          outputHash: sha256(body.bytes),
          version: result.version,
          usage: result.usage,
        });
      } else {
        const output = await storeOutput(entry, result);
        respond(entry, {
          status: "completed",
          output,
          outputHash: bodyHash(output),
          version: result.version,
          usage: result.usage,
        });
      }
    } catch (error) {
      answerError(entry, toErrandError(error));
    } finally {
      await result.release();
    }
  }

  /** Whether the output stays in memory and travels with the answer. */
  function mayHold(entry: Served, bytes: Uint8Array | undefined): boolean {
    if (bytes === undefined || bytes.length > limits.inlineBodyBytes) return false;
    if (entry.submitter === options.self) return true;
    if (!options.budget.take(entry.submitter, bytes.length)) return false;
    entry.heldBytes = bytes.length;
    return true;
  }

  async function storeOutput(entry: Served, result: JobResult): Promise<Body> {
    const { body } = result;
    const blob =
      body.bytes === undefined
        ? await options.blobs.putFile(body.file)
        : await options.blobs.putBytes(body.bytes);
    if (body.type === jsonType && blob.sizeBytes > limits.jsonBodyBytes) {
      throw new ErrandError(
        "LimitExceeded",
        `the skill returned ${blob.sizeBytes} bytes of JSON; at most ${limits.jsonBodyBytes} are allowed`,
      );
    }
    options.blobs.grant(entry.submitter, blob.hash);
    return { blob, type: body.type };
  }

  function answerError(entry: Served, error: ErrandError): void {
    const definition = worker.skills.get(entry.request?.skill ?? "")?.definition;
    const stopped = entry.stop.signal.aborted;
    const status =
      error.code === "TaskTimeout"
        ? "timeout"
        : stopped || error.code === "Cancelled"
          ? "cancelled"
          : "failed";
    // Why it was stopped says more than how the code took it.
    const said =
      stopped && entry.stop.signal.reason instanceof ErrandError ? entry.stop.signal.reason : error;
    respond(entry, {
      status,
      outputHash: new Uint8Array(0),
      version: definition?.version ?? "",
      usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
      // Equal input gives equal output, also when that is a failure.
      error: {
        code: said.code,
        message: said.message,
        retryable: said.retryable && !(said.code === "SkillFailed" && definition?.deterministic === true),
      },
    });
  }

  function respond(
    entry: Served,
    end: {
      status: TaskResponse["status"];
      output?: Body;
      outputHash: Uint8Array;
      version: string;
      usage: TaskResponse["usage"];
      error?: TaskResponse["error"];
    },
  ): void {
    const { request } = entry;
    if (request === undefined) return;
    entry.request = undefined;
    entry.state = "answered";
    entry.answeredMs = clock.monotonic();
    const response: TaskResponse = {
      taskId: request.taskId,
      attempt: request.attempt,
      leaseEpoch: entry.leaseEpoch,
      status: end.status,
      output: end.output,
      outputHash: end.outputHash,
      error: end.error,
      usage: end.usage,
      executedSkillVersion: end.version,
      load: worker.load(),
    };
    entry.response = response;
    if (entry.submitter === options.self) return entry.session?.send({ kind: "response", response });
    options.signer.sign(
      {
        network: options.network,
        submitter: entry.submitter,
        worker: options.self,
        taskId: request.taskId,
        attempt: request.attempt,
        inputHash: bodyHash(request.input),
        skill: request.skill,
        skillVersion: end.version,
        status: end.status,
        outputHash: end.outputHash,
      },
      (attest) => {
        // Forgotten meanwhile: a submitter may acknowledge what it has not seen.
        if (entry.response === undefined) return;
        response.attest = attest;
        resend(entry);
        options.outbox.add(entry.submitter, response);
      },
    );
  }

  function resend(entry: Served): void {
    const { response, session, sentOn } = entry;
    if (response === undefined || session === undefined) return;
    if (response.attest === undefined && entry.submitter !== options.self) return;
    const recent = sentOn !== undefined && clock.monotonic() - entry.sentMs < limits.answerAgainMs;
    entry.unsent = true;
    // A peer may ask a thousand times, and over two sessions in turn; only one that is gone is no reason to wait.
    if (recent && !sentOn.closed.aborted) return;
    if (session.bufferedBytes > limits.sessionBufferBytes) return;
    entry.unsent = false;
    entry.sentOn = session;
    entry.sentMs = clock.monotonic();
    response.leaseEpoch = entry.leaseEpoch;
    session.send({ kind: "response", response });
  }

  return {
    completed: onResult,
    failed: answerError,
    resend,
    sendUnsent(entry) {
      if (entry.unsent) resend(entry);
    },
  };
}
