/**
 * Verifiers that say whether an answer is right, or whether two are the same: the operator's function, and skills that somebody
 * else runs. They return `{ok, reason?, rating?}`, whichever they are.
 */
import { ErrandError } from "../../core/errors.ts";
import { jsonBody } from "../../core/body.ts";
import type { PeerIdText } from "../../core/ids.ts";
import type { BlobAccess } from "../blob-access.ts";
import type { TaskRecord } from "../record.ts";
import type { Inquiry } from "./asking.ts";
import { equalOutputs } from "./compare.ts";
import type { Answered } from "./held.ts";
import { outputJson, sameHash } from "./outputs.ts";
import type { VerifyPolicy } from "./policy.ts";
import { fillTemplate } from "./template.ts";

interface Verdict {
  ok: boolean;
  /** Why not; "" when it is. */
  reason: string;
  /** How good a result is that is right, 0–1, if the verifier says. */
  rating: number | undefined;
}

export interface Verifiers {
  /** What the function or the skill of `rule` says of an answer. Throws when it cannot say. */
  judge(
    record: TaskRecord,
    peer: PeerIdText,
    rule: NonNullable<VerifyPolicy["custom"]>,
    output: unknown,
    inquiry: Inquiry,
  ): Promise<Verdict>;
  /** Whether two answers are the same, by hash or as `compare` says. */
  same(
    a: Answered,
    b: Answered,
    compare: VerifyPolicy["compare"],
    inquiry: Inquiry,
    signal: AbortSignal,
  ): Promise<boolean>;
}

export function createVerifiers(options: {
  self: PeerIdText;
  blobs: Pick<BlobAccess, "fetch">;
  /** The operator's function; undefined where the hooks' module has none. */
  custom: ((argument: unknown) => Promise<unknown>) | undefined;
}): Verifiers {
  const { self, blobs, custom } = options;

  /** Throws when there is no answer. */
  async function askSkill(skill: string, input: unknown, inquiry: Inquiry): Promise<unknown> {
    const { answer, error } = await inquiry.ask({
      role: "judge",
      skill,
      skillVersion: "",
      input: jsonBody(input),
    });
    if (answer === undefined) throw error;
    const parsed = await outputJson(answer.output, blobs, self, AbortSignal.timeout(30_000));
    return parsed?.value;
  }

  return {
    async judge(record, peer, rule, output, inquiry) {
      const task = { input: inputOf(record), output };
      if (rule.skill !== undefined)
        return verdictOf(await askSkill(rule.skill, fillTemplate(rule.input, task), inquiry));
      if (custom === undefined)
        throw new ErrandError("InvalidConfig", "this node's hooks have no function verifyResult");
      return verdictOf(await custom({ skill: record.spec.skill, ...task, args: rule.args ?? null, peer }));
    },
    async same(a, b, by = { kind: "exact" }, inquiry, signal) {
      if (sameHash(a.output.hash, b.output.hash)) return true;
      const [x, y] = await Promise.all([a, b].map(({ output }) => outputJson(output, blobs, self, signal)));
      if (x === undefined || y === undefined) return false;
      if (by.kind !== "skill") return equalOutputs(x.value, y.value, by);
      return verdictOf(await askSkill(by.skill, { a: x.value, b: y.value }, inquiry)).ok;
    },
  };
}

/** `{ok, reason?, rating?}` of a function or a skill. Throws when it is something else. */
function verdictOf(said: unknown): Verdict {
  const { ok, reason, rating } = (said ?? {}) as Record<string, unknown>;
  if (typeof ok !== "boolean")
    throw new ErrandError("SkillFailed", "the verifier did not return {ok, reason}", { retryable: false });
  return {
    ok,
    reason: ok ? "" : typeof reason === "string" && reason !== "" ? reason : "the verifier refused it",
    rating: ok && typeof rating === "number" && rating >= 0 && rating <= 1 ? rating : undefined,
  };
}

/** JSON, or null for an input that is none. */
function inputOf({ input }: TaskRecord): unknown {
  if (input.bytes === undefined || input.type !== "application/json") return null;
  try {
    return JSON.parse(Buffer.from(input.bytes).toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
