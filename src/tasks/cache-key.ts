/** When two tasks are the same: what a result is cached under, and what tasks in flight are shared by. */
import { sha256 } from "../core/signatures.ts";
import type { TaskRecord } from "./record.ts";

/** SHA-256 of the skill, the version that ran, the type and the hash of the input. */
export function resultKey({ spec, input, inputHash }: TaskRecord, version: string): Uint8Array {
  return sha256(Buffer.from([spec.skill, version, input.type, text(inputHash, "hex")].join("\n")));
}

/** With what decides who may do it: a result is shared only by those who would take each other's worker. */
export function sharedKey({ spec, input, inputHash }: TaskRecord): string {
  const who = `${spec.peer ?? ""}\n${spec.minTrust}`;
  return `${spec.skill}\n${spec.skillVersion}\n${who}\n${input.type}\n${text(inputHash, "latin1")}`;
}

/** A key of `resultKey` as a map takes it. */
export function keyText(key: Uint8Array): string {
  return text(key, "latin1");
}

function text(bytes: Uint8Array, encoding: "hex" | "latin1"): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding);
}
