/**
 * Whether an answer is right, before it becomes its task's result: by the rules that the submission names, by asking others, or
 * both. It decides nothing about states and retries; it says what became of the answer, and what was proved to blame.ts.
 */
import { ErrandError, toErrandError } from "../../core/errors.ts";
import type { Clock, Random } from "../../core/clock.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { TaskResponse } from "../../network/messages.ts";
import { releaseAnswer } from "../../storage/verification.ts";
import type { Store } from "../../storage/store.ts";
import type { BlobAccess } from "../blob-access.ts";
import { stopSignalOf, type TaskRecord } from "../record.ts";
import { isTerminal } from "../states.ts";
import type { TaskTable } from "../table.ts";
import type { Asking, Inquiry } from "./asking.ts";
import { createBlame, type TrustSource } from "./blame.ts";
import { compareAnswers, type Comparison } from "./comparing.ts";
import type { Faults } from "./faults.ts";
import { loadHeld, storeHeld, type Answered, type HeldAnswer, type Plan } from "./held.ts";
import type { Ledger, RuleVerdict } from "./ledger.ts";
import type { Others } from "./others.ts";
import { outputJson } from "./outputs.ts";
import type { VerifyPolicy } from "./policy.ts";
import { applyRules, rulesOf, type Rule } from "./rules.ts";
import { createVerifiers } from "./verifiers.ts";

export interface VerificationSettings {
  /** For tasks that say nothing themselves. */
  mode: "off" | "adaptive";
  /** Known questions asked in an hour at most, while the node is idle. */
  canariesPerHour: number;
}

export interface VerificationOptions {
  self: PeerIdText;
  settings: VerificationSettings;
  store: Store;
  table: TaskTable;
  blobs: Pick<BlobAccess, "fetch">;
  asking: Asking;
  others: Others;
  trust: TrustSource;
  faults: Faults;
  ledger: Ledger;
  /** The operator's function; undefined where the hooks' module has none. */
  custom?: (argument: unknown) => Promise<unknown>;
  /** An answer was compared with the truth, which is `right`: it may serve as a known answer to others. */
  known?(record: TaskRecord, right: Answered, asked: ReadonlySet<PeerIdText>): void;
  clock: Clock;
  random: Random;
  log: Log;
}

export type Finding =
  /** `by`: the answer that counts: the one that was checked, or somebody else's in its place. */
  | { kind: "accepted"; by: Answered; instead: boolean; reason: string }
  | { kind: "rejected"; reason: string }
  /** What was asked for could not be found out. */
  | { kind: "undecided"; reason: string };

export interface Verification {
  /** Undefined when the answer counts as it is, as nearly all do. Asked once for each answer. */
  plan(record: TaskRecord, peer: PeerIdText): Plan | undefined;
  /** Keeps the answer, on disk if its check takes time: to be called before its worker may forget it. */
  hold(record: TaskRecord, peer: PeerIdText, response: TaskResponse, plan: Plan): void;
  /** Whether an answer of the task is held. */
  holds(id: TaskId): boolean;
  /** What the held answer is worth. Never throws. */
  check(record: TaskRecord): Promise<Finding>;
  /** Takes up what the former life held. Before its tasks are. */
  load(): Promise<void>;
}

// Of what is compared, when the submission does not say how many.
const adaptive = { n: 2, quorum: 2 };

