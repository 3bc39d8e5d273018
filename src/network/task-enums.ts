/** The wire's enumerations and the words that stand for them in messages. */
import { AttemptState, ResponseStatus, Verdict } from "#protocols/task";
import type * as m from "./messages.ts";

export const attemptStates: Record<m.AttemptState, AttemptState> = {
  unknown: AttemptState.UNKNOWN,
  waiting: AttemptState.WAITING,
  running: AttemptState.RUNNING,
  answered: AttemptState.ANSWERED,
};

export const verdicts: Record<m.Verdict, Verdict> = {
  accepted: Verdict.ACCEPTED,
  queued: Verdict.QUEUED,
  duplicate: Verdict.DUPLICATE,
  refused: Verdict.REFUSED,
};

export const statuses: Record<m.ResponseStatus, ResponseStatus> = {
  completed: ResponseStatus.COMPLETED,
  failed: ResponseStatus.FAILED,
  cancelled: ResponseStatus.CANCELLED,
  timeout: ResponseStatus.TIMEOUT,
};

/** The other way round: the word for each value of the wire. */
function words<W extends string>(values: Record<W, string>): ReadonlyMap<string, W> {
  return new Map((Object.keys(values) as W[]).map((word) => [values[word], word]));
}

export const attemptStateWords = words(attemptStates);
export const verdictWords = words(verdicts);
export const statusWords = words(statuses);
