/**
 * How far a plan has come: which nodes may run, which never will, and why. Pure; each change costs what it touches. The four
 * trigger rules are the function `decide`.
 *
 * A failure is a node that failed or was cancelled, also because of others (`upstream-failed`). A skipped node did not have to
 * run: its rule waited for a failure that did not come, or what it needs was skipped itself.
 */
import type { Plan, PlanNode } from "./plan.ts";

export type Outcome = "completed" | "failed" | "cancelled" | "skipped";
export type NodeState = "waiting" | "running" | Outcome;

/** Ended by the plan itself: nothing ran for it. */
export interface Ended {
  index: number;
  outcome: Outcome;
  reason: string;
}

/** What one change led to. `ready` are tasks that may run now. */
export interface Step {
  ready: number[];
  ended: Ended[];
}

export interface Progress {
  state(index: number): NodeState;
  /** Nodes that have not ended. */
  readonly left: number;
  /** Whether a node failed, and with failFast what waited for success was cancelled. */
  readonly failed: boolean;
  /** What may run first. `known`: how task nodes stood when the state was saved; they are not decided again. */
  start(known?: ReadonlyMap<number, NodeState>): Step;
  /** A task node has ended. Nothing for one that had already. */
  end(index: number, outcome: Outcome): Step;
  /** A part of a node failed: with failFast the same follows as at its end. */
  fail(): Step;
  /** Whatever waits is cancelled. */
  cancel(reason: string): Step;
}

type Decision = "wait" | "run" | { outcome: Outcome; reason: string };

const cancelledUpstream: Decision = { outcome: "cancelled", reason: "upstream-failed" };
const skippedUpstream: Decision = { outcome: "skipped", reason: "upstream-skipped" };

/** Whether a rule wants no failure: such nodes do not start once something failed fast. */
export function wantsSuccess({ rule }: Pick<PlanNode, "rule">): boolean {
  return rule === "all-success" || rule === "none-failed";
}

/** Of a node's dependencies: how many have not ended, failed or were cancelled, were skipped. */
export interface Dependencies {
  pending: number;
  failed: number;
  skipped: number;
}

export function decide(rule: PlanNode["rule"], { pending, failed, skipped }: Dependencies): Decision {
  if (failed > 0 && wantsSuccess({ rule })) return cancelledUpstream;
  if (pending > 0) return "wait";
  if (rule === "all-success" && skipped > 0) return skippedUpstream;
  if (rule === "one-failed" && failed === 0) return { outcome: "skipped", reason: "not-triggered" };
  return "run";
}

export function createProgress(plan: Plan, failFast: boolean): Progress {
  const { nodes, followers } = plan;
  const states: NodeState[] = nodes.map(() => "waiting");
  const counts: Dependencies[] = nodes.map(({ deps }) => ({ pending: deps.length, failed: 0, skipped: 0 }));
  let left = nodes.length;
  let failed = false;

  function verdict(index: number): Decision {
    const node = nodes[index] as PlanNode;
    const dependencies = counts[index] as Dependencies;
    if (node.kind === "group") {
      if (dependencies.pending > 0) return "wait";
      const gate = states[node.gate];
      if (gate === "skipped") return skippedUpstream;
      if (gate !== "completed") return cancelledUpstream;
      return dependencies.failed > 0
        ? { outcome: "failed", reason: "a node of it failed" }
        : { outcome: "completed", reason: "" };
    }
    if (node.gate >= 0) {
      const gate = states[node.gate];
      if (gate === "waiting") return "wait";
      if (gate === "skipped") return skippedUpstream;
      if (gate !== "completed") return cancelledUpstream;
    }
    return decide(node.rule, dependencies);
  }

  /** Notes an end, and adds those who may be decided by it. */
  function settle(index: number, outcome: Outcome, touched: number[]): void {
    states[index] = outcome;
    left--;
    const isFailure = outcome === "failed" || outcome === "cancelled";
    for (const follower of followers[index] as readonly number[]) {
      touched.push(follower);
      // A gate is nobody's dependency.
      if ((nodes[follower] as PlanNode).gate === index) continue;
      const dependencies = counts[follower] as Dependencies;
      dependencies.pending--;
      if (isFailure) dependencies.failed++;
      if (outcome === "skipped") dependencies.skipped++;
    }
    if (isFailure) failed = true;
  }

  /** Decides what was touched, and what that touches, until nothing moves. */
  function spread(touched: number[], step: Step): Step {
    for (const index of touched) {
      if (states[index] !== "waiting") continue;
      const decision = verdict(index);
      if (decision === "wait") continue;
      const node = nodes[index] as PlanNode;
      if (decision === "run" && node.kind === "task") {
        states[index] = "running";
        step.ready.push(index);
        continue;
      }
      const end: Ended =
        decision === "run" ? { index, outcome: "completed", reason: "" } : { index, ...decision };
      step.ended.push(end);
      settle(index, end.outcome, touched);
    }
    return step;
  }

  /** Once something has failed: what waits for success will not start. */
  function failing(step: Step): Step {
    if (!failed || !failFast) return step;
    const touched: number[] = [];
    nodes.forEach((node, index) => {
      if (states[index] !== "waiting" || node.kind === "group" || !wantsSuccess(node)) return;
      step.ended.push({ index, outcome: "cancelled", reason: "upstream-failed" });
      settle(index, "cancelled", touched);
    });
    return spread(touched, step);
  }

  const emptyStep = (): Step => ({ ready: [], ended: [] });

  /** Follows `change`; the first failure of all does more than reach its dependents. */
  function after(change: (touched: number[]) => void): Step {
    const before = failed;
    const touched: number[] = [];
    change(touched);
    const step = spread(touched, emptyStep());
    return failed && !before ? failing(step) : step;
  }

  return {
    state: (index) => states[index] as NodeState,
    get left() {
      return left;
    },
    get failed() {
      return failed;
    },
    start(known = new Map()) {
      for (const [index, state] of known) {
        if (state === "running") states[index] = "running";
        else if (state !== "waiting") settle(index, state, []);
      }
      return failing(spread([...nodes.keys()], emptyStep()));
    },
    end(index, outcome) {
      const state = states[index];
      if (state !== "waiting" && state !== "running") return emptyStep();
      return after((touched) => settle(index, outcome, touched));
    },
    fail() {
      return after(() => (failed = true));
    },
    cancel(reason) {
      const step = emptyStep();
      const touched: number[] = [];
      nodes.forEach((node, index) => {
        if (states[index] !== "waiting" || node.kind === "group") return;
        step.ended.push({ index, outcome: "cancelled", reason });
        settle(index, "cancelled", touched);
      });
      return spread(touched, step);
    },
  };
}
