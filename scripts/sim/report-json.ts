/** All figures as data. Nothing in it depends on when or how fast it was made: equal seeds give equal bytes. */
import type { PlanOptions } from "./plan.ts";
import type { Finished } from "./pool.ts";
import { judge } from "./targets.ts";

export function reportOf(options: PlanOptions, runs: readonly Finished[]): object {
  return {
    options,
    targets: judge(runs),
    runs: runs.map(({ group, label, setting, result }) => ({ group, label, setting, result })),
  };
}
