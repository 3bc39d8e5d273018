/**
 * What is sent more than once may be only a share of what is sent: retries and second attempts help against single faults, and
 * make an overload worse. Fresh requests pay in, each repetition takes one out (Finagle's `RetryBudget`). Pure, but for the
 * numbers it keeps.
 */
export interface BudgetOptions {
  /** Repetitions for each fresh request. */
  share: number;
  /** Repetitions a second that are always there: a quiet node may repeat too. */
  perSecond: number;
  /** Saved up at most, and there at the start; also the most that may be owed. */
  most: number;
}

/** Of a node: a fifth of its fresh tasks and ten a second, as Finagle has it. */
export const retryBudget: BudgetOptions = { share: 0.2, perSecond: 10, most: 100 };
/** Of a node: 5 % of the tasks that may have a second attempt, and one in ten seconds. */
export const hedgeBudget: BudgetOptions = { share: 0.05, perSecond: 0.1, most: 10 };

export interface Budget {
  /** A fresh request was sent. */
  paid(): void;
  /** Takes one out if there is one. */
  take(nowMs: number): boolean;
  /** Takes one out in any case; returns how long the repetition should wait for its turn, ms, mostly 0. */
  owe(nowMs: number): number;
  giveBack(): void;
}

export function createBudget({ share, perSecond, most }: BudgetOptions): Budget {
  let left = most;
  let atMs: number | undefined;

  function refill(nowMs: number): void {
    if (atMs !== undefined && nowMs > atMs)
      left = Math.min(most, left + ((nowMs - atMs) * perSecond) / 1_000);
    atMs = nowMs;
  }

  return {
    paid() {
      if (left < most) left = Math.min(most, left + share);
    },
    take(nowMs) {
      refill(nowMs);
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    owe(nowMs) {
      refill(nowMs);
      left = Math.max(-most, left - 1);
      return left >= 0 ? 0 : (-left * 1_000) / perSecond;
    },
    giveBack() {
      left = Math.min(most, left + 1);
    },
  };
}
