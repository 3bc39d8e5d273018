/**
 * What follows for trust from what checks have found; each answer gets one verdict. A rule that its user wrote may be wrong itself:
 * whoever fails one is blamed only when somebody else's answer to the same task passes all of them. What is compared with the
 * truth is blamed at once, and kept as a proof.
 */
import type { Clock } from "../../core/clock.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { TaskRecord } from "../record.ts";
import type { Faults } from "./faults.ts";
import type { Answered } from "./held.ts";
import type { Rule } from "./rules.ts";

/** What a check says of an answer to whoever keeps trust. `good`: nothing speaks against it. */
export type TrustVerdict = "good" | "grounded" | "bad";

export interface TrustSource {
  /** Share of the peer's answers that should be checked, 0–1. */
  probability(peer: PeerIdText, skill: string): number;
  vouches(a: PeerIdText, b: PeerIdText): boolean;
  verdict(peer: PeerIdText, skill: string, verdict: TrustVerdict, reason: string, task: TaskId): void;
  /** Others said something else, and nobody knows who is right: its next results are to be checked. */
  suspect(peer: PeerIdText, skill: string): void;
  /** How good a right result is, 0–1: it moves no trust, but of two that are right the better one is preferred. */
  rated(peer: PeerIdText, skill: string, rating: number): void;
}

interface Accusation {
  answer: Answered;
  rule: Rule;
  reason: string;
}

export interface Blame {
  /** Whether anybody is accused and not judged yet. */
  readonly pending: boolean;
  /** The answer has failed a rule, and nobody has passed it yet. */
  accuse(record: TaskRecord, answer: Answered, rule: Rule, reason: string): void;
  /** `by` is the answer that counts: the one that was `checked`, or somebody else's `instead` of it. */
  conclude(record: TaskRecord, checked: Answered, by: Answered, instead: boolean): void;
  /** It differs from `right`, the truth. */
  convict(record: TaskRecord, answer: Answered, right: Answered | Uint8Array, reason: string): void;
  /** It is what the truth is. */
  acquit(record: TaskRecord, answer: Answered): void;
  forget(id: TaskId): void;
}

export function createBlame(options: {
  self: PeerIdText;
  trust: TrustSource;
  faults: Faults;
  clock: Clock;
}): Blame {
  const { self, trust, faults, clock } = options;
  const accused = new Map<TaskId, Accusation[]>();
  const judged = new WeakSet<Answered>();

  function tell(record: TaskRecord, answer: Answered, verdict: TrustVerdict, reason: string): void {
    if (answer.peer === self || judged.has(answer)) return;
    judged.add(answer);
    trust.verdict(answer.peer, record.spec.skill, verdict, reason, record.id);
  }

  function convict(record: TaskRecord, answer: Answered, right: Answered | Uint8Array, reason: string): void {
    tell(record, answer, "bad", reason);
    faults.wrong(record, answer, right, reason, clock.now());
  }

  return {
    get pending() {
      return accused.size > 0;
    },
    accuse(record, answer, rule, reason) {
      const list = accused.get(record.id);
      if (list === undefined) accused.set(record.id, [{ answer, rule, reason }]);
      else list.push({ answer, rule, reason });
    },
    conclude(record, checked, by, instead) {
      const { hash, equals } = record.spec.verify ?? {};
      if (!instead) {
        const grounded = hash !== undefined || equals !== undefined;
        tell(record, checked, grounded ? "grounded" : "good", "");
      }
      for (const { answer, rule, reason } of accused.get(record.id) ?? []) {
        const known = hash === undefined ? by : Buffer.from(hash, "hex");
        if (rule === "hash" || rule === "equals") convict(record, answer, known, reason);
        else tell(record, answer, "bad", `${rule}: ${reason}`);
      }
      accused.delete(record.id);
    },
    convict,
    acquit: (record, answer) => tell(record, answer, "grounded", ""),
    forget: (id) => void accused.delete(id),
  };
}
