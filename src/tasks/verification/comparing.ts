/**
 * One answer beside those of others, until it is decided which of them counts: by somebody whose word is the truth here, else by a
 * strict majority of peers that do not vouch for one another. A majority decides what the task's result is and nothing more:
 * that peers agree is no evidence (colluders agree too), so trust follows the truth alone.
 */
import type { PeerIdText } from "../../core/ids.ts";
import type { TaskRecord } from "../record.ts";
import type { Inquiry, Reply } from "./asking.ts";
import type { Answered, HeldAnswer } from "./held.ts";
import type { Others } from "./others.ts";
import { countVotes, type Vote } from "./quorum.ts";

export interface ComparingOptions {
  others: Others;
  vouches(a: PeerIdText, b: PeerIdText): boolean;
  /** Whether two outputs are the same, as the task sees it. */
  same(a: Answered, b: Answered): Promise<boolean>;
}

/** What became of the comparison. `right`: the answer that counts; undefined when none does. */
export interface Comparison {
  how: "truth" | "majority" | "alone" | "undecided";
  right: Answered | undefined;
  /** All answers there are, each with its place among the equal ones. */
  answers: { answer: Answered; group: number }[];
  /** For people. */
  summary: string;
}

/** Further replicas after those that were asked for, to break ties and to make up for those that came to nothing. */
const spareReplicas = 4;

export interface Wish {
  n: number;
  quorum: number;
  /** The truth is asked first, where it can be had; else only when answers differ. */
  truthFirst: boolean;
}

export async function compareAnswers(
  record: TaskRecord,
  held: HeldAnswer,
  inquiry: Inquiry,
  wish: Wish,
  options: ComparingOptions,
): Promise<Comparison> {
  const { others, vouches, same } = options;
  const { skill } = record.spec;
  const answers: Comparison["answers"] = [];
  let truth: Answered | undefined;
  let truthAsked = false;

  let adding: Promise<void> = Promise.resolve();
  /** One at a time: each is compared with all before it. */
  function add(answer: Answered): Promise<void> {
    adding = adding.then(() => place(answer));
    return adding;
  }

  async function place(answer: Answered): Promise<void> {
    // Other versions may differ, and who was asked twice has one voice.
    if (answer.executedVersion !== held.executedVersion) return;
    if (answers.some((one) => one.answer.peer === answer.peer)) return;
    let group = new Set(answers.map((one) => one.group)).size;
    for (const one of answers) {
      if (!(await same(one.answer, answer))) continue;
      group = one.group;
      break;
    }
    answers.push({ answer, group });
    if (others.isTruth(answer.peer)) truth ??= answer;
  }

  const ask = (peer?: PeerIdText): Promise<Reply> =>
    inquiry.ask({
      role: "replica",
      skill,
      skillVersion: others.range(skill, held.executedVersion, record.spec.skillVersion),
      input: record.input,
      ...(peer !== undefined && { peer }),
    });

  async function askTruth(): Promise<void> {
    if (truth !== undefined || truthAsked) return;
    truthAsked = true;
    const peer = others.truth(skill, held.executedVersion, inquiry.asked);
    const reply = peer === undefined ? undefined : await ask(peer);
    if (reply?.answer !== undefined) await add(reply.answer);
  }

  const votes = (): Vote[] => answers.map(({ answer, group }) => ({ peer: answer.peer, group }));
  const differ = (): boolean => answers.some(({ group }) => group !== 0);

  await add(held);
  if (wish.truthFirst) await askTruth();
  if (truth !== undefined) return byTruth(truth, answers);
  const open = new Set<Promise<void>>();
  let left = wish.n - 1 + spareReplicas;
  let lastProblem = "";
  let failure: { error: unknown } | undefined;
  for (;;) {
    if (failure !== undefined) throw failure.error;
    if (differ()) await askTruth();
    if (truth !== undefined) return byTruth(truth, answers);
    const count = countVotes(votes(), wish.quorum, vouches);
    if (count.kind === "agreed") {
      const right = answers.find(({ group }) => group === count.group)?.answer;
      return { how: "majority", right, answers, summary: `${count.voices} of ${count.of} agree` };
    }
    while (
      open.size < count.missing &&
      left > 0 &&
      others.somebodyElse(skill, held.executedVersion, inquiry.asked)
    ) {
      left--;
      const running: Promise<void> = ask()
        .then(({ answer, error }) => {
          if (answer !== undefined) return add(answer);
          lastProblem = error.message;
          return undefined;
        })
        .catch((error: unknown) => (failure = { error }))
        .then(() => void open.delete(running));
      open.add(running);
    }
    if (open.size === 0) {
      const alone = answers.length === 1;
      const summary = alone
        ? `nobody else could be asked${lastProblem === "" ? "" : `: ${lastProblem}`}`
        : `no majority among ${count.of} that do not vouch for one another`;
      return { how: alone ? "alone" : "undecided", right: undefined, answers, summary };
    }
    await Promise.race(open);
  }
}

function byTruth(truth: Answered, answers: Comparison["answers"]): Comparison {
  const group = answers.find(({ answer }) => answer === truth)?.group;
  const mine = answers[0];
  const right = mine !== undefined && mine.group === group ? mine.answer : truth;
  const summary = right === truth ? "it differs from the answer that is known to be right" : "it is right";
  return { how: "truth", right, answers, summary };
}
