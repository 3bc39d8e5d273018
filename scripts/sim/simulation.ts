/**
 * One run: tasks arrive, a policy says where they go, messages take their time, workers queue and run, answers are right or
 * wrong. Owns the clock and hands each event to whom it concerns. The same setting gives the same run, to the last digit.
 */
import { limits } from "../../src/core/limits.ts";
import * as asking from "./asking.ts";
import { begin, happen } from "./background.ts";
import { EventQueue } from "./event-queue.ts";
import { Measure, type RunResult } from "./measure.ts";
import type { ErrandPolicy } from "./policies/errand.ts";
import { createPolicies } from "./policies/registry.ts";
import { stream } from "./random.ts";
import { Event, type Attempt, type Client, type Probe, type RunState, type Task } from "./run-state.ts";
import * as serving from "./serving.ts";
import type { Setting } from "./setting.ts";
import { World, type SimNode } from "./world.ts";

/** After the last arrival, for what is still under way. */
const drainMs = 60_000;

export function simulate(setting: Setting): RunResult {
  const run = stateOf(setting);
  const { queue, world } = run;
  begin(run);
  const lastMs = run.endsAt + drainMs;
  while (queue.pop() && queue.at <= lastMs) {
    world.now = queue.at;
    handle(run, queue.kind, queue.a, queue.b);
  }
  let unfinished = 0;
  for (const task of run.tasks) {
    if (task.done) continue;
    unfinished += 1;
    run.measure.latency(task.bornAt, lastMs);
  }
  return run.measure.result(unfinished);
}

function stateOf(setting: Setting): RunState {
  const { seed } = setting;
  const world = new World(setting);
  const policies = createPolicies(setting.policy, world);
  const clients = new Map<SimNode, Client>();
  const errands = new Map<SimNode, ErrandPolicy>();
  for (const self of world.nodes.filter(({ client }) => client)) {
    const policy = policies.client({ world, self, random: stream(seed, `policy ${self.index}`) });
    const random = stream(seed, `client ${self.index}`);
    clients.set(self, { policy, random, alarms: limits.alarmBurst, alarmsAt: 0 });
    if ("router" in policy) errands.set(self, policy as ErrandPolicy);
  }
  return {
    world,
    queue: new EventQueue(),
    measure: new Measure(world),
    policies,
    clients,
    errands,
    luck: stream(seed, "luck"),
    talk: stream(seed, "talk"),
    tasks: [],
    attempts: [],
    probes: [],
    alarms: [],
    endsAt: setting.tasksPerClient * setting.taskEveryMs,
    rounds: 0,
  };
}

function handle(run: RunState, kind: number, a: number, b: number): void {
  switch (kind) {
    case Event.arrive:
      return asking.arrive(run, run.world.nodes[a] as SimNode);
    case Event.retry:
      return asking.plan(run, run.tasks[a] as Task);
    case Event.probesOver:
      return asking.probesOver(run, run.tasks[a] as Task, b);
    case Event.probe:
      return serving.probed(run, a);
    case Event.probeReply:
      return asking.probeReplied(run, run.probes[a] as Probe);
    default:
      if (kind > Event.probeReply) return happen(run, kind, a);
  }
  const attempt = run.attempts[a] as Attempt;
  switch (kind) {
    case Event.request:
      return serving.request(run, attempt);
    case Event.ack:
      return asking.acked(run, attempt);
    case Event.refuse:
      return asking.refused(run, attempt);
    case Event.finish:
      return serving.finish(run, attempt);
    case Event.answer:
      return asking.answered(run, attempt);
    case Event.timeout:
      return asking.timedOut(run, attempt);
    case Event.hedge:
      return asking.hedge(run, attempt);
    case Event.cancel:
      return serving.cancelled(run, attempt);
  }
}
