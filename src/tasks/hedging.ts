/**
 * A second attempt beside one that is slow, for tasks that may run twice (Dean and Barroso, "The Tail at Scale", 2013): whichever
 * gives the first good result wins, and the other is cancelled. It costs no retry and no loss.
 *
 *     first ──late──► first and second ──good──► the other is overtaken
 *                          │ one comes to nothing: the other is the task's attempt from then on
 *
 * Both have numbers of their own, so that every answer is fenced as ever. The task's row names one of them: after a crash
 * that one is taken up, and the other's answer is late. The step of the delegation that has the task judges one outcome after the
 * other; nothing here moves the task by itself.
 */
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Decision } from "../routing/candidate.ts";
import type { Beside, Conclusion, Next } from "./aftermath.ts";
import type { AttemptNews, AttemptOutcome } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import type { Budget } from "./budget.ts";
import type { Providers } from "./providers.ts";
import type { TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";

/** One of two attempts of a task. */
export interface Run {
  readonly attempt: number;
  readonly peer: PeerIdText;
  /** Wall-clock ms. */
  readonly startedAt: number;
  readonly decision: Decision | undefined;
}

/** The second attempt of a task that has two out. */
export interface Hedge extends Run {
  readonly first: Run;
  outcome: Promise<AttemptOutcome>;
  /** Outcome of the first, once whoever waited for it was woken by the second's end. */
  rest: Promise<AttemptOutcome> | undefined;
}

export interface HedgingOptions {
  attempts: Attempts;
  providers: Providers;
  clock: Clock;
  budget: Budget;
  /** Whether the task may still be sent to somebody. */
  wanted(record: TaskRecord): boolean;
  /** Sends it as `run`, beside the attempt that is out. */
  send(record: TaskRecord, run: Run): Promise<AttemptOutcome>;
  /** Learns from the outcome of an attempt whose news was waited for before. */
  goOn(record: TaskRecord, peer: PeerIdText, running: Promise<AttemptOutcome>): Promise<AttemptOutcome>;
  conclude(
    record: TaskRecord,
    decision: Decision | undefined,
    peer: PeerIdText,
    outcome: AttemptOutcome,
    beside?: Beside,
  ): Conclusion | Promise<Conclusion>;
  remember(record: TaskRecord, run: Run, outcome: string, error: ErrandError): void;
  /** The task has ended: an answer that comes now is dropped, and its worker may forget it. */
  tooLate(record: TaskRecord, peer: PeerIdText, outcome: AttemptOutcome): void;
}

export interface Hedging {
  /** The task's attempt takes longer than expected. */
  late(record: TaskRecord): void;
  /** What follows when one of two attempts has come to an end. `record.hedge` is set. */
  race(record: TaskRecord, decision: Decision, news: AttemptNews): Promise<Next | undefined>;
  /** The task was ended from outside while two were out, and the step that had it hears of one of them. */
  endedMeanwhile(record: TaskRecord, peer: PeerIdText, news: AttemptNews): void;
}

export function createHedging(options: HedgingOptions): Hedging {
  const { attempts, providers, clock, budget, conclude, remember, tooLate } = options;

  function late(record: TaskRecord): void {
    if (!options.wanted(record) || record.hedge !== undefined) return;
    if (record.state !== "assigned" && record.state !== "running") return;
    if (!budget.take(clock.monotonic())) return;
    const decision = providers.hedge(record);
    const peer = decision?.order[0];
    if (peer === undefined) return budget.giveBack();
    const { attempt, startedAt, lastDecision } = record;
    const hedge: Hedge = {
      attempt: attempt + 1,
      peer,
      startedAt: clock.now(),
      decision,
      first: { attempt, peer: record.peer, startedAt, decision: lastDecision },
      outcome: nothingYet,
      rest: undefined,
    };
    record.hedge = hedge;
    record.hedgedAs = hedge.attempt;
    hedge.outcome = options.send(record, hedge);
    void hedge.outcome.then((outcome) => ended(record, hedge, outcome));
  }

  /** The second has come to an end. */
  function ended(record: TaskRecord, hedge: Hedge, outcome: AttemptOutcome): void {
    // Judged already, or about to be.
    if (record.hedge !== hedge) return;
    if (isTerminal(record.state)) {
      record.hedge = undefined;
      return tooLate(record, hedge.peer, outcome);
    }
    if (!attempts.isOut(record.id, hedge.first.attempt)) return;
    if (outcome.kind === "answered") {
      const rest = attempts.interrupt(record.id, hedge.first.attempt);
      hedge.rest = rest && options.goOn(record, hedge.first.peer, rest);
      return;
    }
    // It brought nothing: the first goes on alone.
    record.hedge = undefined;
    if (ranNothing(outcome)) return;
    remember(
      record,
      hedge,
      outcome.kind === "expired" ? "timeout" : "lost",
      new ErrandError("Lost", reasonOf(outcome)),
    );
  }

  async function race(record: TaskRecord, decision: Decision, news: AttemptNews): Promise<Next | undefined> {
    const hedge = record.hedge as Hedge;
    const first: Run = { ...hedge.first, decision };
    const woken = news.kind === "beside";
    const [one, other] = woken ? [hedge, first] : [first, hedge];
    const outcome = woken ? await hedge.outcome : news;
    const rest = woken ? (hedge.rest as Promise<AttemptOutcome>) : hedge.outcome;
    // From here on this function sees to both.
    record.hedge = undefined;
    assume(record, one);
    const next = await conclude(record, one.decision, one.peer, outcome, {
      overtaken() {
        attempts.overtake(record.id, other.attempt);
        remember(record, other, "cancelled", new ErrandError("Cancelled", "another attempt was faster"));
      },
    });
    if (next === undefined || !("ifNothingElse" in next)) {
      void rest.then((late) => tooLate(record, other.peer, late));
      return next;
    }
    assume(record, other);
    const last = await rest;
    if (isTerminal(record.state)) {
      tooLate(record, other.peer, last);
      return undefined;
    }
    if (ranNothing(last)) return next.ifNothingElse();
    return (await conclude(record, other.decision, other.peer, last)) as Next | undefined;
  }

  return {
    late,
    race,
    endedMeanwhile(record, peer, news) {
      const { hedge } = record;
      if (news.kind !== "beside") return tooLate(record, peer, news);
      if (hedge === undefined) return;
      record.hedge = undefined;
      void hedge.outcome.then((outcome) => tooLate(record, hedge.peer, outcome));
      void hedge.rest?.then((outcome) => tooLate(record, hedge.first.peer, outcome));
    },
  };
}

const nothingYet: Promise<AttemptOutcome> = new Promise(() => {});

/** Makes the record speak of this attempt: it is the one to be judged, shown and taken up after a crash. */
function assume(record: TaskRecord, run: Run): void {
  record.attempt = run.attempt;
  record.peer = run.peer;
  record.startedAt = run.startedAt;
}

function ranNothing({ kind }: AttemptOutcome): boolean {
  return kind === "refused" || kind === "unreachable" || kind === "unsent";
}

function reasonOf(outcome: AttemptOutcome): string {
  return "reason" in outcome ? outcome.reason : `the attempt was ${outcome.kind}`;
}
