/**
 * This project: one router for each client, the code of src/routing as it runs in a node. What is here does what a node
 * does around it: it asks for loads where the router wants to know them, hedges within the budget, and hands on
 * attestations and alarms.
 */
import { limits } from "../../../src/core/limits.ts";
import { probeWaitMs } from "../../../src/routing/ask.ts";
import type { RoutingRequest } from "../../../src/routing/candidate.ts";
import type { Draft } from "../../../src/routing/decide.ts";
import { createBudget, hedgeBudget } from "../../../src/tasks/budget.ts";
import { createRouter } from "../../../src/routing/router.ts";
import type { Router } from "../../../src/routing/router.ts";
import type { Asked, Policy, PolicyContext } from "./policy.ts";

/** Evidence is dated by the wall clock. */
export const wallStart = Date.UTC(2026, 0, 1);

export function skillName(skill: number): string {
  return `skill-${skill}`;
}

export interface ErrandPolicy extends Policy {
  router: Router;
}

interface Asking {
  draft: Draft;
  silent: Set<string>;
  at: number;
}

export function errandPolicy(context: PolicyContext): ErrandPolicy {
  const { world, self, random } = context;
  const router = createRouter({ random, self: self.id });
  const names = world.offers.map((_, skill) => skillName(skill));
  const nameOf = (skill: number): string => names[skill] as string;
  const asking = new Map<number, Asking>();
  const hedges = createBudget(hedgeBudget);
  // As in a node: a task whose answer is checked has no second attempt.
  const mayHedge = world.setting.verdicts !== "sampled";
  if (world.pinned) router.setPins(new Map(world.anchors.map(({ id }) => [id, 1])));

  const requestOf = (task: Asked, hedge: boolean): RoutingRequest => ({
    skill: nameOf(task.skill),
    skillVersion: "",
    requirements: {},
    peer: undefined,
    minTrust: 0,
    maxPrice: undefined,
    timeoutMs: task.timeoutMs,
    exclude: task.tried,
    ...(hedge ? { hedge } : {}),
  });

  return {
    router,
    probes(task, now) {
      const draft = router.draft(
        requestOf(task, false),
        world.offers[task.skill] ?? [],
        now,
        wallStart + now,
      );
      asking.set(task.id, { draft, silent: new Set(draft.ask), at: now });
      return { peers: draft.ask, wait: Math.max(1, draft.ask.length - 1), forMs: probeWaitMs };
    },
    probed(peer, { load }, rttMs, now, task) {
      asking.get(task)?.silent.delete(peer);
      router.onProbed(peer, rttMs, load, now);
    },
    choose(task, now) {
      const asked = asking.get(task.id);
      if (asked === undefined) return [];
      asking.delete(task.id);
      const { draft, silent, at } = asked;
      if (draft.ask.length === 0) return draft.decision.order;
      return router.finish(draft, nameOf(task.skill), silent, now - at, now, wallStart + now).order;
    },
    hedgeAfterMs(task, peer, now) {
      const afterMs = mayHedge ? router.hedgeAfterMs(peer, nameOf(task.skill), now) : undefined;
      if (afterMs === undefined) return Infinity;
      hedges.paid();
      return afterMs;
    },
    hedge(task, now) {
      if (!hedges.take(now)) return undefined;
      const offers = world.offers[task.skill] ?? [];
      const peer = router.decide(requestOf(task, true), offers, now, wallStart + now).order[0];
      if (peer === undefined) hedges.giveBack();
      return peer;
    },
    sent: (peer, skill, now) => router.onSent(peer, nameOf(skill), now),
    acked: (peer, rttMs, load, now) => router.onAck(peer, rttMs, load, now),
    refused: (peer, load, retryAfterMs, now) => router.onRefused(peer, load, retryAfterMs, now),
    ended(peer, skill, end, { runMs, load }, now) {
      const outcome = { wallMs: runMs, load };
      if (end === "bad") router.onBad(peer, nameOf(skill), "wrong", now);
      else router.onGood(peer, nameOf(skill), { ...outcome, grounded: end === "good" }, now);
    },
    timedOut: (peer, skill, now) => router.onTimeout(peer, nameOf(skill), now),
    lost: (peer, skill, now) => router.onLost(peer, nameOf(skill), now),
    overtaken: (peer, skill, afterMs) => router.onOvertaken(peer, nameOf(skill), afterMs),
    verifyProbability: (peer, skill, now) => router.verifyProbability(peer, nameOf(skill), wallStart + now),
    alarm: (peer, skill, now) => router.onAlarm(peer, nameOf(skill), wallStart + now + limits.alarmForcesMs),
  };
}
