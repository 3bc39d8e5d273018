/** What happens without a task: cards, attestations, slow spells, newcomers, alarms. */
import { attestationRound } from "./attestations.ts";
import { exponential } from "./random.ts";
import { Event, type RunState } from "./run-state.ts";
import { loadOf } from "./serving.ts";
import { spell } from "./setting.ts";
import { servesBadly, turnMs } from "./threats.ts";
import type { SimNode } from "./world.ts";

const roundMs = 60_000;
const cardIntervalMs = 20_000;
/** Until everybody has heard something. */
export const gossipMs = 500;

export function begin(run: RunState): void {
  const { world, queue, talk } = run;
  const { nodes, setting } = world;
  for (const [{ index }, { random }] of run.clients)
    queue.push(exponential(random) * setting.taskEveryMs, Event.arrive, index);
  for (const { provider, index, joined } of nodes) {
    if (!provider) continue;
    queue.push(talk() * cardEveryMs(run), Event.card, index);
    if (setting.spells) queue.push(exponential(talk) * spell.gapMs, Event.spell, index);
    if (!joined) queue.push(turnMs(world), Event.join, index);
  }
  queue.push(roundMs, Event.round, 0);
  queue.push(0.75 * run.endsAt, Event.mark, 0);
}

/** As nodes do it: in a large mesh less is heard of each. */
function cardEveryMs({ world }: RunState): number {
  return cardIntervalMs * Math.max(1, world.setting.nodes / 100);
}

export function happen(run: RunState, kind: number, a: number): void {
  const { world, queue, talk } = run;
  const { now } = world;
  const node = world.nodes[a] as SimNode;
  switch (kind) {
    case Event.card:
      node.said = loadOf(node, servesBadly(node));
      queue.push(now + gossipMs, Event.cardHeard, a);
      return queue.push(now + cardEveryMs(run), Event.card, a);
    case Event.cardHeard:
      node.card.load = node.said;
      node.card.heardAt = now;
      return;
    case Event.round:
      run.rounds += 1;
      run.policies.round?.();
      if (run.errands.size > 0) attestationRound(world, run.errands, talk, run.rounds);
      return queue.push(now + roundMs, Event.round, 0);
    case Event.spell: {
      const slow = node.worker.slowness === 1;
      node.worker.slowness = slow ? spell.factor : 1;
      const lengthMs = (slow ? spell.lengthMs : spell.gapMs) * exponential(talk);
      return queue.push(now + lengthMs, Event.spell, a);
    }
    case Event.join:
      return world.join(node);
    case Event.mark:
      return run.measure.mark();
    case Event.alarm: {
      const alarm = run.alarms[a];
      if (alarm === undefined) return;
      for (const [client, { policy }] of run.clients)
        if (client !== alarm.reporter) policy.alarm?.(alarm.peer, alarm.skill, now);
    }
  }
}
