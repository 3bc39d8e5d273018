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