export function createVerification(options: VerificationOptions): Verification {
  const { self, settings, store, table, asking, others, trust, faults, ledger, clock, random } = options;
  const held = new Map<TaskId, HeldAnswer>();
  const resumed = new Set<TaskId>();
  const blame = createBlame(options);
  const verifiers = createVerifiers({ self, blobs: options.blobs, custom: options.custom });

  table.onMove((record) => {
    if (held.size === 0 && !blame.pending) return;
    if (!isTerminal(record.state)) return;
    blame.forget(record.id);
    release(record.id);
  });

  function release(id: TaskId): void {
    resumed.delete(id);
    const answer = held.get(id);
    if (answer === undefined) return;
    held.delete(id);
    if (answer.stored) releaseAnswer(store, id);
  }

  function plan(record: TaskRecord, peer: PeerIdText): Plan | undefined {
    const { verify, skill, check } = record.spec;
    if (verify === undefined && settings.mode === "off") return undefined;
    if (check !== undefined) return undefined;
    // What was meant for one peer alone is shown to others only if its user asks for that.
    const byDefault = settings.mode === "adaptive" && record.spec.peer === undefined;
    const { auto = byDefault, replicas, spotCheck = 0, ...rest } = verify ?? {};
    const strict = replicas !== undefined;
    const compare = strict || isDrawn(peer, skill, spotCheck, auto, rest.compare !== undefined);
    const ruled = rest.custom !== undefined || rulesOf(rest).length > 0;
    return compare || ruled ? { compare, strict } : undefined;
  }

  function isDrawn(
    peer: PeerIdText,
    skill: string,
    share: number,
    auto: boolean,
    tolerant: boolean,
  ): boolean {
    // The truth is not checked against what is less sure; and what differs legitimately cannot be compared.
    if (others.isTruth(peer)) return false;
    const wanted = auto ? Math.max(share, trust.probability(peer, skill)) : share;
    return wanted > 0 && random() < wanted && (tolerant || others.isDeterministic(skill));
  }

  function hold(record: TaskRecord, peer: PeerIdText, response: TaskResponse, wish: Plan): void {
    const { output } = response;
    if (output === undefined) throw new ErrandError("Internal", "an answer without output cannot be held");
    const answer: HeldAnswer = {
      peer,
      output: { body: output, hash: response.outputHash },
      executedVersion: response.executedSkillVersion,
      usage: response.usage,
      evidence: record.evidence,
      taskId: record.id,
      attempt: response.attempt,
      plan: wish,
      stored: false,
    };
    held.set(record.id, answer);
    const quick = !wish.compare && record.spec.verify?.custom === undefined && output.bytes !== undefined;
    if (quick) return;
    storeHeld(store, record.id, answer);
    if (record.state !== "verifying") table.move(record, "verifying", "checking the result");
  }

  async function check(record: TaskRecord): Promise<Finding> {
    const answer = held.get(record.id);
    if (answer === undefined) return { kind: "undecided", reason: "its answer is not here any more" };
    const inquiry = asking.open(record, answer.peer, resumed.has(record.id));
    const signal = stopSignalOf(record);
    signal.addEventListener("abort", inquiry.close, { once: true });
    try {
      const finding = await examine(record, answer, inquiry, signal);
      if (finding.kind === "accepted" && !isTerminal(record.state))
        blame.conclude(record, answer, finding.by, finding.instead);
      return finding;
    } catch (error) {
      const reason = `it could not be verified: ${toErrandError(error).message}`;
      if (!signal.aborted)
        options.log.warn({ err: error, task: record.id }, "a result could not be verified");
      return { kind: "undecided", reason };
    } finally {
      signal.removeEventListener("abort", inquiry.close);
      inquiry.close();
      release(record.id);
    }
  }

  async function examine(
    record: TaskRecord,
    answer: HeldAnswer,
    inquiry: Inquiry,
    signal: AbortSignal,
  ): Promise<Finding> {
    const policy = record.spec.verify ?? {};
    const json = async () => outputJson(answer.output, options.blobs, self, signal);
    const names = rulesOf(policy);
    const looked = names.length > 0 ? await json() : undefined;
    for (const { rule, ok, reason } of applyRules(policy, answer.output.hash, looked)) {
      const grounded = rule === "hash" || rule === "equals";
      note(record, answer, rule, ok === true ? "passed" : "failed", grounded && ok === true, reason);
      if (ok === true) continue;
      blame.accuse(record, answer, rule, reason);
      return { kind: "rejected", reason };
    }
    if (policy.custom !== undefined) {
      const found = await custom(record, answer, policy, await json(), inquiry);
      if (found !== undefined) return found;
    }
    if (answer.plan.compare) return compare(record, answer, policy, inquiry, signal);
    return { kind: "accepted", by: answer, instead: false, reason: "" };
  }

  /** Undefined when it holds. */
  async function custom(
    record: TaskRecord,
    answer: HeldAnswer,
    policy: VerifyPolicy,
    output: { value: unknown } | undefined,
    inquiry: Inquiry,
  ): Promise<Finding | undefined> {
    const rule = policy.custom ?? {};
    const name = rule.skill === undefined ? "custom" : "skill";
    const said = await verifiers.judge(record, answer.peer, rule, output?.value ?? null, inquiry);
    const { ok, reason, rating } = said;
    note(record, answer, name, ok ? "passed" : "failed", false, reason);
    if (rating !== undefined) trust.rated(answer.peer, record.spec.skill, rating);
    if (ok) return undefined;
    blame.accuse(record, answer, name, reason);
    return { kind: "rejected", reason };
  }

  async function compare(
    record: TaskRecord,
    answer: HeldAnswer,
    policy: VerifyPolicy,
    inquiry: Inquiry,
    signal: AbortSignal,
  ): Promise<Finding> {
    const n = policy.replicas?.n ?? adaptive.n;
    const quorum = policy.replicas?.quorum ?? Math.floor(n / 2) + 1;
    const wish = { n, quorum, truthFirst: !answer.plan.strict };
    const comparison = await compareAnswers(record, answer, inquiry, wish, {
      others,
      vouches: trust.vouches,
      same: (a, b) => verifiers.same(a, b, policy.compare, inquiry, signal),
    });
    if (signal.aborted) return { kind: "undecided", reason: "the task has ended" };
    return judge(record, answer, comparison, inquiry);
  }

  function judge(record: TaskRecord, answer: HeldAnswer, found: Comparison, inquiry: Inquiry): Finding {
    const { how, right, answers, summary } = found;
    const mine = answers[0]?.group;
    const group = answers.find((one) => one.answer === right)?.group;
    const agrees = right !== undefined && group === mine;
    const around = answers.slice(1).map((one) => ({ peer: one.answer.peer, agreed: one.group === mine }));
    const verdict: RuleVerdict = right === undefined ? "undecided" : agrees ? "passed" : "failed";
    note(
      record,
      answer,
      how === "truth" ? "grounded" : "replicas",
      verdict,
      how === "truth",
      summary,
      around,
    );
    // Without it, outputs of such a skill differ and nobody lied.
    const comparable = record.spec.verify?.compare !== undefined || others.isDeterministic(record.spec.skill);
    if (how === "truth" && right !== undefined) {
      for (const one of answers) {
        if (others.isTruth(one.answer.peer)) continue;
        if (one.group === group) blame.acquit(record, one.answer);
        else if (comparable)
          blame.convict(record, one.answer, right, "its result differs from the one that is known");
      }
      if (comparable) options.known?.(record, right, inquiry.asked);
    } else if (answers.some((one) => one.group !== mine)) {
      for (const one of answers) if (one.group !== group) trust.suspect(one.answer.peer, record.spec.skill);
    }
    if (comparable) for (const one of answers) faults.heard(record, one.answer, clock.now());
    if (right !== undefined) return { kind: "accepted", by: right, instead: !agrees, reason: summary };
    if (how === "alone" && !answer.plan.strict)
      return { kind: "accepted", by: answer, instead: false, reason: `not compared: ${summary}` };
    return { kind: "undecided", reason: summary };
  }

  function note(
    record: TaskRecord,
    { attempt, peer }: Answered,
    rule: Rule,
    verdict: RuleVerdict,
    grounded: boolean,
    reason: string,
    around: { peer: PeerIdText; agreed: boolean }[] = [],
  ): void {
    const entry = { taskId: record.id, attempt, peer, rule, verdict, grounded, reason, others: around };
    ledger.note(entry, clock.now());
  }

  return {
    plan,
    hold,
    holds: (id) => held.has(id),
    check,
    async load() {
      for (const [id, answer] of await loadHeld(store)) {
        held.set(id, answer);
        resumed.add(id);
      }
    },
  };
}
