/**
 * The sandbox tiers of this machine, found by canary: each tier tries, once, in the background, to bound what it must bound.
 * A tier is there only when its canary says so, never because a program was found. To add one: an implementation of
 * `Tier`, and its place in the list that the node is made with.
 */
import type { Clock } from "../../core/clock.ts";
import { toErrandError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";

/** `T0`: WebAssembly in a child process. `T1`: bubblewrap, seccomp, rlimits, cgroup. `T2`: a container engine. */
export type TierName = "T0" | "T1" | "T2";

export interface TierReport {
  tier: TierName;
  ok: boolean;
  /** One sentence for people: what holds, or why the tier is missing. */
  message: string;
  /** What the operator can do about a missing tier; "" when nothing. */
  hint: string;
  /** What was tried, in order, each with its outcome. */
  tried: string[];
}

export interface Tier {
  readonly name: TierName;
  /** What it is made of, for people. */
  readonly title: string;
  /** Runs the canary. What it throws counts as a tier that is missing. It cleans up after itself, whatever happens. */
  check(signal: AbortSignal): Promise<TierReport>;
}

export interface Tiers {
  /** Begins all checks, without waiting for them; `changed` is called after each: the card may say more now. */
  start(changed?: () => void): void;
  /** The outcome; waits for it, and starts it if nobody has. */
  report(name: TierName): Promise<TierReport>;
  /** What is known already. */
  reports(): TierReport[];
  /** Undefined while the canary runs. */
  has(name: TierName): boolean | undefined;
  /** Names of those that passed, for the card. */
  passed(): TierName[];
  /** Ends canaries that still run. Tolerates never-started and closed-twice. */
  close(): Promise<void>;
}

export interface TiersOptions {
  tiers: readonly Tier[];
  clock: Clock;
  log: Log;
}

/** A canary that takes longer hangs; the slowest honest one, a container engine's, takes seconds. */
const checkMs = 30_000;

export function createTiers({ tiers, clock, log }: TiersOptions): Tiers {
  const stop = new AbortController();
  const running = new Map<TierName, Promise<TierReport>>();
  const known = new Map<TierName, TierReport>();

  async function check(tier: Tier): Promise<TierReport> {
    const late = new AbortController();
    const cancelTimer = clock.after(checkMs, () => late.abort(new Error("the canary took too long")));
    let report: TierReport;
    try {
      report = await tier.check(AbortSignal.any([stop.signal, late.signal]));
    } catch (error) {
      const { message, hint = "" } = toErrandError(error);
      report = { tier: tier.name, ok: false, message, hint, tried: [] };
    } finally {
      cancelTimer();
    }
    known.set(tier.name, report);
    if (!stop.signal.aborted) {
      log.debug({ tier: report.tier, ok: report.ok, message: report.message }, "sandbox tier");
    }
    return report;
  }

  function begin(name: TierName): Promise<TierReport> {
    const begun = running.get(name);
    if (begun !== undefined) return begun;
    const tier = tiers.find((one) => one.name === name);
    const outcome =
      tier === undefined
        ? Promise.resolve({
            tier: name,
            ok: false,
            message: "this node has no such tier",
            hint: "",
            tried: [],
          })
        : check(tier);
    running.set(name, outcome);
    return outcome;
  }

  return {
    start(changed = () => {}) {
      for (const { name } of tiers) void begin(name).then(() => !stop.signal.aborted && changed());
    },
    report: begin,
    reports: () => [...known.values()].toSorted((a, b) => (a.tier < b.tier ? -1 : 1)),
    has: (name) => known.get(name)?.ok,
    passed: () =>
      [...known.values()]
        .filter(({ ok }) => ok)
        .map(({ tier }) => tier)
        .toSorted(),
    async close() {
      stop.abort(new Error("the node is stopping"));
      await Promise.allSettled(running.values());
    },
  };
}
