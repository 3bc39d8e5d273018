/** What each rule said of each answer: in the store with the task it belongs to, and as counts for the statistics. */
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import { safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { countVerifications, insertVerification, verificationsOf } from "../../storage/verification.ts";
import type { Store } from "../../storage/store.ts";
import { RULES, type Rule } from "./rules.ts";

export type RuleVerdict = "passed" | "failed" | "undecided";

/** One rule's word on one answer. */
export interface VerificationView {
  attempt: number;
  /** Whose answer. */
  peer: PeerIdText;
  rule: Rule;
  verdict: RuleVerdict;
  /** Checked against the truth: only this moves trust. */
  grounded: boolean;
  reason: string;
  /** Who else was asked, and whether they said the same. */
  others: { peer: PeerIdText; agreed: boolean }[];
  /** ISO 8601. */
  at: string;
}

export interface RuleStats {
  rule: Rule;
  checked: number;
  passed: number;
  failed: number;
  undecided: number;
  /** Of those that were decided; null when none was. */
  successRate: number | null;
}

export interface Entry extends Omit<VerificationView, "at"> {
  taskId: TaskId;
}

export interface Ledger {
  note(entry: Entry, nowAt: number): void;
  of(taskId: TaskId): Promise<VerificationView[]>;
  /** Rules that were applied, of all that is kept. */
  stats(): RuleStats[];
  /** Counts the rows anew. */
  rebuild(): Promise<void>;
}

const mostTries = 3;

export function createLedger(store: Store, log: Log): Ledger {
  let counts = new Map<string, number>();
  // Noted while rows are being counted: they may be among those or not, so the rows are counted again.
  let stale = false;
  let counting = false;

  async function rebuild(): Promise<void> {
    if (counting) return;
    counting = true;
    try {
      for (let tries = 0; tries < mostTries; tries++) {
        stale = false;
        await store.committed();
        const rows = await countVerifications(store);
        // At the last try a count that is off by a few is better than one that never ends.
        if (stale && tries < mostTries - 1) continue;
        counts = new Map(rows.map(({ rule, verdict, count }) => [`${rule} ${verdict}`, count]));
        return;
      }
    } catch (error) {
      log.warn({ err: error }, "could not count the verdicts of the store");
    } finally {
      counting = false;
    }
  }

  return {
    note({ others, ...entry }, nowAt) {
      const key = `${entry.rule} ${entry.verdict}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      stale = true;
      const detail = others.length === 0 ? "" : JSON.stringify(others);
      insertVerification(store, { ...entry, reason: safeMessage(entry.reason), detail, at: nowAt });
    },
    async of(taskId) {
      return (await verificationsOf(store, taskId)).map(({ attempt, peer, rule, verdict, ...row }) => ({
        attempt,
        peer,
        rule: rule as Rule,
        verdict: verdict as RuleVerdict,
        grounded: row.grounded,
        reason: row.reason,
        others: row.detail === "" ? [] : (JSON.parse(row.detail) as VerificationView["others"]),
        at: new Date(row.at).toISOString(),
      }));
    },
    stats() {
      return RULES.map((rule) => {
        const of = (verdict: RuleVerdict): number => counts.get(`${rule} ${verdict}`) ?? 0;
        const [passed, failed, undecided] = [of("passed"), of("failed"), of("undecided")];
        const decided = passed + failed;
        const successRate = decided === 0 ? null : passed / decided;
        return { rule, checked: decided + undecided, passed, failed, undecided, successRate };
      }).filter(({ checked }) => checked > 0);
    },
    rebuild,
  };
}
