/**
 * An answer that waits for its verdict: what is known of it, and its row. It is on disk before its worker may forget it, so a
 * crash of this node in the middle of a check costs nobody a second run.
 */
import type { Body } from "../../core/body.ts";
import { bodySizeBytes } from "../../core/body.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { Usage } from "../../network/messages.ts";
import { heldAnswers, holdAnswer, type HeldAnswerRow } from "../../storage/verification.ts";
import type { Store } from "../../storage/store.ts";
import type { TaskRecord } from "../record.ts";
import type { Output } from "./outputs.ts";

/** What somebody answered, with all that a task's end needs of it. */
export interface Answered {
  peer: PeerIdText;
  output: Output;
  executedVersion: string;
  usage: Usage | undefined;
  /** Its signature as tasks keep it (attest-bytes.ts); undefined from this node itself. */
  evidence: Uint8Array | undefined;
  /** What the signed statement names. */
  taskId: TaskId;
  attempt: number;
}

/** Why an answer is compared with others', and how hard. */
export interface Plan {
  /** Compared with the answers of others. */
  compare: boolean;
  /** The submission asked for it: what cannot be checked does not count. Otherwise it is taken as it is. */
  strict: boolean;
}

export interface HeldAnswer extends Answered {
  plan: Plan;
  /** It has a row. */
  stored: boolean;
}

interface HeldJson {
  version: string;
  usage?: Usage;
  type: string;
  sizeBytes: number;
  plan: Plan;
}

export function storeHeld(store: Store, id: TaskId, held: HeldAnswer): void {
  held.stored = true;
  const { body } = held.output;
  const json: HeldJson = {
    version: held.executedVersion,
    ...(held.usage !== undefined && { usage: held.usage }),
    type: body.type,
    sizeBytes: bodySizeBytes(body),
    plan: held.plan,
  };
  holdAnswer(store, {
    taskId: id,
    attempt: held.attempt,
    peer: held.peer,
    held: JSON.stringify(json),
    output: body.bytes ?? null,
    outputBlob: body.blob?.hash ?? "",
    outputHash: held.output.hash,
    evidence: held.evidence ?? null,
  });
}

export async function loadHeld(store: Store): Promise<Map<TaskId, HeldAnswer>> {
  return new Map((await heldAnswers(store)).map((row) => [row.taskId, heldOf(row)]));
}

function heldOf(row: HeldAnswerRow): HeldAnswer {
  const { version, usage, type, sizeBytes, plan } = JSON.parse(row.held) as HeldJson;
  const body: Body =
    row.output === null ? { blob: { hash: row.outputBlob, sizeBytes }, type } : { bytes: row.output, type };
  return {
    peer: row.peer,
    output: { body, hash: row.outputHash },
    executedVersion: version,
    usage,
    evidence: row.evidence ?? undefined,
    taskId: row.taskId,
    attempt: row.attempt,
    plan,
    stored: true,
  };
}

/** What a task that has completed was answered; undefined for every other end. */
export function answeredBy(record: TaskRecord): Answered | undefined {
  const { state, output, outputHash, peer, executedVersion, usage, evidence, id, attempt } = record;
  if (state !== "completed" || output === undefined || outputHash === undefined || peer === "")
    return undefined;
  return {
    peer,
    output: { body: output, hash: outputHash },
    executedVersion,
    usage,
    evidence,
    taskId: id,
    attempt,
  };
}
